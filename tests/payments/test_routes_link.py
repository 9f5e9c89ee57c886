"""The page behind a pay link: what it shows, what it hides, and where its button leads."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Retryable
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import links
from portal.invoices.models import Invoice
from portal.payments import opening, routes_link
from portal.payments.models import PaymentOrder
from portal.settings import service as owner
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments import books
from tests.payments.fakes import Bank
from tests.statements import counted
from tests.visitor import Visitor, target

PHONE = "+6281234567890"


@pytest.fixture
def budi(app: Flask) -> Customer:
    return factories.customer(
        name="Budi Santoso", phone=PHONE, address="Jl. Melati 5", number="PLG-7777"
    )


@pytest.fixture
def bill(line: Subscription) -> Invoice:
    return factories.invoice(line, total=165_000)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def path(bill: Invoice, version: int = 1) -> str:
    return f"/t/{links.token(bill.id, version)}"


def test_one_bill_and_nothing_about_whose_it_is(visitor: Visitor, bill: Invoice) -> None:
    factories.invoice(line=None, total=777_000)
    html = visitor.page(path(bill)).text
    assert "Rp165.000" in html and bill.number in html
    assert "B••• S••••••" in html
    for secret in ("Budi", "Santoso", "Melati", "Cibiru", "34567", "7890", "PLG-7777", "777.000"):
        assert secret not in html, secret


def test_nobody_is_to_find_or_keep_it(visitor: Visitor, bill: Invoice) -> None:
    for url, status in ((path(bill), 200), ("/t/wrong", 404)):
        answer = visitor.get(url)
        assert answer.status_code == status
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_button_leads_to_the_choice_and_logs_nobody_in(
    bank: Bank, visitor: Visitor, bill: Invoice
) -> None:
    bank.fees = {"qris": 1_650}
    visitor.page(path(bill))
    choose = target(visitor.post(path(bill)))
    assert choose == f"{path(bill)}/pay"
    page = visitor.page(choose)
    assert "Total Rp166.650" in page.text and "noindex" in page.headers["X-Robots-Tag"]
    assert factories.every(PaymentOrder) == []

    assert target(visitor.post(path(bill), choice="pakasir:qris")) == path(bill)
    (order,) = factories.every(PaymentOrder)
    assert (order.customer_id, order.amount, order.method) == (bill.customer_id, 165_000, "qris")
    html = visitor.page(path(bill)).text
    assert f'src="{path(bill)}/qris.svg"' in html and "Rp166.650" in html and "Cek status" in html
    assert visitor.get(f"{path(bill)}/qris.svg").mimetype == "image/svg+xml"
    assert visitor.get(f"{path(bill)}/qris.png").data[:4] == b"\x89PNG"
    assert target(visitor.post(path(bill))) == path(bill), "the same order goes on"
    assert len(factories.every(PaymentOrder)) == 1 and bank.cancelled == []
    assert target(visitor.get("/me/invoices")).startswith("/login")
    assert target(visitor.get(f"/me/orders/{order.order_id}")).startswith("/login")

    bank.pay(order.order_id)
    assert target(visitor.post(f"{path(bill)}/check")) == path(bill)
    assert "Lunas" in visitor.page(path(bill)).text
    assert visitor.get(f"{path(bill)}/qris.svg").status_code == 404


def test_another_way_and_the_page_of_the_gateway(
    bank: Bank, visitor: Visitor, bill: Invoice
) -> None:
    visitor.page(path(bill))
    visitor.post(path(bill), choice="pakasir:bri_va")
    assert "880812345678" in visitor.page(path(bill)).text
    assert target(visitor.post(f"{path(bill)}/another")) == f"{path(bill)}/pay"
    answer = visitor.post(path(bill), choice="pakasir:")
    assert target(answer) == "https://pay.example/txn2"
    order = factories.every(PaymentOrder)[-1]
    assert "https://pay.example/txn2" in visitor.page(path(bill)).text
    assert target(visitor.get(f"/pay/{order.order_id}")) == path(bill), "and back, not to a login"
    stranger = Visitor(visitor.client.application)
    assert target(stranger.get(f"/pay/{order.order_id}")) == f"/me/orders/{order.order_id}"


def test_a_page_order_of_the_portal_gone_on_with_here_comes_back_here(
    bank: Bank, visitor: Visitor, bill: Invoice, budi: Customer
) -> None:
    order = books.start(budi, bill)
    visitor.page(path(bill))
    assert target(visitor.post(path(bill), choice="pakasir:")) == order.pay_url
    assert target(visitor.get(f"/pay/{order.order_id}")) == path(bill)
    assert len(factories.every(PaymentOrder)) == 1


def test_an_order_for_more_than_this_bill_is_not_shown(
    bank: Bank, visitor: Visitor, bill: Invoice, budi: Customer, line: Subscription
) -> None:
    other = factories.invoice(line, period="2026-10", total=777_000)
    opening.start_order(budi.id, [bill.id, other.id], books.PATH, "qris")
    db.session.rollback()
    owner.change("payments.overpay", True)
    db.session.commit()
    opening.start_order(budi.id, [bill.id], books.PATH, "bri_va", amount=888_000)
    db.session.rollback()
    for url in (path(bill), f"{path(bill)}/pay"):
        html = visitor.page(url).text
        assert (
            "888.000" not in html
            and "777.000" not in html
            and "942.000" not in html
            and "qris.svg" not in html
        )
    assert visitor.get(f"{path(bill)}/qris.svg").status_code == 404
    visitor.post(f"{path(bill)}/another")
    assert factories.every(PaymentOrder)[0].state == "pending"


def test_paid_the_page_says_lunas(
    bank: Bank, visitor: Visitor, bill: Invoice, budi: Customer
) -> None:
    visitor.page(path(bill))
    visitor.post(path(bill), choice="pakasir:qris")
    html = visitor.page(path(bill)).text
    assert "Menunggu pembayaran" in html and 'hx-trigger="load' in html
    factories.payment(budi, 165_000, [bill])
    html = visitor.page(path(bill)).text
    assert "Lunas" in html and "Bukti pembayaran PAY-" in html
    for gone in ("165.000", "B•••", bill.number, "Bayar sekarang", "Rumah"):
        assert gone not in html, gone


def test_a_poll_that_brings_nothing_new_is_empty(bank: Bank, app: Flask, bill: Invoice) -> None:
    visitor = Visitor(app, hx=True)
    Visitor(app).page(path(bill))
    answer = visitor.get(f"{path(bill)}?seen=open-0---None")
    assert answer.status_code == 204
    part = visitor.get(f"{path(bill)}?seen=other").text
    assert part.lstrip().startswith("<article") and "<html" not in part


def test_a_paid_bill_cannot_be_paid_again(
    bank: Bank, visitor: Visitor, bill: Invoice, budi: Customer
) -> None:
    visitor.page(path(bill))
    factories.payment(budi, 165_000, [bill])
    assert target(visitor.post(path(bill))) == path(bill)
    assert factories.every(PaymentOrder) == []


def test_wrong_revoked_and_expired_links_are_answered_alike(
    app: Flask, visitor: Visitor, bill: Invoice, clock: FixedClock
) -> None:
    made = links.token(bill.id, 1)
    swapped = made[:-1] + ("a" if made[-1] != "a" else "b")
    links.renew(bill.id)
    db.session.commit()
    old = factories.invoice(due_on=today() - timedelta(days=31))
    void = factories.invoice(state="void")
    visitor.page("/login")
    answers = [
        visitor.get(url)
        for url in (path(bill), f"/t/{swapped}", "/t/x", path(old), path(void), "/t/" + "7" * 40)
    ]
    answers += [visitor.post(path(bill)), visitor.post(path(old)), visitor.post("/t/x")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({_without_token(answer.text) for answer in answers}) == 1
    assert "tidak berlaku" in answers[0].text
    assert visitor.get(path(bill, 2)).status_code == 200


def _without_token(html: str) -> str:
    import re

    return re.sub(r'name="csrf-token" content="[^"]*"', "", html)


def test_a_forged_link_asks_the_database_about_no_invoice(visitor: Visitor, bill: Invoice) -> None:
    with counted() as said:
        assert visitor.get("/t/" + "a" * links.LENGTH).status_code == 404
    assert not [sql for sql in said if "invoice" in sql]


def test_who_keeps_trying_waits_and_right_links_still_open(
    visitor: Visitor, bill: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes_link, "WRONG_PER_HOUR", 3)
    codes = [visitor.get(f"/t/{number}").status_code for number in range(5)]
    assert codes == [404, 404, 404, 429, 429]
    assert visitor.get(path(bill)).status_code == 200


def test_the_language_of_the_message_until_the_visitor_chooses(
    app: Flask, visitor: Visitor
) -> None:
    line = factories.subscription(factories.customer(language="en"))
    bill = factories.invoice(line)
    assert "Bayar sekarang" not in visitor.page(path(bill)).text
    assert "Bayar sekarang" in visitor.page(path(bill) + "?lang=id").text


def test_what_the_gateway_cannot_do_is_said(bank: Bank, visitor: Visitor, bill: Invoice) -> None:
    visitor.page(path(bill))
    bank.trouble = [Retryable("down")]
    bank.trouble *= 2  # asked for the method, then for the gateway's own page
    assert target(visitor.post(path(bill), choice="pakasir:qris")) == path(bill)
    assert "Coba lagi sebentar" in visitor.page(path(bill)).text


def test_without_keys_the_page_says_how_else(app: Flask, visitor: Visitor, bill: Invoice) -> None:
    visitor.page(path(bill))
    answer = visitor.post(path(bill))
    assert answer.status_code == 503 and "petugas" in answer.text
    assert "PAKASIR" not in answer.text


def test_staff_see_the_link_and_revoke_it(app: Flask, bill: Invoice) -> None:
    desk = Visitor(app)
    factories.log_in(desk.client, factories.staff())
    html = desk.page(f"/admin/invoices/{bill.id}").text
    assert links.url(bill.id, 1) in html
    answer = desk.post(f"/admin/invoices/{bill.id}/link")
    assert target(answer) == f"/admin/invoices/{bill.id}"
    html = desk.page(f"/admin/invoices/{bill.id}").text
    assert links.url(bill.id, 2) in html and links.url(bill.id, 1) not in html
    assert Visitor(app).get(path(bill)).status_code == 404
    assert desk.post("/admin/invoices/999999/link").status_code == 404
