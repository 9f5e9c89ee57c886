"""Bayar and Cek status in the browser: where they lead, and what is said when they cannot."""

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Misconfigured, Permanent, Retryable
from portal.customers.models import Customer
from portal.payments.models import PaymentOrder
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments import books
from tests.payments.fakes import Bank
from tests.visitor import Visitor, target


@pytest.fixture
def visitor(app: Flask, budi: Customer) -> Visitor:
    found = Visitor(app)
    factories.log_in(found.client, budi)
    found.page("/me/profile")
    return found


HOSTED = {"choice": "pakasir:"}


def test_bayar_leads_to_the_choice_and_then_to_the_pay_page(
    bank: Bank, visitor: Visitor, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    answer = visitor.post(f"/me/invoices/{bill.id}/pay")
    assert (answer.status_code, target(answer)) == (303, f"/me/pay?invoice={bill.id}")
    assert factories.every(PaymentOrder) == [], "looking opens nothing"
    answer = visitor.post("/me/pay", invoice=str(bill.id), **HOSTED)
    assert (answer.status_code, target(answer)) == (303, "https://pay.example/txn1")
    again = visitor.post(f"/me/invoices/{bill.id}/pay", **HOSTED)
    assert target(again) == "https://pay.example/txn1"
    (order,) = factories.every(PaymentOrder)
    assert order.amount == 165_000
    assert bank.opened == [order.order_id]


def test_bayar_semua(bank: Bank, visitor: Visitor, line: Subscription) -> None:
    for number in (1, 2, 3):
        factories.invoice(line, period=f"2026-0{number}", total=100_000)
    assert target(visitor.post("/me/pay")) == "/me/pay?invoice=1&invoice=2&invoice=3"
    assert "Rp300.000" in visitor.page("/me/pay").text
    assert target(visitor.post("/me/pay", **HOSTED)).startswith("https://pay.example/")
    assert factories.every(PaymentOrder)[0].amount == 300_000


def test_nothing_to_pay_is_said_at_home(bank: Bank, visitor: Visitor, line: Subscription) -> None:
    assert target(visitor.post("/me/pay")) == "/"
    assert "sudah lunas" in visitor.page("/").text
    bill = factories.invoice(line, state="paid")
    answer = visitor.post(f"/me/invoices/{bill.id}/pay")
    assert target(answer) == f"/me/invoices/{bill.id}"


@pytest.mark.parametrize("error", [Retryable("rinci sekali"), Permanent("rinci sekali")])
def test_a_gateway_that_fails_brings_the_customer_back(
    bank: Bank, visitor: Visitor, line: Subscription, error: Exception
) -> None:
    bill = factories.invoice(line)
    bank.trouble = [error]  # type: ignore[list-item]
    pay = f"/me/invoices/{bill.id}/pay"
    assert target(visitor.post(pay, **HOSTED)) == f"/me/invoices/{bill.id}"
    page = visitor.page(f"/me/invoices/{bill.id}").text
    assert "Halaman bayar belum bisa dibuka" in page and "rinci" not in page
    assert target(visitor.post(pay, **HOSTED)).startswith("https://pay.example/")


def test_missing_keys_are_explained(app: Flask, visitor: Visitor, line: Subscription) -> None:
    bill = factories.invoice(line)
    answer = visitor.post(f"/me/invoices/{bill.id}/pay")
    assert answer.status_code == 503
    assert "Pembayaran online belum tersedia" in answer.text
    assert "PAKASIR_SLUG" in answer.text and "API key wajib diisi" in answer.text
    assert factories.every(PaymentOrder) == []


class TestProduction:
    @pytest.fixture
    def extra_env(self) -> dict[str, str]:
        return {"APP_ENV": "production"}

    def test_customers_do_not_read_about_keys(
        self, app: Flask, visitor: Visitor, line: Subscription
    ) -> None:
        bill = factories.invoice(line)
        answer = visitor.post(f"/me/invoices/{bill.id}/pay")
        assert answer.status_code == 503 and "PAKASIR" not in answer.text

    def test_a_refused_key_is_for_staff(
        self, bank: Bank, visitor: Visitor, line: Subscription
    ) -> None:
        bank.trouble = [Misconfigured("Pakasir menolak API key.")]
        answer = visitor.post(f"/me/invoices/{factories.invoice(line).id}/pay", **HOSTED)
        assert answer.status_code == 503 and "API key" not in answer.text


@pytest.mark.parametrize("hx", [False, True], ids=["click", "htmx"])
def test_cek_status(app: Flask, bank: Bank, budi: Customer, line: Subscription, hx: bool) -> None:
    visitor = Visitor(app, hx=hx)
    factories.log_in(visitor.client, budi)
    visitor.page("/me/profile")
    order = books.start(budi, factories.invoice(line))
    url = f"/me/orders/{order.order_id}"
    bank.pay(order.order_id)
    assert target(visitor.post(f"{url}/check")) == url
    page = visitor.page(url).text
    assert "Pembayaran diterima" in page and "belum kami terima" not in page
    assert books.order(order).state == "settled"


def test_cek_status_says_when_nothing_came_and_does_not_nag_the_gateway(
    bank: Bank, visitor: Visitor, budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    order = books.start(budi, factories.invoice(line))
    url = f"/me/orders/{order.order_id}"
    for _ in range(5):
        visitor.post(f"{url}/check")
        assert "belum kami terima" in visitor.page(url).text
    assert len(bank.asked) == 1
    clock.move(seconds=4)
    visitor.post(f"{url}/check")
    assert len(bank.asked) == 2


def test_orders_and_invoices_of_others_are_not_found(
    bank: Bank, visitor: Visitor, budi: Customer
) -> None:
    foreign = factories.invoice()
    order = books.start(factories.fresh(Customer, foreign.customer_id), foreign)
    for url in (
        f"/me/invoices/{foreign.id}/pay",
        "/me/invoices/999/pay",
        f"/me/orders/{order.order_id}/check",
        "/me/orders/LKT/check",
    ):
        assert visitor.post(url).status_code == 404, url
    assert bank.asked == [] and len(factories.every(PaymentOrder)) == 1


@pytest.mark.parametrize("url", ["/me/pay", "/me/invoices/1/pay", "/me/orders/LKT/check"])
def test_a_stranger_logs_in_first_and_a_forged_form_is_refused(app: Flask, url: str) -> None:
    stranger = Visitor(app)
    stranger.page("/login")
    assert target(stranger.post(url)).startswith("/login")
    assert stranger.client.post(url).status_code == 419
    assert stranger.get(url).status_code == (303 if url == "/me/pay" else 405)
