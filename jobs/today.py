"""A whole day of the timetable at once, in this process: for the demo's time travel."""

from jobs.inline import work_off
from jobs.schedule import ENTRIES
from portal.extensions import db

ROUNDS = 20


def run_whole_day() -> None:
    """Every entry once, then everything it caused: routers, payments, messages."""
    for entry in ENTRIES:
        entry.run()
        db.session.commit()
    for _ in range(ROUNDS):
        if not work_off(limit=10_000, seconds=120):
            return
