"""Working off the outbox: one urgent message, a lane, and the sweep after crashes.

`pending -> leased` (claims.py) `-> sending -> accepted` (handover.py); what a crash left
behind is brought back here or put to the policy (recovery.py). Everything commits by itself
and may run in any number of processes at once.
"""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from flask import current_app
from sqlalchemy import select

from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.infra.database import end_read
from portal.infra.timekeeping import wall
from portal.messaging import channels, recovery, service
from portal.messaging.claims import claim, claim_one
from portal.messaging.handover import send_claimed
from portal.messaging.models import Message

log = logging.getLogger(__name__)

BATCH = 16
THREADS = 8
SECONDS = 30
"""Budget of one drain: with the last batch's slowest answers still below JOB_TIMEOUT."""


def ready() -> bool:
    """Whether anything may be sent: switched on, a channel chosen and not paused."""
    end_read()
    try:
        channel = channels.active()
    except Misconfigured:
        channel = None
    finally:
        db.session.rollback()
    return channels.sending_enabled() and channel is not None and not channel.paused


def deliver(message_id: int) -> bool:
    """Claim and send one message now; False when it was not ours to send."""
    if not ready():
        return False
    token = claim_one(message_id)
    if token is None:
        return False
    send_claimed(message_id, token)
    return True


def drain(lane: str, *, limit: int = 500, seconds: float = SECONDS) -> int:
    """Send what is due in a lane, several at a time, within a budget; returns how many.

    Rings again when the budget ended before the lane was empty.
    """
    deadline = time.monotonic() + seconds
    done = 0
    while ready():
        if done >= limit or time.monotonic() > deadline:
            _ring_for(_waiting(lane))
            break
        token, ids = claim(lane, min(BATCH, limit - done))
        if not ids:
            break
        _send_all(ids, token)
        done += len(ids)
    return done


def _send_all(ids: Sequence[int], token: str) -> None:
    """Side by side, each with its own application context and session."""
    if len(ids) == 1:
        send_claimed(ids[0], token)
        return
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def send(message_id: int) -> None:
        with app.app_context():
            try:
                send_claimed(message_id, token)
            except Exception:
                log.exception("message %s was not recorded; the sweep will find it", message_id)

    with ThreadPoolExecutor(max_workers=min(THREADS, len(ids))) as pool:
        list(pool.map(send, ids))


def sweep() -> int:
    """Bring back what a crash left behind and ring for what waits; returns how many wait."""
    recovery.free_dead_leases()
    recovery.expire_stale()
    recovery.settle_interrupted()
    recovery.settle_unknown()
    db.session.commit()
    waiting = _waiting()
    if waiting and ready():
        _ring_for(waiting)
    db.session.rollback()
    return len(waiting)


def _waiting(lane: str | None = None) -> list[tuple[int, str]]:
    """Id and lane of messages that are due, the longest waiting first."""
    due = select(Message.id, Message.lane).where(
        Message.state == "pending", Message.next_at <= wall()
    )
    if lane is not None:
        due = due.where(Message.lane == lane)
    rows = db.session.execute(due.order_by(Message.next_at, Message.id).limit(200)).all()
    return [(row.id, row.lane) for row in rows]


def _ring_for(waiting: Sequence[tuple[int, str]]) -> None:
    for message_id, lane in waiting:
        service.ring(lane, message_id)
    db.session.commit()
