"""Many messages of a filter at once: which may be sent again and which not, and cancelling.

What was shown before the confirmation is what is done after it: `below` closes the filter
upwards, so messages that came in between are left alone.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from portal.extensions import db
from portal.infra import audit
from portal.messaging import recheck, service
from portal.messaging.finding import Filter, conditions, in_states
from portal.messaging.models import Message
from portal.messaging.resending import AGAIN, copy_of, never

MOST_AT_ONCE = 1000
COUNTED = 10_000
"""What is out of the question is counted only up to here."""


@dataclass(frozen=True)
class Selection:
    """What would be sent again, and why the rest not, by reason. `more` were not looked at."""

    chosen: Sequence[Message]
    skipped: Counter[str]
    more: bool
    waiting: int


def top() -> int:
    """An id above all messages there are now."""
    return (db.session.scalar(select(func.max(Message.id))) or 0) + 1


def select_again(wanted: Filter, below: int) -> Selection:
    """The newest of the filter that ended without arriving, at most MOST_AT_ONCE."""
    narrowed = [*conditions(wanted), Message.id < below]
    ended = db.session.scalars(
        select(Message)
        .where(*narrowed, in_states(AGAIN))
        .order_by(Message.id.desc())
        .limit(MOST_AT_ONCE + 1)
    ).all()
    chosen, skipped = _sort(ended[:MOST_AT_ONCE])
    others = _count(*narrowed, ~in_states(AGAIN))
    if others:
        skipped["Masih dalam perjalanan atau sudah sampai."] = others
    waiting = _count(*narrowed, in_states(("pending",)))
    return Selection(chosen, skipped, len(ended) > MOST_AT_ONCE, waiting)


def _count(*where: ColumnElement[bool]) -> int:
    limited: Any = select(Message.id).where(*where).limit(COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(limited)) or 0


def _sort(messages: Sequence[Message]) -> tuple[list[Message], Counter[str]]:
    """Those that may go again, and the reasons of the others."""
    known = [message for message in messages if not never(message)]
    facts = recheck.gather(known)
    repeated = set(
        db.session.scalars(
            select(Message.parent_id).where(Message.parent_id.in_([m.id for m in known]))
        )
    )
    chosen: list[Message] = []
    skipped: Counter[str] = Counter()
    for message in messages:
        if sentence := never(message):
            skipped[sentence] += 1
        elif message.id in repeated:
            skipped["Sudah pernah dikirim ulang."] += 1
        elif stop := recheck.outlived(message, facts):
            skipped[stop.reason] += 1
        else:
            chosen.append(message)
    return chosen, skipped


def resend_many(wanted: Filter, below: int) -> int:
    """Queue all of them again in one statement; returns how many. The same form sent twice
    finds them repeated, and two at the same moment find the keys taken."""
    chosen = select_again(wanted, below).chosen
    new_ids = service.queue_many([copy_of(message, 0, {}) for message in chosen])
    if new_ids:
        after = {"count": len(new_ids), "filter": wanted.query()}
        audit.record("message.resend_many", "messages", after=after)
    return len(new_ids)


def cancel_many(wanted: Filter, below: int, reason: str) -> int:
    """Take the waiting ones of the filter out, at most MOST_AT_ONCE; returns how many."""
    ids = db.session.scalars(
        select(Message.id)
        .where(*conditions(wanted), Message.id < below, in_states(("pending",)))
        .order_by(Message.id.desc())
        .limit(MOST_AT_ONCE)
    ).all()
    cancelled = db.session.scalars(
        update(Message)
        .where(Message.id.in_(ids), Message.state == "pending")
        .values(state="cancelled", reason=reason[:500])
        .returning(Message.id)
    ).all()
    for message_id in cancelled:
        audit.record("message.cancel", f"message:{message_id}", reason=reason)
    return len(cancelled)
