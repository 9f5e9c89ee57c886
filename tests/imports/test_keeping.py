"""The wizard between its steps: who sees a file, how long it is kept, pausing, one at a time."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Staff
from portal.customers.models import Customer
from portal.extensions import db
from portal.imports import shelf, ticks, writing
from portal.imports.models import ImportChange, ImportPiece
from portal.subscriptions.models import Subscription
from tests import factories
from tests.imports.wizard import (
    GOOD,
    URL,
    checked,
    imported,
    run_of,
    state,
    tick,
    upload,
)
from tests.visitor import Visitor, target


def pieces() -> list[bytes]:
    """Everything that is kept of files."""
    found = [bytes(one) for one in db.session.scalars(select(ImportPiece.content))]
    db.session.rollback()
    return found


def test_the_file_is_encrypted_and_forgotten(desk: Visitor, clock: Any) -> None:
    run_id = imported(desk, GOOD)
    assert pieces() and not any(b"Budi" in one for one in pieces())
    assert shelf.file_of(run_id) == GOOD.encode()
    db.session.rollback()
    clock.move(days=8)
    ticks.forget_old()
    db.session.commit()
    assert pieces() == []
    page = desk.get(f"{URL}/{run_id}")
    assert page.status_code == 200 and "Batalkan impor ini" in page.text
    assert target(desk.get(f"{URL}/{run_id}/bad.csv")).endswith(f"/{run_id}")
    clock.move(days=30)
    ticks.forget_old()
    db.session.commit()
    assert all(one.before == {} for one in factories.every(ImportChange))
    assert "Batalkan impor ini" not in desk.get(f"{URL}/{run_id}").text


def test_only_the_uploaders_role_and_the_owner(app: Flask, desk: Visitor, siti: Staff) -> None:
    run_id = checked(desk, GOOD)
    other = "finance" if siti.role == "owner" else "owner"
    visitor = Visitor(app)
    factories.log_in(visitor.client, factories.staff(role=other))
    expected = 404 if other == "finance" else 200
    assert visitor.get(f"{URL}/{run_id}").status_code == expected
    assert visitor.get(f"{URL}/{run_id}/bad.csv").status_code == expected
    support = Visitor(app)
    factories.log_in(support.client, factories.staff(role="support"))
    assert support.get(URL).status_code == 403


def test_thrown_away(desk: Visitor) -> None:
    run_id = checked(desk, GOOD)
    desk.post(f"{URL}/{run_id}/remove")
    assert state(run_id) == "cancelled" and pieces() == []
    desk.post(f"{URL}/{run_id}/start")
    tick()
    assert factories.every(Customer) == []


def test_two_at_once_are_refused_politely(desk: Visitor) -> None:
    first, second = checked(desk, GOOD), checked(desk, GOOD.replace("PLG", "LAIN"))
    desk.post(f"{URL}/{first}/start")
    assert "Impor lain sedang berjalan" in desk.get(f"{URL}/{second}").text
    desk.post(f"{URL}/{second}/start")
    assert state(second) == "checked"
    tick()
    desk.post(f"{URL}/{second}/start")
    assert state(second) == "running"


def test_pause_resume_and_stop(desk: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "ROWS_A_PIECE", 1)
    run_id = checked(desk, GOOD)
    desk.post(f"{URL}/{run_id}/start")
    assert writing.take_piece(run_id)
    desk.post(f"{URL}/{run_id}/steer/pause")
    tick()
    assert state(run_id) == "paused" and len(factories.every(Customer)) == 1
    assert "1 dari 2 baris" in desk.get(f"{URL}/{run_id}").text
    desk.post(f"{URL}/{run_id}/steer/resume")
    desk.post(f"{URL}/{run_id}/steer/pause")
    desk.post(f"{URL}/{run_id}/steer/stop")
    tick()
    assert state(run_id) == "cancelled" and len(factories.every(Customer)) == 1
    desk.post(f"{URL}/{run_id}/undo")
    tick()
    assert state(run_id) == "undone" and factories.every(Customer) == []


def test_the_progress_fragment_stops_by_itself(app: Flask, siti: Staff) -> None:
    hx = Visitor(app, hx=True)
    factories.log_in(hx.client, siti)
    hx.page(URL)
    clicking = Visitor(app)
    factories.log_in(clicking.client, siti)
    run_id = checked(clicking, GOOD)
    hx.post(f"{URL}/{run_id}/start")
    moving = hx.get(f"{URL}/{run_id}")
    assert "<html" not in moving.text and 'hx-trigger="every 2s"' in moving.text
    assert hx.get(f"{URL}/{run_id}?seen=running-0-0").status_code == 204
    tick()
    assert hx.get(f"{URL}/{run_id}").headers["HX-Refresh"] == "true"


def test_a_lost_key_is_a_forgotten_file(desk: Visitor) -> None:
    run_id = run_of(upload(desk, GOOD))
    db.session.execute(ImportPiece.__table__.update().values(content=b"x" * 100))
    db.session.commit()
    assert desk.get(f"{URL}/{run_id}/columns").status_code == 422


def test_what_people_changed_since_the_check_stays(desk: Visitor, clock: Any) -> None:
    """Nobody saw that the file would undo it: the row is refused and named."""
    imported(desk, GOOD)
    clock.move(minutes=1)
    run_id = checked(desk, GOOD.replace("125000", "99000").replace("165000", "160000"))
    clock.move(hours=1)
    tini = next(one for one in factories.every(Customer) if one.number == "PLG-2")
    desk.post(
        f"/admin/customers/{tini.id}/edit",
        name="Tini Lestari", phone="085712345678", address="Jl. Baru 1", area="RW 02",
    )  # fmt: skip
    clock.move(minutes=1)
    desk.post(f"{URL}/{run_id}/start")
    tick()
    assert factories.fresh(Customer, tini.id).name == "Tini Lestari"
    assert sorted(line.price for line in factories.every(Subscription)) == [125_000, 160_000]
    refused = [one for one in factories.every(ImportChange) if one.state == "refused"]
    assert [(one.number, one.reason) for one in refused] == [("PLG-2", writing.MEANWHILE)]
