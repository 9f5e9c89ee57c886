"""Taking an import back: as far as nothing happened since, with reasons; and dying on the way."""

import threading
from typing import Any

import pytest
from flask import Flask

from portal.accounts import sessions
from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.imports import ticks, undoing, writing
from portal.imports.models import ImportChange
from portal.invoices.models import Invoice
from portal.network.models import NetworkAccess
from portal.payments import service as payments
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription
from tests import factories
from tests.imports.wizard import GOOD, HEADER, URL, checked, imported, run, state, tick
from tests.visitor import Visitor


class Died(BaseException):
    """The process is gone."""


def rows(count: int) -> str:
    return HEADER + "".join(
        f"P-{n},Orang {n},0812900{n:05d},,Timur,Rumah,150000,p{n},1\n" for n in range(count)
    )


def undo(desk: Visitor, run_id: int) -> str:
    """Press the button, let the worker work; the page afterwards."""
    desk.post(f"{URL}/{run_id}/undo")
    tick()
    return desk.get(f"{URL}/{run_id}").text


def kept(run_id: int) -> dict[str, str]:
    return {one.number: one.reason for one in factories.every(ImportChange)
            if one.run_id == run_id and one.state == "kept"}  # fmt: skip


def person(number: str) -> Customer:
    found = db.session.query(Customer).filter_by(number=number).one()
    db.session.expunge(found)
    db.session.rollback()
    return found


def test_a_whole_import_is_gone(desk: Visitor) -> None:
    run_id = imported(desk, GOOD)
    line = factories.every(Subscription)[0]
    db.session.add(NetworkAccess(subscription_id=line.id))
    db.session.commit()
    page = undo(desk, run_id)
    assert "dibatalkan seluruhnya" in page and state(run_id) == "undone"
    for model in (Customer, Subscription, Plan, Area):
        assert factories.every(model) == []
    assert undo(desk, run_id) and state(run_id) == "undone"
    again = imported(desk, GOOD)
    assert run(again).result["new"] == 2


def test_changed_rows_get_back_what_they_had(desk: Visitor, clock: Any) -> None:
    imported(desk, GOOD)
    clock.move(minutes=1)
    second = imported(
        desk, GOOD.replace("Budi", "Budi S.").replace("RW 02", "RW 09").replace("125000", "99000")
    )
    assert person("PLG-1").name == "Budi S."
    undo(desk, second)
    assert person("PLG-1").name == "Budi" and kept(second) == {}
    tini = person("PLG-2")
    assert tini.area is not None and tini.area.name == "RW 02"
    assert [line.price for line in factories.every(Subscription)] == [165_000, 125_000]
    assert [area.name for area in factories.every(Area)] == ["RW 01", "RW 02"]


def test_whom_something_happened_to_stays_with_the_reason(
    app: Flask, desk: Visitor, clock: Any
) -> None:
    run_id = imported(desk, rows(6))
    clock.move(minutes=5)
    lines = {line.login: line for line in factories.every(Subscription)}
    factories.invoice(lines["p0"])
    payments.record_payment(
        customer_id=lines["p1"].customer_id, amount=1000, source="cash", method="cash",
        paid_at=clock.now(), invoice_ids=[],
    )  # fmt: skip
    db.session.commit()
    sessions.open_session("customer", lines["p2"].customer_id)
    db.session.commit()
    db.session.get_one(Customer, lines["p3"].customer_id).address = "pindah"
    db.session.get_one(Subscription, lines["p4"].id).state = "isolated"
    db.session.commit()
    page = undo(desk, run_id)
    reasons = kept(run_id)
    assert reasons["P-0"] == undoing.WHY["invoice"]
    assert reasons["P-1"] in {undoing.WHY["payment"], undoing.WHY["credit"], undoing.WHY["message"]}
    assert reasons["P-2"] == undoing.LOGGED_IN
    assert reasons["P-3"] == reasons["P-4"] == undoing.EDITED
    assert "P-5" not in reasons and "Sudah ada tagihan." in page and "kecuali 5 baris" in page
    assert [one.number for one in factories.every(Customer)] == [f"P-{n}" for n in range(5)]
    assert [plan.name for plan in factories.every(Plan)] == ["Rumah"]


def test_what_was_there_before_does_not_count(desk: Visitor, clock: Any) -> None:
    line = factories.subscription(factories.customer("PLG-1", name="Lama"), login="budi.01")
    factories.invoice(line)
    clock.move(days=1)
    run_id = imported(desk, GOOD)
    undo(desk, run_id)
    assert person("PLG-1").name == "Lama" and kept(run_id) == {}
    assert [one.number for one in factories.every(Customer)] == ["PLG-1"]


