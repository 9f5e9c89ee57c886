"""Working off the outbox: a lane, one message, and the sweep after crashes.

`pending -> leased` (claims.py) `-> sending -> accepted` (pump.py, ledger.py); what a crash left
behind is brought back here or put to the policy (recovery.py). Everything commits by itself
and may run in any number of processes at once.
"""

from collections.abc import Collection

from sqlalchemy import select

from portal.extensions import db
from portal.infra import queue as bell
from portal.infra.checkpoints import checkpoint
from portal.infra.database import end_read
from portal.infra.timekeeping import wall
from portal.messaging import channels, recovery, service
from portal.messaging.models import Message
from portal.messaging.pump import Pump

SECONDS = 30.0
"""Budget of one drain: with the last batch's slowest answers still below JOB_TIMEOUT."""
LANES = ("interactive", "messages", "bulk")


def ready() -> bool:
    """Whether anything may be sent: switched on, and a channel that is not resting."""
    end_read()
    usable = any(channel.usable for channel in channels.everything())
    db.session.rollback()
    return channels.sending_enabled() and usable


def deliver(message_id: int, only: str | None = None) -> bool:
    """Claim and send one message now, whatever the hour; False when it was not ours to send.

    `only` is the key of the channel to send it through, resting or not in force as it may be.
    """
    return Pump("interactive", seconds=SECONDS, only=only).run_one(message_id)


def drain(lane: str, *, limit: int | None = None, seconds: float = SECONDS) -> int:
    """Send what is due in a lane, many at a time, within a budget; returns how many.

    Rings again when the budget ended before the lane was empty.
    """
    pump = Pump(lane, seconds=seconds, limit=limit)
    done = pump.run()
    if pump.cut_short and ready():
        _ring_for(waiting_lanes((lane,)))
    return done


def sweep() -> int:
    """Bring back what a crash left behind and ring for what waits; returns how many lanes do."""
    recovery.run()
    checkpoint("messaging.swept")
    waiting = waiting_lanes()
    if waiting and ready():
        _ring_for(waiting)
    db.session.rollback()
    return len(waiting)


def waiting_lanes(lanes: Collection[str] = LANES) -> list[str]:
    """The lanes in which a message is due."""
    found = []
    for lane in lanes:
        due = select(Message.id).where(
            Message.lane == lane, Message.state == "pending", Message.next_at <= wall()
        )
        if db.session.scalar(due.limit(1)) is not None:
            found.append(lane)
    return found


def _ring_for(lanes: Collection[str]) -> None:
    for lane in lanes:
        bell.ring(service.BELLS[lane])
    db.session.commit()
