"""The technician's list: what each button does, who may press it, two at once."""

import threading

import pytest
from flask import Flask
from sqlalchemy import update

from portal.accounts.models import Staff
from portal.extensions import db
from portal.invoices.models import Invoice
from portal.network.models import Router
from portal.orders import work
from portal.orders.models import ServiceOrder
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription
from tests import factories
from tests.orders.conftest import customer_of, now_of, pay, place
from tests.payments import books
from tests.payments.fakes import Bank
from tests.visitor import Visitor


@pytest.fixture
def order(bank: Bank, plan: Plan) -> ServiceOrder:
    made = place(plan)
    pay(bank, made)
    return now_of(made.id)


@pytest.fixture
def me(app: Flask) -> Staff:
    return factories.staff(role="technician")


@pytest.fixture
def desk(app: Flask, me: Staff) -> Visitor:
    found = Visitor(app)
    factories.log_in(found.client, me)
    found.page("/admin")
    return found


def test_take_schedule_finish(desk: Visitor, me: Staff, order: ServiceOrder, plan: Plan) -> None:
    text = desk.page("/admin/orders").text
    assert "Wati Baru" in text and "tel:+6281200000001" in text and "maps" in text
    here = f"/admin/orders/{order.id}"
    desk.post(f"{here}/take")
    assert now_of(order.id).technician_id == me.id
    assert "Wati Baru" in desk.page("/admin/orders?list=mine").text
    desk.post(f"{here}/schedule", day="2026-11-23", slot="Pagi")
    assert now_of(order.id).state == "scheduled"
    assert "23 Nov 2026" in desk.page(f"/order/{order.token}").text
    desk.page(here)  # its session has a token of its own
    desk.post(f"{here}/finish", login="wati@net", plan=str(plan.id), router="", number="A-77")
    text = desk.page(here).text
    assert "wati@net" in text and "INV-202611-00001" in text
    (line,) = factories.every(Subscription)
    assert (line.login, line.state) == ("wati@net", "active")
    assert customer_of(order).number == "A-77"
    assert [bill.state for bill in factories.every(Invoice)] == ["paid"]
    desk.post(f"{here}/finish", login="lagi@net", plan=str(plan.id))
    assert len(factories.every(Subscription)) == len(factories.every(Invoice)) == 1
    books.balanced()


def test_the_line_is_on_the_chosen_router_or_the_usual_one(
    desk: Visitor, order: ServiceOrder, plan: Plan
) -> None:
    from portal.infra.timekeeping import now

    for name in ("utama", "timur"):
        usual = name == "utama"
        db.session.add(
            Router(name=name, driver="simulator", config="{}", is_default=usual, created_at=now())
        )
    db.session.commit()
    desk.post(f"/admin/orders/{order.id}/finish", login="wati@net", plan=str(plan.id))
    assert factories.every(Subscription)[0].router_id == 1


@pytest.mark.parametrize(
    ("verb", "data", "said"),
    [
        ("schedule", {"day": "2026-11-20"}, "hari ini atau sesudahnya"),
        ("schedule", {"day": "2027-11-20"}, "90 hari"),
        ("schedule", {"day": "besok"}, ""),
        ("cancel", {"reason": " "}, "alasan"),
        ("finish", {"login": "", "plan": "1"}, "login layanan"),
        ("finish", {"login": "x@net", "plan": "99"}, "Paket ini tidak tersedia"),
        ("finish", {"login": "x@net", "plan": "x"}, "Paket ini tidak tersedia"),
    ],
)
def test_a_refusal_is_said_and_changes_nothing(
    desk: Visitor, order: ServiceOrder, verb: str, data: dict[str, str], said: str
) -> None:
    answer = desk.post(f"/admin/orders/{order.id}/{verb}", **data)
    assert answer.status_code == 422 and said in answer.text
    assert now_of(order.id).state == "queued"


def test_a_step_somebody_else_was_quicker_with(desk: Visitor, order: ServiceOrder) -> None:
    work.cancel(order.id, "batal")
    db.session.commit()
    for verb, data in (("take", {}), ("cancel", {"reason": "x"}), ("release", {"reason": "x"})):
        desk.post(f"/admin/orders/{order.id}/{verb}", **data)
        assert "sudah berubah" in desk.page(f"/admin/orders/{order.id}").text
    assert desk.post("/admin/orders/99/take").status_code == 404


def test_two_technicians_at_once_one_takes_it(app: Flask, order: ServiceOrder) -> None:
    staff = [factories.staff(role="technician").id for _ in range(4)]
    start, won = threading.Barrier(4), []

    def run(staff_id: int) -> None:
        start.wait()
        with app.app_context():
            if work.take(order.id, staff_id):
                won.append(staff_id)
            db.session.commit()

    threads = [threading.Thread(target=run, args=[one]) for one in staff]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1 and now_of(order.id).technician_id == won[0]


def test_two_finishes_at_once_are_one_line(
    app: Flask, order: ServiceOrder, plan: Plan, me: Staff
) -> None:
    start, failed = threading.Barrier(4), []

    def run(number: int) -> None:
        start.wait()
        with app.app_context():
            try:
                work.finish(order.id, work.Installed(f"wati{number}@net", None, plan.id), me.id)
                db.session.commit()
            except ValueError as error:
                db.session.rollback()
                failed.append(str(error))
            work.issue_first(order.id)
            db.session.commit()

    threads = [threading.Thread(target=run, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 3 and len(factories.every(Subscription)) == 1
    assert [bill.state for bill in factories.every(Invoice)] == ["paid"]
    books.balanced()


@pytest.mark.parametrize("role", ["finance", "collector"])
def test_others_have_no_list(app: Flask, order: ServiceOrder, role: str) -> None:
    other = Visitor(app)
    factories.log_in(other.client, factories.staff(role=role))
    assert other.page("/admin/orders").status_code == 403
    assert other.page(f"/admin/orders/{order.id}").status_code == 403


def test_a_phone_that_is_somebody_elses_too_is_pointed_out(
    desk: Visitor, order: ServiceOrder
) -> None:
    budi = factories.customer(name="Budi Lama")
    db.session.execute(update(ServiceOrder).values(phone=budi.phone))
    db.session.commit()
    assert "Budi Lama" in desk.page(f"/admin/orders/{order.id}").text
