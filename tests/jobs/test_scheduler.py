"""The scheduler: one leads, another takes over, and the work goes on while Redis is away."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from jobs.schedule import Entry
from jobs.scheduler import LEASE_SECONDS, Scheduler
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra import locks, queue
from portal.infra.locks import LeaderLease
from portal.infra.schedule import ScheduleRun
from portal.infra.timekeeping import wall
from portal.network import isolation
from portal.network.models import NetworkAccess
from tests import factories
from tests.faults.server import Server
from tests.network.routers import Beside


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "var")
    yield server
    server.kill()


@pytest.fixture
def extra_env(redis_server: Server) -> dict[str, str]:
    return {"REDIS_URL": redis_server.url}


def leader() -> str:
    found = db.session.query(LeaderLease.holder).scalar()
    db.session.rollback()
    return found


def ran() -> set[str]:
    found = {name for (name,) in db.session.query(ScheduleRun.name)}
    db.session.rollback()
    return found


def forget_runs() -> None:
    db.session.query(ScheduleRun).delete()
    db.session.commit()


def waiting_line() -> int:
    """A line the router must be told about; without a router nobody is asked."""
    line = factories.subscription()
    isolation.isolate_by_hand(line.id, "uji")
    db.session.commit()
    return line.id


def done(line_id: int) -> bool:
    return factories.fresh(NetworkAccess, line_id).next_at is None


def test_one_leads_and_the_other_waits_for_the_lease(app: Flask, clock: FixedClock) -> None:
    first, second = Scheduler(app), Scheduler(app)
    first.tick()
    assert leader() == first.holder and "sweep_messages" in ran()
    forget_runs()
    second.tick()
    assert leader() == first.holder and ran() == set()
    clock.move(seconds=LEASE_SECONDS - 1)
    first.tick()  # keeps it
    clock.move(seconds=LEASE_SECONDS - 1)
    second.tick()
    assert leader() == first.holder
    clock.move(seconds=2)
    second.tick()
    assert leader() == second.holder and "sweep_messages" in ran()
    forget_runs()
    first.next_run.clear()
    first.tick()  # was frozen, comes back: does nothing any more
    assert leader() == second.holder and ran() == set()


def test_who_resigns_makes_room_at_once(app: Flask, clock: FixedClock) -> None:
    first, second = Scheduler(app), Scheduler(app)
    first.tick()
    first.stop()
    first.loop()
    clock.move(seconds=0.001)
    second.tick()
    assert leader() == second.holder
    locks.resign("scheduler", first.holder, wall())  # a late goodbye of the old one
    assert locks.lead("scheduler", second.holder, wall(), LEASE_SECONDS)
    assert not locks.lead("scheduler", first.holder, wall(), LEASE_SECONDS)


def test_of_many_that_start_together_one_leads(app: Flask) -> None:
    start = threading.Barrier(6)

    def lead(name: str) -> bool:
        start.wait(10)
        return locks.lead("scheduler", name, wall(), LEASE_SECONDS)

    racers = [Beside(app, lambda name=f"s{n}": lead(name)) for n in range(6)]  # type: ignore[misc]
    assert [racer.join() for racer in racers].count(True) == 1


def test_a_long_machine_name_fits_and_twins_differ(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "k" * 63)
    one, two = Scheduler(app), Scheduler(app)
    assert one.holder != two.holder, "two containers may share name and process number"
    width = LeaderLease.__table__.c.holder.type.length
    assert len(one.holder) <= width
    one.tick()
    assert leader() == one.holder


def test_without_redis_the_lanes_work_is_done_here_after_a_while(
    app: Flask, redis_server: Server
) -> None:
    line = waiting_line()
    scheduler = Scheduler(app, inline_after=3600)
    scheduler.tick()
    assert {"issue_invoices", "isolate", "remind"} <= ran(), "the night's work does not wait"
    assert not scheduler.inline and not done(line)
    scheduler.inline_after = 0
    scheduler.tick()
    assert done(line)
    redis_server.start()
    other = waiting_line()
    scheduler.tick()
    assert scheduler.bell_lost is None and not done(other), "the lanes have it back"


def test_with_redis_a_lanes_entry_is_rung_for_not_run(app: Flask, redis_server: Server) -> None:
    redis_server.start()
    Scheduler(app).tick()
    assert {"sweep_messages", "sweep_hooks"} <= ran()
    assert not {"isolate", "remind"} & ran()
    assert redis_server.ask().llen("rq:queue:bulk") >= 2


@pytest.mark.parametrize("fault", ["freeze", "kill", "fill_up"])
def test_the_minute_counts_from_the_first_unanswered_ring(
    app: Flask, redis_server: Server, fault: str
) -> None:
    """Also when Redis answers a ping but takes nothing any more."""
    redis_server.start()
    scheduler = Scheduler(app, inline_after=0)
    scheduler.tick()
    assert not scheduler.inline
    line = waiting_line()
    getattr(redis_server, fault)()
    try:
        scheduler.tick()
        assert scheduler.inline and done(line)
    finally:
        redis_server.thaw()


def test_a_ring_is_heard_again_as_soon_as_redis_is_back(app: Flask, redis_server: Server) -> None:
    bell = queue.bell()
    assert not bell.ring(queue.DRAIN_MESSAGES)
    redis_server.start()
    assert not bell.ring(queue.DRAIN_MESSAGES), "not asked again for a while"
    assert bell.alive()
    assert bell.ring(queue.DRAIN_MESSAGES)


def test_an_entry_that_fails_is_written_down_and_stops_nothing(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    scheduler = Scheduler(app)
    seen: list[str] = []

    def fail() -> None:
        db.session.add(ScheduleRun(name="half done"))
        raise ZeroDivisionError

    for entry in (Entry("bad", 1, fail), Entry("good", 1, lambda: seen.append("good"))):
        scheduler._start(entry)
    row = factories.fresh(ScheduleRun, "bad")
    assert row.error == "ZeroDivisionError" and row.finished_at is not None
    assert seen == ["good"] and factories.fresh(ScheduleRun, "good").error == ""
    assert "half done" not in ran(), "half of it is not kept"
    assert "timetable entry bad failed" in caplog.text
