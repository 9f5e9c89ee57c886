"""Signs of life: written, renewed, taken back at the end, and never in the way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from jobs.pulse import Pulse
from portal.config import ROOT
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra import heartbeat
from portal.infra.heartbeat import Heartbeat
from tests.conftest import environment


def until(question: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def rows() -> list[Heartbeat]:
    db.session.rollback()
    found = list(db.session.scalars(select(Heartbeat).order_by(Heartbeat.role)))
    for row in found:
        db.session.expunge(row)
    db.session.rollback()
    return found


def roles() -> list[str]:
    return [row.role for row in rows()]


def test_a_beat_is_one_row_that_is_renewed(app: Flask, clock: FixedClock) -> None:
    heartbeat.beat("messages")
    db.session.commit()
    clock.move(seconds=10)
    heartbeat.beat("messages")
    db.session.commit()

    (row,) = rows()
    assert (row.role, row.pid) == ("messages", os.getpid())
    assert (row.at - row.started_at).total_seconds() == 10
    clock.move(days=2)
    heartbeat.forget_the_dead()
    db.session.commit()
    assert roles() == []


def test_a_process_says_hello_and_goodbye(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.05)
    pulse = Pulse(app, "bulk")
    pulse.start()
    until(lambda: roles() == ["bulk"])
    pulse.stop()
    assert roles() == []


def test_a_database_that_is_away_stops_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.05)
    table = Heartbeat.__table__
    table.drop(db.engine)  # type: ignore[attr-defined]
    pulse = Pulse(app, "bulk")
    pulse.start()
    time.sleep(0.3)
    table.create(db.engine)  # type: ignore[attr-defined]
    until(lambda: roles() == ["bulk"])
    pulse.stop()


def test_workers_and_scheduler_beat_and_end_at_once(app: Flask, database_url: str) -> None:
    """Without Redis, too."""
    env = {**os.environ, **environment(database_url), "PYTHONPATH": str(ROOT)}
    commands = (["jobs.worker", "interactive", "bulk"], ["jobs.scheduler"])
    running = [subprocess.Popen([sys.executable, "-m", *command], env=env) for command in commands]
    try:
        until(lambda: roles() == ["bulk", "interactive", "scheduler"])
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            assert process.wait(10) == 0
    finally:
        for process in running:
            process.kill()
            process.wait()
    assert "scheduler" not in roles()
