"""From a confirmed broadcast to messages, 500 customers at a time, and its way to the end.

The cursor moves in the transaction that queues the messages, so a crash at any point neither
doubles nor loses anybody. Every function here that says so commits.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from portal.broadcasts import audience, timing, wording
from portal.broadcasts.audience import Audience
from portal.broadcasts.models import Broadcast
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.checkpoints import checkpoint
from portal.infra.database import updated
from portal.infra.timekeeping import now, wall
from portal.messaging import service as messaging
from portal.messaging.models import Message
from portal.messaging.service import NewMessage

log = logging.getLogger(__name__)

CHUNK = 500
SECONDS = 30.0
"""Budget of one tick, below JOB_TIMEOUT; the next tick goes on."""
MOVING = ("pending", "leased", "sending")
CANCELLED = "Siaran dibatalkan."


def batch_of(broadcast_id: int) -> str:
    """What its messages have in common."""
    return f"broadcast:{broadcast_id}"


def locked(broadcast_id: int) -> Broadcast | None:
    """The row, held until the end of the transaction: expansion, pause and cancel take turns."""
    return db.session.scalars(
        select(Broadcast)
        .where(Broadcast.id == broadcast_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def continue_all(seconds: float = SECONDS) -> int:
    """One tick: first what was stopped stays stopped, then what is confirmed is queued.

    Commits as it goes; returns how many messages were queued.
    """
    ends = time.monotonic() + seconds
    count = 0
    steps: Sequence[tuple[str, Callable[[int], int | None]]] = (
        ("paused", _keep_still),
        ("cancelled", _clear_away),
        ("queueing", lambda broadcast_id: expand(broadcast_id, ends)),
        ("sending", _finish),
    )
    for state, step in steps:
        for broadcast_id in _in(state):
            count += _alone(step, broadcast_id)
    return count


def _alone(step: Callable[[int], int | None], broadcast_id: int) -> int:
    """One broadcast that fails does not stop the others; it is tried again at the next tick."""
    try:
        return step(broadcast_id) or 0
    except Exception:
        db.session.rollback()
        log.exception("broadcast %s could not go on", broadcast_id)
        return 0


def _in(state: str) -> Sequence[int]:
    found = db.session.scalars(
        select(Broadcast.id)
        .where(Broadcast.state == state, Broadcast.finished_at.is_(None))
        .order_by(Broadcast.id)
    ).all()
    db.session.rollback()
    return found


def expand(broadcast_id: int, ends: float) -> int:
    """Queue chunk after chunk, each committed; returns how many messages."""
    count = 0
    while time.monotonic() < ends:
        queued, more = _chunk(broadcast_id)
        count += queued
        if not more:
            break
    return count


def _chunk(broadcast_id: int) -> tuple[int, bool]:
    """The next 500 customers; whether there may be more. Commits."""
    row = locked(broadcast_id)
    if row is None or row.state != "queueing":
        db.session.rollback()
        return 0, False
    people = db.session.execute(
        audience.people(Audience.stored(row.audience))
        .where(Customer.id > row.cursor)
        .order_by(Customer.id)
        .limit(CHUNK)
    ).all()
    checkpoint("broadcasts.read")
    messages = _messages(row, people)
    messaging.queue_many(messages)
    checkpoint("broadcasts.queued")
    more = len(people) == CHUNK
    row.queued += len(messages)
    row.skipped += len(people) - len(messages)
    if people:
        row.cursor = people[-1].id
    if not more:
        row.state = "sending"
    db.session.commit()
    checkpoint("broadcasts.committed")
    return len(messages), more


def _messages(row: Broadcast, people: Sequence[Any]) -> list[NewMessage]:
    """One for each distinct number and text that has none yet."""
    reachable = [person for person in people if not person.why]
    served = _served(row, {person.phone for person in reachable})
    expires, found = timing.fresh_until(), []
    for person in reachable:
        params = wording.params(row.body, person)
        copy = (person.phone, _same(params))
        if copy in served:
            continue
        served.add(copy)
        found.append(
            NewMessage(
                "broadcast",
                person.phone,
                f"broadcast:{row.id}:{person.id}",
                params,
                customer_id=person.id,
                batch=batch_of(row.id),
                language=person.language,
                expires_at=expires,
            )
        )
    return found


def _same(params: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """What makes two copies the same."""
    return frozenset(params.items())


def _served(row: Broadcast, phones: Collection[str]) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """What earlier chunks queued for these numbers; few numbers belong to two customers."""
    shared = db.session.scalars(
        select(Customer.phone).where(Customer.phone.in_(phones), Customer.id <= row.cursor)
    ).all()
    if not shared:
        return set()
    rows = db.session.execute(
        select(Message.recipient, Message.params).where(
            Message.batch == batch_of(row.id), Message.recipient.in_(set(shared))
        )
    )
    return {(recipient, _same(params)) for recipient, params in rows}


def refresh(broadcast_id: int) -> None:
    """What waits in a paused broadcast does not go stale: give it its two days again."""
    db.session.execute(
        update(Message)
        .where(
            Message.batch == batch_of(broadcast_id),
            Message.state == "pending",
            Message.expires_at < wall() + timedelta(days=1),
        )
        .values(expires_at=timing.fresh_until())
        .execution_options(synchronize_session=False)
    )


def _keep_still(broadcast_id: int) -> None:
    """A message that was on its way when the pause came may have come back to wait. Commits."""
    row = locked(broadcast_id)
    if row is not None and row.state == "paused":
        messaging.hold(batch_of(broadcast_id))
        refresh(broadcast_id)
    db.session.commit()


def _finish(broadcast_id: int) -> None:
    """Done once nothing of it waits or is on its way. Commits."""
    row = locked(broadcast_id)
    if row is not None and row.state == "sending" and not _moving(broadcast_id):
        row.state, row.finished_at = "done", now()
    db.session.commit()


def _clear_away(broadcast_id: int) -> None:
    """What came back after the cancelling ends too; then the broadcast is over. Commits."""
    if locked(broadcast_id) is None:
        db.session.rollback()
        return
    drop_waiting(broadcast_id, CANCELLED)
    if not _moving(broadcast_id):
        db.session.execute(
            update(Broadcast).where(Broadcast.id == broadcast_id).values(finished_at=now())
        )
    db.session.commit()


def drop_waiting(broadcast_id: int, reason: str) -> int:
    """Cancel what has not left; returns how many. The broadcast's own audit entry tells it."""
    return updated(
        update(Message)
        .where(Message.batch == batch_of(broadcast_id), Message.state == "pending")
        .values(state="cancelled", reason=reason[:500])
    )


def _moving(broadcast_id: int) -> bool:
    statement = select(Message.id).where(
        Message.batch == batch_of(broadcast_id), Message.state.in_(MOVING)
    )
    return db.session.scalar(statement.limit(1)) is not None
