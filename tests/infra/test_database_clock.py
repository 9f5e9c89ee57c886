"""The shared clock: the server's time, counted on between two answers, never blocked by it."""

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy.exc import OperationalError

from portal.infra import database_clock

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


class Server:
    """A database clock that can go away."""

    def __init__(self) -> None:
        self.now = START
        self.asked = 0
        self.away = False

    def __call__(self, app: Flask) -> datetime:
        self.asked += 1
        if self.away:
            raise OperationalError("SELECT", {}, Exception("gone"))
        return self.now


def test_the_server_is_asked_now_and_then_and_counted_on_between(app: Flask) -> None:
    server, ticks = Server(), [0.0]
    read = database_clock.reader(app, server, lambda: ticks[0])

    assert read() == START
    ticks[0] = 29.0
    assert read() == START + timedelta(seconds=29)
    assert server.asked == 1
    server.now = START + timedelta(hours=1)
    ticks[0] = 31.0
    assert read() == START + timedelta(hours=1)
    assert server.asked == 2


def test_without_the_server_time_goes_on(app: Flask) -> None:
    server, ticks = Server(), [0.0]
    read = database_clock.reader(app, server, lambda: ticks[0])
    read()
    server.away = True
    ticks[0] = 100.0

    assert read() == START + timedelta(seconds=100)
    ticks[0] = 101.0
    assert read() == START + timedelta(seconds=101)
    assert server.asked == 2


def test_a_server_that_never_answered_leaves_the_machine_time(app: Flask) -> None:
    server = Server()
    server.away = True
    read = database_clock.reader(app, server)

    assert abs(read() - datetime.now(UTC)) < timedelta(seconds=5)
