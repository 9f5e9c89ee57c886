"""The public page: what it shows, what it refuses, and that sending twice orders once."""

import re
from html import unescape

import pytest
from flask import Flask

from portal.customers.models import Customer
from portal.extensions import db
from portal.orders import limits
from portal.orders.models import ServiceOrder
from portal.payments import orders as payment_orders
from portal.payments.models import PaymentOrder
from portal.plans.models import Plan
from portal.settings import service as settings
from tests import factories
from tests.orders.conftest import now_of, place
from tests.payments.fakes import Bank
from tests.visitor import Visitor, target


def typed(offered: Plan, /, **changes: str) -> dict[str, str]:
    return {
        "plan": str(offered.id),
        "name": "Wati Baru",
        "phone": "0812-0000-0001",
        "address": "Jl. Anggrek 9, RT 02/05",
        "area": "0",
        "note": "",
        "website": "",
    } | changes


def key_of(text: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', text)
    assert found
    return unescape(found[1])


def send(visitor: Visitor, offered: Plan, /, **changes: str):  # type: ignore[no-untyped-def]
    key = key_of(visitor.page("/order").text)
    return visitor.post("/order", **({"key": key} | typed(offered, **changes)))


def test_order_choose_pay_wait(app: Flask, bank: Bank, plan: Plan) -> None:
    visitor = Visitor(app)
    text = visitor.page("/order").text
    assert plan.name in text and "Rp165.000" in text and "Rp315.000" in text
    place_ = target(send(visitor, plan))
    (order,) = factories.every(ServiceOrder)
    assert place_ == f"/order/{order.token}" and order.phone == "+6281200000001"
    page = visitor.page(place_)
    assert page.headers["X-Robots-Tag"].startswith("noindex")
    assert "Jl. Anggrek" not in page.text and "0812-0000" not in page.text
    assert target(visitor.post(f"{place_}/pay", choice="pakasir:qris")) == place_
    assert visitor.page(f"{place_}/qris.svg").mimetype == "image/svg+xml"
    assert visitor.client.get(f"{place_}/qris.png").data.startswith(b"\x89PNG")
    (attempt,) = factories.every(PaymentOrder)
    bank.pay(attempt.order_id)
    visitor.post(f"{place_}/check")
    assert "sudah kami terima" in visitor.page(place_).text
    assert now_of(order.id).state == "queued"
    assert visitor.page(f"{place_}/qris.svg").status_code == 404


def test_another_way_cancels_the_first(app: Flask, bank: Bank, plan: Plan) -> None:
    visitor = Visitor(app)
    order = place(plan)
    here = f"/order/{order.token}"
    visitor.page(here)
    visitor.post(f"{here}/pay", choice="pakasir:qris")
    assert target(visitor.post(f"{here}/pay", choice="pakasir:")).startswith("https://pay.example/")
    states = [one.state for one in factories.every(PaymentOrder)]
    assert states == ["cancelled", "pending"]
    visitor.post(f"{here}/another")
    assert "Pilih cara bayar" in visitor.page(here).text


def test_an_unknown_way_opens_nothing(app: Flask, bank: Bank, plan: Plan) -> None:
    visitor = Visitor(app)
    order = place(plan)
    visitor.page(f"/order/{order.token}")
    assert visitor.post(f"/order/{order.token}/pay", choice="bitcoin:").status_code == 404
    visitor.post(f"/order/{order.token}/pay", choice="pakasir:seashells")
    assert factories.every(PaymentOrder) == []


def test_sent_twice_is_one_order(app: Flask, plan: Plan) -> None:
    visitor = Visitor(app)
    key = key_of(visitor.page("/order").text)
    places = {target(visitor.post("/order", key=key, **typed(plan))) for _ in range(3)}
    assert len(places) == 1 and len(factories.every(ServiceOrder)) == 1
    assert len(factories.every(Customer)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"plan": ""},
        {"plan": "999"},
        {"plan": "x"},
        {"name": " "},
        {"phone": "12"},
        {"phone": "abc"},
        {"address": "sini"},
        {"area": "999"},
        {"website": "https://spam.example"},
        {"key": "short"},
        {"note": "x" * 501},
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    app: Flask, plan: Plan, change: dict[str, str]
) -> None:
    answer = send(Visitor(app), plan, **change)
    assert answer.status_code == 422
    assert "Jl. Anggrek 9" in answer.text or "address" in change
    assert factories.every(ServiceOrder) == [] and factories.every(Customer) == []


