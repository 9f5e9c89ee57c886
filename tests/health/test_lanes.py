"""What the lanes hold, how old it is, how fast it leaves, who works: from real rows."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.core.clock import FixedClock, SystemClock
from portal.extensions import db
from portal.health import board, checks, lanes
from portal.health.lanes import Lane
from portal.infra import inbox
from tests.conftest import NOW
from tests.health.life import ROLES, beats, put, tried


def lane(name: str) -> Lane:
    return next(found for found in lanes.lanes() if found.name == name)


def test_an_empty_outbox(app: Flask) -> None:
    for found in lanes.lanes():
        assert (found.waiting, found.oldest, found.rate, found.alive) == (0, None, 0, 0)


def test_counts_by_state(app: Flask) -> None:
    put("1", due=120)
    put("2", due=30)
    put("3", due=-3600)
    put("4", state="leased")
    put("5", state="sending")
    put("6", state="unknown")
    put("7", state="failed")
    put("8", state="failed", due=2 * 86400)
    put("9", lane="held")
    put("10", lane="bulk", due=10)

    found = lane("messages")
    assert (found.waiting, found.later, found.leased, found.sending) == (2, 1, 1, 1)
    assert (found.unknown, found.failed_today) == (1, 1)
    assert found.oldest == timedelta(seconds=120)
    assert lane("bulk").waiting == 1
    assert lanes.held() == 1


def test_today_is_the_machines_day_whatever_the_demo_shows(app: Flask) -> None:
    """When a message was due is machine time."""

    ahead = SystemClock(offset=lambda: timedelta(days=10), source=lambda: NOW)
    app.extensions["loket.clock"] = ahead
    put("1", state="failed")
    assert lane("messages").failed_today == 1


def test_the_rate_is_of_the_last_minute(app: Flask) -> None:
    for number, ago in enumerate((5, 30, 59, 61, 600)):
        tried(put(str(number), state="accepted"), ago)
    tried(put("refused", state="failed"), 5, "permanent")
    tried(put("bulk", lane="bulk", state="read"), 5)

    assert lane("messages").rate == 3
    assert lane("bulk").rate == 1


def test_more_than_the_sample_is_estimated(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "SAMPLE", 10)
    message_id = put("1", state="accepted")
    for second in range(30, 0, -1):
        tried(message_id, second)

    assert lane("messages").rate == 60


def test_the_network_lane_counts_callbacks_and_routers(app: Flask, clock: FixedClock) -> None:
    inbox.store("pakasir", b"{}", {})
    db.session.commit()
    clock.move(minutes=2)

    found = lane("network")
    assert (found.waiting, found.oldest) == (1, timedelta(minutes=2))


@pytest.mark.parametrize(
    ("name", "minutes", "rate", "level", "says"),
    [
        ("messages", None, 0, "ok", "Lancar"),
        ("messages", 2, 0, "warn", "Lambat: yang tertua menunggu 2 menit"),
        ("messages", 6, 0, "bad", "Macet: yang tertua menunggu 6 menit"),
        ("bulk", 180, 20, "warn", "Bergerak, yang tertua menunggu 3 jam"),
        ("interactive", 6, 20, "bad", "Macet"),
    ],
)
def test_a_lane_in_words(
    app: Flask, name: str, minutes: int | None, rate: int, level: str, says: str
) -> None:
    oldest = None if minutes is None else timedelta(minutes=minutes)
    state = board.lane_state(Lane(name, oldest=oldest, rate=rate, alive=1))
    assert state.level == level
    assert says in state.sentence


def test_without_a_worker_a_lane_is_red(app: Flask) -> None:
    beats("messages", silent=61)
    beats("messages", silent=59, pid=8)
    beats("bulk", silent=61)

    assert lane("messages").alive == 1
    assert lane("bulk").alive == 0
    assert board.lane_state(lane("bulk")).level == "bad"
    assert "Tidak ada pekerja" in board.lane_state(lane("bulk")).sentence


def test_doctor_misses_who_is_not_heard(app: Flask) -> None:
    assert checks.heartbeats().level == "warn"
    beats(*(role for role in ROLES if role != "bulk"))
    assert checks.heartbeats().sentence.startswith("nobody heard for a minute: bulk;")
    beats("bulk")
    assert checks.heartbeats().level == "ok"


def test_doctor_says_what_waits_too_long(app: Flask) -> None:
    put("1", due=299)
    assert checks.outbox().level == "ok"
    put("2", due=301)
    assert checks.outbox().level == "warn"
    assert "messages 5 min" in checks.outbox().sentence
    tried(put("3", state="accepted"))
    assert checks.outbox().level == "ok"
    assert "gets on" in checks.outbox().sentence


def test_doctor_prints_both(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert "WARN heartbeats" in result.output
    assert "ok   outbox" in result.output
