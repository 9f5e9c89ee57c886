"""Stored callbacks: processed once, postponed for good reasons, never lost without a word."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from unittest import mock

import pytest
from flask import Flask
from sqlalchemy import func, select

from jobs import inbox as jobs
from portal.core.clock import FixedClock
from portal.core.driverkit import Misconfigured, Retryable
from portal.extensions import db
from portal.infra import inbox, queue
from portal.infra.inbox import InboundHook
from portal.infra.locks import LEASE
from portal.infra.schedule import ScheduleRun
from portal.infra.timekeeping import wall
from tests import factories
from tests.network.routers import WAIT, Beside

Processor = Callable[[InboundHook], str]


@pytest.fixture
def understood() -> Iterator[Callable[[Processor], None]]:
    """Makes the source `uji` known, with this processor."""

    def use(processor: Processor) -> None:
        jobs.PROCESSORS["uji"] = processor

    yield use
    jobs.PROCESSORS.pop("uji", None)


def stored(body: bytes = b'{"a": 1}', source: str = "uji") -> int:
    hook_id = inbox.store(source, body, {"content-type": "application/json", "x-secret": "s"})
    db.session.commit()
    return hook_id


def row(hook_id: int) -> InboundHook:
    return factories.fresh(InboundHook, hook_id)


def kept() -> int:
    found = db.session.scalar(select(func.count()).select_from(ScheduleRun)) or 0
    db.session.rollback()
    return found


def work(change: bool = True, fault: Exception | None = None) -> Processor:
    """A processor that writes something and then ends as told."""

    def process(hook: InboundHook) -> str:
        if change:
            db.session.add(ScheduleRun(name=f"effect {hook.id}"))
            db.session.flush()
        if fault is not None:
            raise fault
        return "lunas"

    return process


def test_processed_once_with_its_outcome(app: Flask, understood: Callable[..., None]) -> None:
    understood(work())
    hook_id = stored()
    jobs.process_hook(hook_id)
    jobs.process_hook(hook_id)
    found = row(hook_id)
    assert (found.state, found.outcome, found.attempts) == ("processed", "lunas", 1)
    assert kept() == 1 and found.processed_at is not None
    assert found.headers == {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (inbox.NotYet("belum ada pesannya"), "belum ada pesannya"),
        (Retryable("gerbang sibuk"), "gerbang sibuk"),
        (Misconfigured("kunci salah"), "kunci salah"),
    ],
)
def test_later_is_later_and_leaves_nothing_half_done(
    app: Flask,
    clock: FixedClock,
    understood: Callable[..., None],
    fault: Exception,
    said: str,
) -> None:
    understood(work(fault=fault))
    hook_id = stored()
    jobs.process_hook(hook_id)
    found = row(hook_id)
    assert (found.state, found.outcome, found.attempts) == ("received", said, 1)
    assert wall() < found.next_at <= wall() + timedelta(minutes=1)
    assert kept() == 0
    assert inbox.due() == []
    clock.at = found.next_at
    assert inbox.due() == [hook_id]
    db.session.rollback()
    understood(work())
    jobs.process_hook(hook_id)
    assert row(hook_id).state == "processed" and kept() == 1


def test_a_fault_of_ours_is_postponed_and_raised(
    app: Flask, understood: Callable[..., None]
) -> None:
    understood(work(fault=ZeroDivisionError("081234567890")))
    hook_id = stored()
    with pytest.raises(ZeroDivisionError):
        jobs.process_hook(hook_id)
    found = row(hook_id)
    assert (found.state, found.outcome) == ("received", "kesalahan: ZeroDivisionError")
    assert found.next_at > wall() and kept() == 0


def test_a_source_nobody_knows_is_kept_and_said(app: Flask) -> None:
    hook_id = stored(source="tak dikenal")
    with pytest.raises(KeyError):
        jobs.process_hook(hook_id)
    assert row(hook_id).outcome == "kesalahan: KeyError"


def test_after_ten_tries_further_and_further_apart_it_is_left_as_failed(
    app: Flask, clock: FixedClock, understood: Callable[..., None]
) -> None:
    understood(work(fault=Retryable("sibuk")))
    hook_id, waits = stored(), []
    while (found := row(hook_id)).state == "received":
        clock.at = found.next_at
        before = wall()
        jobs.process_hook(hook_id)
        waits.append((row(hook_id).next_at - before).total_seconds())
    assert len(waits) == 10 and waits[:-1] == sorted(waits[:-1]) and max(waits) <= 3600
    assert (row(hook_id).state, row(hook_id).outcome) == ("failed", "sibuk")


def test_a_repeat_is_counted_and_looked_at_once_more(
    app: Flask, understood: Callable[..., None]
) -> None:
    understood(work(change=False))
    first = stored()
    jobs.process_hook(first)
    assert stored() == first
    assert (row(first).state, row(first).repeats) == ("received", 1)
    jobs.process_hook(first)
    assert (row(first).state, row(first).attempts) == ("processed", 2)


def test_a_repeat_of_a_failed_one_gets_all_its_tries_again(
    app: Flask, clock: FixedClock, understood: Callable[..., None]
) -> None:
    """What the provider says again is news: it must not die at the first hiccup."""
    understood(work(fault=Retryable("sibuk")))
    hook_id = stored()
    while (found := row(hook_id)).state == "received":
        clock.at = found.next_at
        jobs.process_hook(hook_id)
    stored()
    jobs.process_hook(hook_id)
    assert row(hook_id).state == "received"


def test_a_worker_that_died_with_it_is_replaced(
    app: Flask, clock: FixedClock, understood: Callable[..., None]
) -> None:
    hook_id = stored()
    assert inbox.claim(hook_id) is not None
    db.session.commit()  # and then killed
    understood(work())
    jobs.process_hook(hook_id)
    assert row(hook_id).state == "received" and kept() == 0
    clock.move(seconds=LEASE.total_seconds() + 1)
    assert inbox.due() == [hook_id]
    db.session.rollback()
    jobs.process_hook(hook_id)
    assert row(hook_id).state == "processed"


def test_many_workers_one_processing(app: Flask, understood: Callable[..., None]) -> None:
    understood(work())
    hook_id = stored()
    start = threading.Barrier(5)

    def go() -> None:
        start.wait(WAIT)
        jobs.process_hook(hook_id)

    for racer in [Beside(app, go) for _ in range(5)]:
        racer.join()
    assert (kept(), row(hook_id).attempts) == (1, 1)


def test_money_is_not_behind_word_about_messages(app: Flask) -> None:
    """A billing day brings thousands of statuses; a payment among them must not wait."""
    statuses = [inbox.store("whatsapp.meta", f"status {n}".encode(), {}) for n in range(3)]
    money = inbox.store("pakasir", b"payment", {})
    rung = list(db.session().info["rings"])
    db.session.commit()

    assert rung == [(queue.PROCESS_STATUSES,), (queue.PROCESS_HOOK, money)]
    assert queue.LANE_OF[queue.PROCESS_STATUSES] != queue.LANE_OF[queue.PROCESS_HOOK]
    assert inbox.due() == [money, *statuses]
    assert inbox.due(1) == [money]


def test_a_repeat_of_what_waits_is_not_rung_for_again(
    app: Flask, understood: Callable[..., None]
) -> None:
    """A gateway that says everything ten times must not make the lane ten times as long."""
    understood(work())

    def rung() -> list[tuple[str, int]]:
        """What one more of the same bytes rings for."""
        inbox.store("uji", b"the same", {})
        found = list(db.session().info.get("rings", {}))
        db.session.commit()
        return found

    assert [rung() for _ in range(3)] == [[(queue.PROCESS_HOOK, 1)], [], []]
    jobs.process_hook(1)
    assert rung() == [(queue.PROCESS_HOOK, 1)], "done with: looked at once more"


@pytest.mark.parametrize(("waiting", "rung"), [(0, 5), (2, 3), (5, 1), (900, 1)])
def test_a_sweep_rings_for_as_many_as_the_lane_has_room_for(
    app: Flask, monkeypatch: pytest.MonkeyPatch, waiting: int, rung: int
) -> None:
    """After the database was away the rings of thousands are spent; and a lane that is full must
    not be filled with the same ones every five seconds."""
    monkeypatch.setattr(inbox, "_ROOM", 5)
    monkeypatch.setattr(inbox, "_AT_LEAST", 1)
    ids = [inbox.store("pakasir", f"payment {n}".encode(), {}) for n in range(9)]
    db.session.commit()
    redis = mock.Mock(**{"llen.return_value": waiting})
    monkeypatch.setattr(queue.bell(), "redis", redis)

    inbox.ring_for_due()
    assert list(db.session().info["rings"]) == [(queue.PROCESS_HOOK, i) for i in ids[:rung]]
    db.session.rollback()


def test_statuses_are_worked_off_together_and_a_bad_one_alone(
    app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.messaging.rows import message, queued
    from tests.messaging.test_receipts import callback, status

    sent = [queued(key=str(n)) for n in range(3)]
    for n in range(3):
        callback([status("delivered", key=f"payment_confirmation:{n}", wamid=f"wamid.{n}")])
    foreign = inbox.store(
        "whatsapp.meta",
        b'{"entry":[{"changes":[{"value":{"statuses":[{"id":"wamid.x","status":"sent"}]}}]}]}',
        {},
    )
    odd = inbox.store("whatsapp.gone", b"{}", {})
    db.session.commit()

    jobs.process_statuses()

    db.session.rollback()
    assert [message(one).state for one in sent] == ["delivered"] * 3
    states = {row.id: row.state for row in db.session.scalars(select(InboundHook))}
    assert states.pop(foreign) == "received", "its message may still be stored"
    assert states.pop(odd) == "received", "tried again later"
    assert set(states.values()) == {"processed"}
    clock.move(minutes=10)
    db.session.rollback()
    jobs.process_statuses()
    db.session.rollback()
    row = db.session.get_one(InboundHook, foreign)
    assert (row.state, row.outcome) == ("processed", "1 status, 1 tidak dikenal")
