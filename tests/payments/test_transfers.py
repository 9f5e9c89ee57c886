"""Bank transfers: what the customer is told, and the cashier's word."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.invoices.models import Invoice
from portal.payments import opening, transfers
from portal.payments.gateways.base import ChargeRequest
from portal.payments.gateways.transfer import Transfer, accounts
from portal.payments.models import Payment, PaymentOrder
from portal.payments.registry import REGISTRY, gateway
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments import books
from tests.payments.fakes import Bank
from tests.payments.transferring import METHOD, URL, cashier, confirm, extra_env, start, visitor
from tests.visitor import Visitor, target

__all__ = ["cashier", "extra_env", "visitor"]


def test_the_gateway_is_found_and_configured_like_any_other(app: Flask) -> None:
    assert REGISTRY.get("transfer") is Transfer
    driver = gateway("transfer")
    assert [way.label for way in driver.methods(1)] == ["Transfer BCA", "Transfer BRI"]
    charge = driver.create_charge(ChargeRequest("LKTX", 165_123, "", METHOD))
    assert charge.code == "BCA|1234567890|PT Contoh Net" and charge.pay_url == ""
    assert not driver.verify_hook({}, b"{}") and driver.parse_hook(b'{"order_id": "x"}') is None
    assert driver.fetch("LKTX", 1, "").state == "pending"


@pytest.mark.parametrize(
    "value", ["", ";", "BCA", "BCA|123", "BCA|12ab567|X", "BCA|12345678|", "A|12345|X; A|12345|Y"]
)
def test_accounts_that_will_not_do(value: str) -> None:
    assert Transfer.check_config({"accounts": value})["accounts"]


@given(st.text(max_size=80))
def test_any_text_is_accounts_or_a_sentence(value: str) -> None:
    try:
        found = accounts(value)
    except ValueError as error:
        assert str(error)
    else:
        assert all(one.number.isdigit() and one.key for one in found)


def test_the_page_says_what_to_transfer(
    visitor: Visitor, budi: Customer, line: Subscription
) -> None:
    factories.invoice(line, total=165_000)
    page = visitor.page("/me/pay").text
    assert "Transfer BCA" in page and "kode unik paling banyak Rp999" in page
    url = target(visitor.post("/me/pay", choice=f"transfer:{METHOD}"))
    (order,) = factories.every(PaymentOrder)
    assert 165_001 <= order.amount <= 165_999 and order.unique_code == order.amount - 165_000
    page = visitor.page(url).text
    assert 'data-copy="1234567890"' in page and f'data-copy="{order.amount}"' in page
    assert "atas nama PT Contoh Net" in page and "Cek status" not in page and "qris" not in page
    assert target(visitor.post("/me/pay", choice=f"transfer:{METHOD}")) == url, "used again"


def test_a_confirmed_transfer_settles_and_the_code_becomes_credit(
    cashier: Visitor, budi: Customer, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    order = start(budi, bill)
    text = cashier.page(URL).text
    assert f"kode unik {order.unique_code}" in text and budi.name in text
    assert target(confirm(cashier, order)) == URL
    assert books.order(order).state == "settled" and books.bill(bill).state == "paid"
    assert books.money() == (order.amount, 165_000, order.unique_code)
    assert books.attention() == [], "nothing about it is surprising"
    (payment,) = factories.every(Payment)
    assert (payment.source, payment.method) == ("transfer", METHOD)
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "transfer.confirm"]
    assert entry.actor.startswith("staff:") and entry.after == {"amount": order.amount}
    books.balanced()
    confirm(cashier, order)
    assert "Sudah dicatat sebelumnya" in cashier.page(URL).text
    assert len(factories.every(Payment)) == 1


def test_another_amount_needs_a_reason(
    cashier: Visitor, budi: Customer, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    order = start(budi, bill)
    for wrong in ("", "0", "-1", "abc", "1e3", "9" * 13, "165.000"):
        answer = confirm(cashier, order, wrong)
        assert answer.status_code == 422, wrong
    assert "Tulis alasannya" in answer.text and factories.every(Payment) == []
    confirm(cashier, order, "165.000", "Pelanggan lupa kode unik.")
    assert books.money() == (165_000, 165_000, 0) and books.bill(bill).state == "paid"
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "order.amount"]
    assert entry.reason == "Pelanggan lupa kode unik."
    books.balanced()


@pytest.mark.parametrize("missing", ["the code", "eleven months"])
def test_months_ahead_are_issued_for_their_whole_price_only(
    cashier: Visitor, budi: Customer, line: Subscription, missing: str
) -> None:
    settings.change("payments.ahead", True)
    settings.change("payments.ahead_rules", "12 = 1 bulan gratis")
    db.session.commit()
    bill = factories.invoice(line, period="2026-10", total=100_000)
    made = opening.start_order(
        budi.id, [bill.id], books.PATH, METHOD, "transfer", months=(line.id, 12)
    )
    order = factories.fresh(PaymentOrder, made.id)
    came = order.amount - (order.unique_code or 0) if missing == "the code" else 265_000
    confirm(cashier, order, came, "Jumlah di rekening.")
    bills = factories.every(Invoice)
    if missing == "the code":
        assert {one.state for one in bills} == {"paid"} and len(bills) == 13
        assert books.attention() == []
    else:
        assert [one.state for one in bills] == ["paid"], "no debt nobody asked for, no free month"
        assert books.money() == (265_000, 100_000, 165_000)
        assert books.attention() == ["ahead_changed"]
    books.balanced()


def test_a_double_transfer_is_still_told(
    cashier: Visitor, budi: Customer, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    order = start(budi, bill)
    factories.payment(budi, 165_000, [bill])
    confirm(cashier, order)
    assert books.attention() == ["double"]
    books.balanced()


def test_finding_by_the_amount_on_the_statement(
    cashier: Visitor, budi: Customer, line: Subscription
) -> None:
    order = start(budi, factories.invoice(line, total=165_000))
    rupiah = f"{order.amount:,}".replace(",", ".")
    for text in (str(order.amount), rupiah, f"Rp{rupiah}", "budi", budi.number):
        assert f"/{order.id}/confirm" in cashier.page(f"{URL}?q={text}").text, text
    assert "Tidak ada transfer" in cashier.page(f"{URL}?q={order.amount + 1}").text


def test_an_order_of_another_gateway_is_not_confirmed_by_hand(
    bank: Bank, cashier: Visitor, budi: Customer, line: Subscription
) -> None:
    order = books.start(budi, factories.invoice(line))
    assert confirm(cashier, order).status_code == 422
    assert books.order(order).state == "pending" and factories.every(Payment) == []


def test_only_who_handles_money(app: Flask, budi: Customer, line: Subscription) -> None:
    order = start(budi, factories.invoice(line))
    for role in ("support", "technician", "collector"):
        visitor = Visitor(app)
        factories.log_in(visitor.client, factories.staff(role=role))
        visitor.enter()
        assert visitor.get(URL).status_code == 403
        assert confirm(visitor, order).status_code == 403
        assert visitor.post(f"{URL}/{order.id}/refuse", reason="x").status_code == 403
    assert transfers.waiting() == 0 and factories.every(Payment) == []
