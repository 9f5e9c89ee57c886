"""Staff look at payments and work off what needs a person."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.payments import attention, orders
from portal.payments.models import AttentionItem
from portal.subscriptions.models import Subscription
from tests import factories
from tests.conftest import NOW
from tests.payments import books
from tests.payments.fakes import Bank
from tests.visitor import Visitor, target

URL = "/admin/payments"


def person(app: Flask, role: str = "finance", hx: bool = False) -> Visitor:
    visitor = Visitor(app, hx)
    factories.log_in(visitor.client, factories.staff(role=role))
    return visitor


@pytest.mark.parametrize("hx", [False, True], ids=["click", "htmx"])
def test_the_list_and_its_filters(app: Flask, bank: Bank, hx: bool) -> None:
    ani, budi = factories.customer(name="Ani"), factories.customer(name="Budi")
    bill = factories.invoice(factories.subscription(ani), total=165_000)
    order = books.start(ani, bill)
    bank.pay(order.order_id)
    orders.check_now(order.id)
    factories.payment(budi, 50_000, paid_at=NOW - timedelta(days=2))
    visitor = person(app, hx=hx)

    def found(query: str) -> tuple[set[str], bool]:
        body = visitor.get(f"{URL}?{query}").text
        assert ("<html" in body) != hx
        return {name for name in ("Ani", "Budi") if f">{name}<br>" in body}, "Rp215.000" in body

    assert found("") == ({"Ani", "Budi"}, True)
    assert found("q=ani") == ({"Ani"}, False)
    assert found(f"q={budi.phone[-8:]}") == ({"Budi"}, False)
    assert found("q=%25") == (set(), False)
    assert found("q=PAY-20261119") == ({"Budi"}, False)
    assert found(f"q={order.order_id}") == ({"Ani"}, False)
    assert found("source=cash") == ({"Budi"}, False)
    assert found("since=2026-11-20") == ({"Ani"}, False)
    assert found("until=2026-11-19") == ({"Budi"}, False)
    assert found("since=2026-11-19&until=2026-11-19") == ({"Budi"}, False)
    assert found("since=kemarin&until=&page=99") == ({"Ani", "Budi"}, True)
    assert found("source=nothing") == (set(), False)


def test_the_day_ends_at_midnight_in_jakarta(app: Flask, budi: Customer) -> None:
    factories.payment(budi, 1_000, paid_at=NOW.replace(hour=16, minute=59))
    factories.payment(budi, 2_000, paid_at=NOW.replace(hour=17, minute=0))
    text = person(app).get(f"{URL}?until=2026-11-21").text
    assert "Rp1.000" in text and "Rp2.000" not in text


def test_one_payment_shows_where_the_money_went(
    app: Flask, bank: Bank, budi: Customer, line: Subscription
) -> None:
    bill = factories.invoice(line, total=100_000)
    order = books.start(budi, bill)
    factories.payment(budi, 40_000, [bill])
    bank.pay(order.order_id)
    orders.check_now(order.id)
    text = person(app).get(f"{URL}/2").text
    for word in (bill.number, "Rp60.000", "Rp40.000", "kelebihan bayar", order.order_id, "txn1"):
        assert word in text, word
    assert "lebih besar dari sisa tagihan" in text and "Online (Pakasir)" in text


def test_an_item_is_closed_with_a_note_once(app: Flask, budi: Customer) -> None:
    attention.raise_item("k", "late", "Pembayaran PAY-1 datang terlambat.", customer_id=budi.id)
    attention.raise_item("k", "late", "Dua kali.", customer_id=budi.id)
    db.session.commit()
    (item,) = factories.every(AttentionItem)
    visitor = person(app)
    page = visitor.get(f"{URL}/attention").text
    assert "datang terlambat" in page and "Budi Santoso" in page and "Dua kali" not in page

    refused = visitor.post(f"{URL}/attention/{item.id}/resolve", note="  ")
    assert refused.status_code == 422 and "Tulis apa yang sudah dilakukan" in refused.text
    assert factories.every(AttentionItem)[0].state == "open"

    done = visitor.post(f"{URL}/attention/{item.id}/resolve", note="Dikembalikan tunai.")
    assert target(done) == f"{URL}/attention"
    again = visitor.post(f"{URL}/attention/{item.id}/resolve", note="Lagi.")
    assert target(again) == f"{URL}/attention"
    (item,) = factories.every(AttentionItem)
    assert (item.state, item.resolution) == ("resolved", "Dikembalikan tunai.")
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "attention.resolve"]
    assert entry.reason == "Dikembalikan tunai." and entry.actor == item.resolved_by
    assert "datang terlambat" not in visitor.get(f"{URL}/attention").text
    closed = visitor.get(f"{URL}/attention?state=resolved").text
    assert "Dikembalikan tunai." in closed and "Siti Pemilik" in closed


def test_a_closed_cause_is_not_opened_again(app: Flask) -> None:
    attention.raise_item("k", "late", "Satu.")
    db.session.commit()
    assert attention.resolve(factories.every(AttentionItem)[0].id, "beres", "staff:1")
    db.session.commit()
    attention.raise_item("k", "late", "Satu.")
    db.session.commit()
    assert [item.state for item in factories.every(AttentionItem)] == ["resolved"]


@pytest.mark.parametrize("url", [URL, f"{URL}/1", f"{URL}/attention", f"{URL}/attention/1/resolve"])
def test_only_who_handles_money(app: Flask, budi: Customer, url: str) -> None:
    factories.payment(budi, 1_000)
    post = url.endswith("resolve")
    for role in ("technician", "support", "collector"):
        visitor = person(app, role)
        visitor.enter()
        assert (visitor.post(url) if post else visitor.get(url)).status_code == 403
    customer = Visitor(app)
    factories.log_in(customer.client, budi)
    customer.page("/me/profile")
    answer = customer.post(url) if post else customer.get(url)
    assert answer.status_code in {303, 419} and (answer.status_code == 419) == post


def test_what_is_not_there(app: Flask) -> None:
    visitor = person(app)
    visitor.page(URL)
    assert visitor.get(f"{URL}/99").status_code == 404
    assert visitor.post(f"{URL}/attention/99/resolve", note="x").status_code == 404


def test_names_from_outside_are_text(app: Flask, bank: Bank) -> None:
    evil = factories.customer(name="<script>alert(1)</script>")
    factories.payment(evil, 1_000, method="<b>x</b>")
    attention.raise_item("k", "late", "<img src=x onerror=alert(1)>", customer_id=evil.id)
    db.session.commit()
    visitor = person(app)
    for url in (URL, f"{URL}/1", f"{URL}/attention"):
        text = visitor.get(url).text
        assert (
            "<script>alert" not in text and "<b>x" not in text.lower() and "<img src=x" not in text
        )
