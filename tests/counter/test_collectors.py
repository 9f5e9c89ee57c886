"""A collector sees the customers of their own areas, and nothing else."""

from flask import Flask

from portal.accounts.models import Staff
from portal.customers.models import Area, Customer
from portal.payments.models import Payment
from portal.subscriptions.models import Subscription
from tests import factories
from tests.counter import hands
from tests.counter.conftest import browser
from tests.visitor import Visitor, target


def test_after_login_a_collector_is_at_the_counter(app: Flask, udin: Staff) -> None:
    visitor = Visitor(app)
    visitor.page("/admin/login")
    answer = visitor.post("/admin/login", email=udin.email, password=factories.PASSWORD)
    assert target(answer) == "/admin"
    sent = visitor.client.get("/admin")
    assert sent.status_code == 303 and target(sent) == "/admin/counter"
    words = visitor.page("/admin/counter").text
    assert "Belum bayar" in words and "/admin/settlements" in words
    assert "/admin/customers" in words and "/admin/closings" not in words


def test_the_list_is_by_area_and_address_with_phone_and_sum(
    app: Flask, phone: Visitor, line: Subscription, wati: Customer
) -> None:
    factories.invoice(line, total=165_000)
    factories.invoice(line, period="2026-10", total=100_000)
    near = factories.customer(name="Ani", address="Jl. Anggrek 1", area="Cibiru")
    factories.invoice(factories.subscription(near), total=50_000)
    factories.invoice(factories.subscription(wati), total=70_000)
    factories.customer(name="Lunas", area="Cibiru")
    words = phone.page("/admin/counter").text
    assert words.index("Ani") < words.index("Budi Santoso")
    assert "Rp265.000" in words and "0812-3456-7890" in words and "Rp315.000" in words
    assert "Wati" not in words and "Lunas" not in words


def test_a_foreign_customer_is_not_there(
    phone: Visitor, wati: Customer, budi: Customer, rina: Staff
) -> None:
    assert "Wati" not in phone.get("/admin/counter?q=wati").text
    assert phone.get(f"/admin/counter/customers/{budi.id}").status_code == 200
    for customer_id in (wati.id, 999):
        at = f"/admin/counter/customers/{customer_id}"
        sent = {"method": "cash", "amount": "5000", "once": "k"}
        assert phone.get(at).status_code == 404
        assert phone.post(f"{at}/check", **sent).status_code == 404
        assert phone.post(f"{at}/take", **sent).status_code == 404
    assert factories.every(Payment) == []
    # Not even the receipt of their own customer, when somebody else took the money.
    payment_id = hands.take(rina, budi, 5_000)
    for path in ("", "/pdf"):
        answer = phone.client.get(f"/admin/counter/payments/{payment_id}{path}")
        assert answer.status_code == 404


def test_a_collector_takes_cash_only(phone: Visitor, udin: Staff, budi: Customer) -> None:
    at = f"/admin/counter/customers/{budi.id}"
    transfer = {"method": "transfer", "bank": "BCA", "day": "2026-11-21", "amount": "5000"}
    for step in ("check", "take"):
        answer = phone.post(f"{at}/{step}", **transfer, once="k")
        assert answer.status_code == 422 and "hanya menerima uang tunai" in answer.text
    done = phone.post(f"{at}/take", method="cash", amount="5000", once="k")
    (payment,) = factories.every(Payment)
    assert target(done) == f"/admin/counter/payments/{payment.id}"
    receipt = phone.page(target(done))
    assert receipt.status_code == 200 and "/admin/payments/" not in receipt.text
    slip = phone.client.get(f"/admin/counter/payments/{payment.id}/pdf?paper=80")
    assert slip.status_code == 200 and slip.mimetype == "application/pdf"


def test_areas_are_given_to_collectors(
    app: Flask, siti: Staff, udin: Staff, wati: Customer
) -> None:
    desk = browser(app, siti)
    assert "Ujungberung" in desk.page("/admin/settlements/areas").text
    desk.post("/admin/settlements/areas", **{f"area-{wati.area_id}": str(udin.id)})
    assert factories.fresh(Area, wati.area_id).collector_id == udin.id
    assert browser(app, udin).get(f"/admin/counter/customers/{wati.id}").status_code == 200
    # Only collectors; and nobody is nobody.
    desk.post("/admin/settlements/areas", **{f"area-{wati.area_id}": str(siti.id)})
    assert factories.fresh(Area, wati.area_id).collector_id == udin.id
    desk.post("/admin/settlements/areas", **{f"area-{wati.area_id}": ""})
    assert factories.fresh(Area, wati.area_id).collector_id is None
