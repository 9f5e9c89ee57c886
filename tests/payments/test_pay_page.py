"""Paying on our own page: choosing with fees, the code that is shown, leaving again."""

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Permanent, RateLimited, Retryable
from portal.customers.models import Customer
from portal.infra.audit import AuditEntry
from portal.payments import opening, orders, paying
from portal.payments.models import Payment, PaymentOrder
from portal.simulators.qris import qris
from portal.subscriptions.models import Subscription
from tests import factories
from tests.conftest import NOW
from tests.payments import books
from tests.payments.fakes import Bank
from tests.visitor import Visitor, target

QRIS, VA = "pakasir:qris", "pakasir:bri_va"


@pytest.fixture
def visitor(app: Flask, budi: Customer) -> Visitor:
    found = Visitor(app)
    factories.log_in(found.client, budi)
    found.page("/me/profile")
    return found


def pay(visitor: Visitor, choice: str = QRIS) -> str:
    """Choose a way to pay all; the path one is sent to."""
    answer = visitor.post("/me/pay", choice=choice)
    assert answer.status_code == 303, answer.text
    return target(answer)


def newest() -> PaymentOrder:
    return factories.every(PaymentOrder)[-1]


def test_fees_and_totals_before_choosing(bank: Bank, visitor: Visitor, line: Subscription) -> None:
    factories.invoice(line, total=165_000)
    bank.fees = {"qris": 1_650, "bri_va": 0}
    page = visitor.page("/me/pay").text
    assert "Biaya Rp1.650" in page and "Total Rp166.650" in page
    assert "Tanpa biaya" in page and "Total Rp165.000" in page
    assert "tampil sebelum Anda membayar" in page, "the gateway's own page tells it there"
    assert page.index("QRIS: semua") < page.index("virtual account") < page.index("Halaman bayar")
    assert factories.every(PaymentOrder) == [] and bank.opened == []


def test_a_gateway_that_tells_no_fees_keeps_nobody_from_paying(
    bank: Bank, visitor: Visitor, line: Subscription
) -> None:
    factories.invoice(line)
    bank.trouble = [Retryable("mati")]
    page = visitor.page("/me/pay")
    assert page.status_code == 200 and 'value="pakasir:qris"' in page.text
    visitor.page("/me/pay")
    assert bank.trouble == [], "asked once, then left alone for a while"


def test_the_qr_page(bank: Bank, visitor: Visitor, line: Subscription, clock: FixedClock) -> None:
    factories.invoice(line, total=165_000)
    bank.fees, bank.expires_at = {"qris": 1_650}, NOW.replace(minute=NOW.minute + 20)
    url = pay(visitor)
    order = newest()
    assert url == f"/me/orders/{order.order_id}"
    assert (order.amount, order.total, order.method) == (165_000, 166_650, "qris")
    page = visitor.page(url).text
    assert "Rp166.650" in page and "Tagihan Rp165.000 + biaya Rp1.650" in page
    assert f'src="{url}/qris.svg"' in page and f'href="{url}/qris.png"' in page
    assert 'data-countdown="1200"' in page and "<time" in page
    assert "Cek status" in page and "Ganti cara bayar" in page and "Scan QRIS" in page
    assert "Simulasikan" not in page

    svg, png = visitor.get(f"{url}/qris.svg"), visitor.client.get(f"{url}/qris.png")
    assert svg.mimetype == "image/svg+xml" and b"style=" not in svg.data
    assert (
        png.data[:8] == b"\x89PNG\r\n\x1a\n" and "attachment" in png.headers["Content-Disposition"]
    )

    clock.move(minutes=20)
    page = visitor.page(url).text
    assert "Waktunya habis" in page and "qris.svg" not in page
    assert visitor.get(f"{url}/qris.svg").status_code == 404
    bank.pay(order.order_id)
    visitor.post(f"{url}/check")
    assert "Pembayaran diterima" in visitor.page(url).text, "money beats the clock"


def test_the_virtual_account_page(bank: Bank, visitor: Visitor, line: Subscription) -> None:
    factories.invoice(line, total=165_000)
    url = pay(visitor, VA)
    page = visitor.page(url).text
    assert 'data-copy="880812345678"' in page and "BRImo" in page and "ATM BRI" in page
    assert "qris.svg" not in page and visitor.get(f"{url}/qris.svg").status_code == 404


def test_a_second_tap_shows_the_same_code(bank: Bank, visitor: Visitor, line: Subscription) -> None:
    bill = factories.invoice(line)
    bank.expires_at = NOW.replace(minute=NOW.minute + 10)
    first = pay(visitor)
    assert pay(visitor) == first, "a code of ten minutes too"
    assert target(visitor.post(f"/me/invoices/{bill.id}/pay")) == first
    assert "belum selesai" in visitor.page("/me/pay").text
    assert len(bank.opened) == 1


def test_another_way_replaces_the_first(
    bank: Bank, visitor: Visitor, line: Subscription, clock: FixedClock
) -> None:
    factories.invoice(line, total=165_000)
    pay(visitor)
    first = newest()
    pay(visitor, VA)
    second = newest()
    assert books.order(first).state == "cancelled" and second.state == "pending"
    assert bank.cancelled == [first.order_id]
    clock.move(seconds=30)
    bank.pay(first.order_id)
    for order_pk in orders.due_orders():
        orders.check_order(order_pk)
    assert books.order(first).state == "settled", "whoever pays the old code has paid"
    assert books.attention() == ["late"]
    books.balanced()