def test_words_from_outside_are_words(app: Flask, plan: Plan) -> None:
    evil = "<script>alert(1)</script>"
    place(plan, name=evil, address=evil, note=evil)
    desk = Visitor(app)
    factories.log_in(desk.client, factories.staff())
    for url in ("/admin/orders?list=unpaid", "/admin/orders/1"):
        text = desk.page(url).text
        assert evil not in text and "&lt;script&gt;" in text


def test_a_plan_that_is_not_for_everybody_cannot_be_ordered(app: Flask, plan: Plan) -> None:
    secret = factories.plan("Khusus Karyawan", 10_000)
    visitor = Visitor(app)
    assert "Khusus Karyawan" not in visitor.page("/order").text
    assert send(visitor, plan, plan=str(secret.id)).status_code == 422
    assert factories.every(ServiceOrder) == []


def test_closed(app: Flask, plan: Plan) -> None:
    visitor = Visitor(app)
    key = key_of(visitor.page("/order").text)
    settings.change("orders.open", False, "system:test")
    db.session.commit()
    assert "belum dibuka" in visitor.page("/order").text
    assert "belum dibuka" in visitor.post("/order", key=key, **typed(plan)).text
    assert factories.every(ServiceOrder) == []


def test_one_phone_has_enough_after_three(app: Flask, plan: Plan) -> None:
    for _ in range(limits.PER_PHONE_DAY):
        assert send(Visitor(app), plan).status_code == 303
    answer = send(Visitor(app), plan)
    assert answer.status_code == 429 and "Terlalu banyak" in answer.text
    assert send(Visitor(app), plan, phone="081200000009").status_code == 303
    assert len(factories.every(ServiceOrder)) == limits.PER_PHONE_DAY + 1


def test_one_address_has_enough_after_ten(app: Flask, plan: Plan) -> None:
    for number in range(limits.PER_ADDRESS_HOUR):
        assert send(Visitor(app), plan, phone=f"08120000{number:04d}").status_code == 303
    assert send(Visitor(app), plan, phone="081299990000").status_code == 429


@pytest.mark.parametrize("token", ["x", "x" * 43, "..", "%00"])
def test_another_token_shows_nothing(app: Flask, plan: Plan, token: str) -> None:
    place(plan)
    assert Visitor(app).page(f"/order/{token}").status_code == 404


def test_the_orderer_takes_it_back_only_before_paying(app: Flask, bank: Bank, plan: Plan) -> None:
    visitor, order = Visitor(app), place(plan)
    here = f"/order/{order.token}"
    visitor.page(here)
    visitor.post(f"{here}/pay", choice="pakasir:qris")
    bank.pay(factories.every(PaymentOrder)[0].order_id)
    payment_orders.check_now(1)
    visitor.post(f"{here}/cancel")
    assert now_of(order.id).state == "queued"
    other = place(plan)
    visitor.post(f"/order/{other.token}/cancel")
    assert now_of(other.id).state == "cancelled"
    assert "dibatalkan pemesan" in visitor.page(f"/order/{other.token}").text


def test_a_customer_who_is_logged_in_orders_for_himself(app: Flask, plan: Plan) -> None:
    budi = factories.customer()
    visitor = Visitor(app)
    factories.log_in(visitor.client, budi)
    assert budi.name in visitor.page("/order").text
    send(visitor, plan)
    (order,) = factories.every(ServiceOrder)
    assert order.customer_id == budi.id
    assert order.number in visitor.page("/order").text
    assert len(factories.every(Customer)) == 1
