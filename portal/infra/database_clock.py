"""The database server's time, for machines whose clocks disagree.

Leases and due times are written on one machine and judged on another. Asked every half
minute per process; between two answers the process counts on by itself, on a clock that
nobody can set.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from portal.extensions import db

FRESH_SECONDS = 30.0


def reader(
    app: Flask,
    ask: Callable[[Flask], datetime] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Callable[[], datetime]:
    """A function that tells the server's time, as far as it could be asked."""
    asked = ask or _ask
    known: dict[str, tuple[datetime, float]] = {}

    def read() -> datetime:
        last = known.get("base")
        if last is None or monotonic() - last[1] > FRESH_SECONDS:
            try:
                last = asked(app), monotonic()
            except (SQLAlchemyError, OSError):
                # Out of reach: count on from what we know, else trust the machine.
                last = (_counted(last, monotonic) if last else datetime.now(UTC)), monotonic()
            known["base"] = last
        return _counted(last, monotonic)

    return read


def _counted(last: tuple[datetime, float], monotonic: Callable[[], float]) -> datetime:
    return last[0] + timedelta(seconds=monotonic() - last[1])


def _ask(app: Flask) -> datetime:
    """On a connection of its own: the caller may be in the middle of a transaction."""
    with app.app_context(), db.engine.connect() as connection:
        stamp: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return stamp.astimezone(UTC)