@pytest.mark.parametrize(
    "code",
    ["", "00020101021226", qris(164_999, "X"), qris(165_000, "X")[:-1] + "0", "bukan qris"],
    ids=["none", "cut", "amount", "checksum", "words"],
)
def test_a_code_that_will_not_do_is_never_shown(
    bank: Bank, visitor: Visitor, line: Subscription, code: str
) -> None:
    """It ends at the gateway's own page, and staff are told."""
    factories.invoice(line, total=165_000)
    bank.codes["qris"] = code
    page = visitor.page(pay(visitor)).text
    order = newest()
    assert (order.method, order.pay_code) == ("", "") and order.pay_url in page
    assert "sedang terganggu" in page and "qris.svg" not in page
    assert books.attention() == ["gateway_refused"]


@pytest.mark.parametrize("error", [Retryable("mati"), Permanent("tidak"), RateLimited("pelan")])
def test_a_method_that_fails_falls_back_to_the_link(
    bank: Bank, visitor: Visitor, line: Subscription, error: Exception
) -> None:
    factories.invoice(line)
    bank.trouble = [error]  # type: ignore[list-item]
    page = visitor.page(pay(visitor)).text
    assert newest().pay_url in page and "sedang terganggu" in page
    assert [order.state for order in factories.every(PaymentOrder)] == ["cancelled", "pending"]


@pytest.mark.parametrize("choice", ["pakasir:nothing", "nobody:qris", "pakasir:QRIS"])
def test_a_choice_nobody_offered(
    bank: Bank, visitor: Visitor, line: Subscription, choice: str
) -> None:
    factories.invoice(line)
    visitor.post("/me/pay", choice=choice)
    assert factories.every(PaymentOrder) == [] and bank.opened == []


def test_cancelling(bank: Bank, visitor: Visitor, line: Subscription) -> None:
    bill = factories.invoice(line)
    url = pay(visitor)
    assert target(visitor.post(f"{url}/cancel")) == f"/me/pay?invoice={bill.id}"
    order = newest()
    assert order.state == "cancelled" and bank.cancelled == [order.order_id]
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "order.cancel"]
    assert entry.actor.startswith("customer:") and entry.subject == f"order:{order.id}"
    assert target(visitor.post(f"{url}/cancel")) == url, "only once"
    page = visitor.page(url).text
    assert "tidak selesai" in page and f"/me/pay?invoice={bill.id}" in page
    assert pay(visitor) != url


def test_a_paid_order_stays_paid(bank: Bank, visitor: Visitor, line: Subscription) -> None:
    factories.invoice(line)
    url = pay(visitor)
    bank.pay(newest().order_id)
    orders.check_now(newest().id)
    visitor.post(f"{url}/cancel")
    assert newest().state == "settled" and bank.cancelled == []


def test_a_gateway_that_will_not_cancel_changes_nothing(
    bank: Bank, visitor: Visitor, line: Subscription
) -> None:
    factories.invoice(line)
    url = pay(visitor)
    bank.trouble = [Retryable("mati")]
    visitor.post(f"{url}/cancel")
    assert newest().state == "cancelled"


def test_simulating_in_the_sandbox(bank: Bank, visitor: Visitor, line: Subscription) -> None:
    factories.invoice(line, total=165_000)
    bank.sandbox, bank.codes["qris"] = True, "PLACEHOLDER"
    url = pay(visitor)
    assert "Simulasikan pembayaran" in visitor.page(url).text
    visitor.post(f"{url}/simulate")
    assert newest().state == "settled" and len(factories.every(Payment)) == 1
    assert visitor.post(f"{url}/simulate").status_code == 404


class TestProduction:
    @pytest.fixture
    def extra_env(self) -> dict[str, str]:
        return {"APP_ENV": "production"}

    def test_no_simulation_and_no_placeholder(
        self, bank: Bank, visitor: Visitor, line: Subscription
    ) -> None:
        factories.invoice(line, total=165_000)
        bank.sandbox = True
        url = pay(visitor)
        assert "Simulasikan" not in visitor.page(url).text
        assert visitor.post(f"{url}/simulate").status_code == 404
        assert newest().state == "pending"
        visitor.post(f"{url}/cancel")
        bank.codes["qris"] = "PLACEHOLDER"
        pay(visitor)
        assert newest().method == "", "the gateway's page instead"


def test_nothing_of_other_people(bank: Bank, visitor: Visitor) -> None:
    foreign = factories.invoice()
    made = opening.start_order(foreign.customer_id, [foreign.id], books.PATH, "qris")
    order = factories.fresh(PaymentOrder, made.id)
    assert paying.qr_code(order)
    url = f"/me/orders/{order.order_id}"
    for path in (f"{url}/qris.svg", f"{url}/qris.png"):
        assert visitor.get(path).status_code == 404
    for path in (f"{url}/cancel", f"{url}/simulate"):
        assert visitor.post(path).status_code == 404
    assert target(visitor.get(f"/me/pay?invoice={foreign.id}")) == "/"
    assert books.order(order).state == "pending"
