"""Routers are brought in step whatever they answer, whoever else is at the line, and when."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import select, update

from portal.core.clock import FixedClock
from portal.core.driverkit import Misconfigured, Retryable
from portal.extensions import db
from portal.infra.locks import LEASE
from portal.infra.timekeeping import wall
from portal.messaging.models import Message
from portal.network import isolation, reconcile
from portal.network.models import NetworkAccess
from portal.subscriptions.models import Subscription
from tests import factories
from tests.network import routers
from tests.network.routers import WAIT, Beside, Board


@pytest.fixture
def board() -> Iterator[Board]:
    with routers.in_process() as made:
        yield made


@pytest.fixture
def line(app: Flask, board: Board) -> Subscription:
    made = factories.subscription(login="budi.1")
    routers.behind(made, "board")
    return made


def access(line: Subscription) -> NetworkAccess:
    return factories.fresh(NetworkAccess, line.id)


def wall_off(line: Subscription) -> None:
    assert isolation.isolate_by_hand(line.id, "uji")
    db.session.commit()


def open_up(line: Subscription) -> None:
    assert isolation.restore_by_hand(line.id, "uji")
    db.session.commit()


def told() -> list[str]:
    return [row.kind for row in factories.every(Message)]


def test_wanted_then_told_then_confirmed_then_the_customer_hears(
    line: Subscription, board: Board
) -> None:
    wall_off(line)
    assert (access(line).actual, told()) == ("open", [])
    assert reconcile.apply_access(line.id) == "applied"
    assert board.states == {"budi.1": "isolated"}
    row = access(line)
    assert (row.actual, row.next_at, row.attempts, row.lease_token) == ("isolated", None, 0, None)
    assert told() == ["isolation_notice"]
    assert reconcile.apply_access(line.id) == "nothing"
    assert len(board.commands) == 1


@pytest.mark.parametrize("fault", [Retryable("sibuk"), Misconfigured("kunci salah")])
def test_a_refusal_is_kept_and_tried_again_further_apart(
    line: Subscription, board: Board, clock: FixedClock, fault: Any
) -> None:
    wall_off(line)
    board.faults = [fault] * 9
    waits = []
    for _ in range(9):
        assert reconcile.apply_access(line.id) == "retry"
        row = access(line)
        assert row.next_at is not None and fault.sentence in row.last_error
        waits.append((row.next_at - wall()).total_seconds())
        assert reconcile.apply_access(line.id) == "nothing", "before its hour"
        clock.at = row.next_at
    assert waits == sorted(waits) and waits[0] < 15 and waits[-1] == reconcile.MAX_WAIT
    assert told() == []
    assert reconcile.apply_access(line.id) == "applied"
    assert access(line).last_error == ""
    assert told() == ["isolation_notice"]


def test_what_is_repeated_is_told_once(line: Subscription, board: Board) -> None:
    wall_off(line)
    reconcile.apply_access(line.id)
    db.session.execute(update(NetworkAccess).values(next_at=wall()))
    db.session.commit()
    assert reconcile.apply_access(line.id) == "applied"
    assert [wanted for _, wanted in board.commands] == ["isolated", "isolated"]
    assert told() == ["isolation_notice"]


def test_a_lease_that_died_is_taken_over(
    line: Subscription, board: Board, clock: FixedClock
) -> None:
    wall_off(line)

    def die(*_: str) -> None:
        raise SystemExit

    board.before = die
    with pytest.raises(SystemExit):
        reconcile.apply_access(line.id)
    board.before = lambda *_: None
    assert reconcile.due() == []
    clock.move(seconds=LEASE.total_seconds())
    assert reconcile.due() == [line.id]
    assert reconcile.apply_access(line.id) == "applied"
    assert board.states == {"budi.1": "isolated"}


def held_in_the_middle(
    app: Flask, line: Subscription, board: Board
) -> tuple[Beside, threading.Event]:
    """A command for the wall that has reached the router and waits for the event."""
    wall_off(line)
    reached, go_on = threading.Event(), threading.Event()

    def hold(_: str, wanted: str) -> None:
        if wanted == "isolated":
            reached.set()
            assert go_on.wait(WAIT)

    board.before = hold
    held = Beside(app, lambda: reconcile.apply_access(line.id))
    assert reached.wait(WAIT)
    return held, go_on


def test_a_wish_that_changes_during_the_command_is_obeyed_afterwards(
    app: Flask, line: Subscription, board: Board
) -> None:
    """The open command must not overtake the wall that is still on its way to the router."""
    slow, go_on = held_in_the_middle(app, line, board)
    open_up(line)
    reconcile.apply_access(line.id)
    go_on.set()
    slow.join()
    for _ in range(3):
        reconcile.heal()
        db.session.commit()
        for subscription_id in reconcile.due():
            reconcile.apply_access(subscription_id)
    assert board.states == {"budi.1": "open"}
    row = access(line)
    assert (row.actual, row.next_at) == ("open", None)


def test_a_command_that_outlived_its_lease_is_made_good(
    app: Flask, line: Subscription, board: Board, clock: FixedClock
) -> None:
    """A process that was frozen in the middle speaks last; what it said is not the last word."""
    frozen, go_on = held_in_the_middle(app, line, board)
    open_up(line)
    clock.move(seconds=LEASE.total_seconds() + 1)
    assert reconcile.apply_access(line.id) == "applied"
    go_on.set()
    assert frozen.join() == "nothing"
    assert board.states == {"budi.1": "isolated"}, "the late command arrived"
    assert reconcile.due() == [line.id]
    assert reconcile.apply_access(line.id) == "applied"
    assert board.states == {"budi.1": "open"}
    assert access(line).next_at is None


def test_healing_asks_again_only_where_nobody_is_on_it(app: Flask, board: Board) -> None:
    open_one, walled, odd_open, odd_walled, busy = (factories.subscription() for _ in range(5))
    for made, state, actual in (
        (open_one, "active", "open"),
        (walled, "isolated", "isolated"),
        (odd_open, "isolated", "open"),
        (odd_walled, "active", "isolated"),
        (busy, "active", "isolated"),
    ):
        routers.behind(made, "board")
        db.session.execute(
            update(Subscription).where(Subscription.id == made.id).values(state=state)
        )
        isolation.access_row(made.id).actual = actual
    isolation.access_row(busy.id).next_at = wall() + LEASE
    db.session.commit()
    assert reconcile.heal() == 2
    db.session.commit()
    assert reconcile.due() == [odd_walled.id, odd_open.id], "opening comes first"
    db.session.rollback()
    assert reconcile.heal() == 0
    db.session.rollback()


def test_two_workers_at_one_line_send_one_command(
    app: Flask, line: Subscription, board: Board
) -> None:
    wall_off(line)
    start = threading.Barrier(4)

    def work() -> str:
        start.wait(WAIT)
        return reconcile.apply_access(line.id)

    results = [found.join() for found in [Beside(app, work) for _ in range(4)]]
    assert sorted(results) == ["applied", "nothing", "nothing", "nothing"]
    assert len(board.commands) == 1


@pytest.mark.parametrize(
    "fault", [{"rate_5xx": 1, "count": 1}, {"rate_429": 1, "count": 1}, {"garbage": 1, "count": 1}]
)
def test_the_simulated_router_and_its_faults(
    app: Flask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clock: FixedClock,
    fault: dict[str, float],
) -> None:
    """Over real HTTP: after one bad answer the next try has the wall in place."""
    made = factories.subscription(login="budi.1")
    with routers.simulator(tmp_path, monkeypatch) as url:
        routers.behind(made, "simulator", {"base_url": url, "token": "dev-router"})
        root = url.removesuffix("/router")
        requests.post(f"{root}/faults", json={"target": "router", **fault}, timeout=5)
        wall_off(made)
        results = []
        for _ in range(2):
            results.append(reconcile.apply_access(made.id))
            clock.move(seconds=60)
        assert results[-1] == ("nothing" if results[0] == "applied" else "applied")
        state = requests.get(f"{url}/users/budi.1", timeout=5).json()["state"]
        assert state == "isolated"
        assert access(made).actual == "isolated"
        confirmed = db.session.scalars(select(Message.kind)).all()
        db.session.rollback()
        assert confirmed == ["isolation_notice"]
