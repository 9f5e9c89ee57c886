"""Time travel for the demo: each day of the journey runs the whole timetable.

Only the business clock moves (an offset in the database that every process reads);
leases and retries keep the machine's time. Refused on anything but demo data.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from flask import current_app

from portal.config import Settings
from portal.core.clock import SystemClock
from portal.demo.seed import MARKER, NotADemo
from portal.extensions import db
from portal.infra import timekeeping
from portal.settings import service as settings

OFFSET = "demo.offset_seconds"
LONGEST = 400


def advance(days: int, run_day: Callable[[], None]) -> Iterator[date]:
    """Move the demo's clock day by day, running `run_day` on each; yields the new dates.

    Raises NotADemo, and ValueError for a journey that is not 1 to 400 days.
    """
    config: Settings = current_app.extensions["loket.settings"]
    if config.production or not settings.internal(MARKER):
        raise NotADemo("Time travel works on demo data only: run `flask demo seed` first.")
    if not 1 <= days <= LONGEST:
        raise ValueError(f"Travel 1 to {LONGEST} days at a time.")
    offset = int(settings.internal(OFFSET, 0))
    real = current_app.extensions["loket.clock"]
    zone = timekeeping.zone()
    try:
        for _ in range(days):
            offset += 24 * 3600
            settings.set_internal(OFFSET, offset)
            db.session.commit()
            moved = timedelta(seconds=offset)
            current_app.extensions["loket.clock"] = SystemClock(zone, lambda at=moved: at)  # type: ignore[misc]
            run_day()
            yield timekeeping.today()
    finally:
        current_app.extensions["loket.clock"] = real
