"""Somebody set the clock back: nothing waits until the old time comes again."""

from datetime import timedelta

from sqlalchemy import select, update

from portal.extensions import db
from portal.infra import inbox
from portal.infra.database import updated
from portal.infra.schedule import ScheduleRun
from portal.infra.timekeeping import wall
from portal.messaging import meters
from portal.messaging.claims import LEASE
from portal.messaging.models import Message

CLOCK_TOLERANCE = timedelta(seconds=30)
LONGEST_WAITS = timedelta(hours=2)
"""Above every wait before another try."""


def notice() -> int:
    """What was due before somebody set the clock back, or would have been soon, is looked at
    now: what has to wait longer is told so again. A lease that ends later than one taken now
    would is nobody's. Returns how many messages were concerned."""
    current = wall()
    # The last sweep ended in the future: only the first sweep after the change sees that.
    latest = db.session.scalar(
        select(ScheduleRun.finished_at).where(ScheduleRun.name == "sweep_messages")
    )
    if latest is None or latest <= current + CLOCK_TOLERANCE:
        return 0
    meters.clock_went_back(latest - current)
    inbox.clock_went_back(latest)
    soon = latest + LONGEST_WAITS
    due = (Message.state == "pending", Message.next_at > current, Message.next_at <= soon)
    moved = updated(update(Message).where(*due).values(next_at=current))
    held = (Message.state.in_(("leased", "sending")), Message.lease_until > current + LEASE)
    return moved + updated(update(Message).where(*held).values(lease_until=current + LEASE))