def test_the_invoices_a_line_had_before_do_not_count(desk: Visitor, clock: Any) -> None:
    """Also where customer and line have different ids."""
    owner = factories.customer("PLG-0", name="Lain")
    for login in ("a", "b", "c"):
        factories.subscription(owner, login=login)
    line = factories.subscription(factories.customer("PLG-1", name="Lama"), login="budi.01")
    assert line.id != line.customer_id
    factories.invoice(line)
    clock.move(days=1)
    run_id = imported(desk, GOOD)
    undo(desk, run_id)
    assert person("PLG-1").name == "Lama" and kept(run_id) == {}


def test_an_area_somebody_looked_after_stays(desk: Visitor) -> None:
    run_id = imported(desk, GOOD)
    first = factories.every(Area)[0]
    desk.post(f"/admin/areas/{first.id}", name="RW 01 Selatan")
    undo(desk, run_id)
    assert state(run_id) == "undone" and factories.every(Customer) == []
    assert [one.name for one in factories.every(Area)] == ["RW 01 Selatan"]


def test_an_invoice_made_while_it_is_being_undone(
    app: Flask, desk: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is faster than our looking: the database refuses, and the row stays."""
    run_id = imported(desk, rows(2))
    monkeypatch.setattr(undoing, "_happened", lambda run, changes: {})
    factories.invoice(factories.every(Subscription)[0])
    undo(desk, run_id)
    assert kept(run_id) == {"P-0": undoing.OTHER}
    assert len(factories.every(Invoice)) == len(factories.every(Customer)) == 1


@pytest.mark.parametrize("point", ["imports.read", "imports.written", "imports.committed"])
def test_dying_while_writing_doubles_and_loses_nobody(
    app: Flask, desk: Visitor, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setattr(ticks, "ROWS_A_PIECE", 3)
    run_id = checked(desk, rows(8))
    desk.post(f"{URL}/{run_id}/start")
    passed = []

    def die(name: str) -> None:
        passed.append(name)
        if passed.count(point) == 2:
            app.extensions["loket.checkpoint"] = lambda name: None
            raise Died

    app.extensions["loket.checkpoint"] = die
    with pytest.raises(Died):
        ticks.continue_all()
    db.session.rollback()
    assert state(run_id) == "running" and len(factories.every(Customer)) in {3, 6}
    tick()
    assert state(run_id) == "done" and run(run_id).result["rows"] == 8
    assert [one.number for one in factories.every(Customer)] == [f"P-{n}" for n in range(8)]
    assert len(factories.every(ImportChange)) == 8


def test_dying_while_undoing(app: Flask, desk: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "CHUNK", 2)
    run_id = imported(desk, rows(5))
    desk.post(f"{URL}/{run_id}/undo")
    passed = []

    def die(name: str) -> None:
        passed.append(name)
        if passed.count("imports.undoing") == 2:
            app.extensions["loket.checkpoint"] = lambda name: None
            raise Died

    app.extensions["loket.checkpoint"] = die
    with pytest.raises(Died):
        ticks.continue_all()
    db.session.rollback()
    assert len(factories.every(Customer)) == 3
    tick()
    assert state(run_id) == "undone" and factories.every(Customer) == []


def test_two_workers_at_the_same_piece(app: Flask, desk: Visitor) -> None:
    run_id = checked(desk, rows(150))
    desk.post(f"{URL}/{run_id}/start")

    def work() -> None:
        with app.app_context():
            ticks.continue_all()
            db.session.remove()

    both = [threading.Thread(target=work) for _each in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    tick()
    assert run(run_id).result == {"rows": 150, "new": 150}
    assert len(factories.every(ImportChange)) == len(factories.every(Customer)) == 150


def test_a_row_the_database_refuses_stands_alone(
    desk: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The piece fails once; then row by row, and the bad one is told."""
    run_id = checked(desk, rows(3))
    desk.post(f"{URL}/{run_id}/start")
    save = writing.subscriptions.save

    def refuse(customer: Any, plan: Any, data: Any, router_id: Any) -> Any:
        if data.login == "p1":
            raise writing.LoginTaken("Login layanan p1 sudah dipakai pelanggan lain.")
        return save(customer, plan, data, router_id)

    monkeypatch.setattr(writing.subscriptions, "save", refuse)
    for _turn in range(3):
        tick()
    assert state(run_id) == "done"
    assert [one.number for one in factories.every(Customer)] == ["P-0", "P-2"]
    assert "P-1" in desk.get(f"{URL}/{run_id}").text
