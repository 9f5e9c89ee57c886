"""Queueing messages: one row each, in the transaction of the event, once per dedupe key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from portal.core import recipients
from portal.extensions import db
from portal.infra import audit
from portal.infra import queue as bell
from portal.infra.database import is_postgres, updated
from portal.infra.timekeeping import now, wall
from portal.messaging import sending_hours
from portal.messaging.kinds import EVERY
from portal.messaging.models import Message

MAX_KEY = 120
HELD = "held"
CHANGED = "phone_changed:"
"""How the keys begin of what tells an old number that it was changed."""
BELLS = {
    "interactive": bell.DRAIN_INTERACTIVE,
    "messages": bell.DRAIN_MESSAGES,
    "bulk": bell.DRAIN_BULK,
}


class MessageError(ValueError):
    """The message cannot be handled so; a sentence in Indonesian."""


@dataclass(frozen=True)
class NewMessage:
    """A message to be queued. `recipient` in E.164, a group, or `tg:<chat id>`
    (`portal.core.recipients`); amounts in `params` in rupiah."""

    kind: str
    recipient: str
    dedupe_key: str
    params: Mapping[str, Any] = field(repr=False)
    customer_id: int | None = None
    invoice_id: int | None = None
    subscription_id: int | None = None
    otp_challenge_id: int | None = None
    parent_id: int | None = None
    batch: str | None = None
    body: str | None = field(default=None, repr=False)
    language: str = "id"
    expires_at: datetime | None = None


def queue(
    kind: str, recipient: str, dedupe_key: str, params: Mapping[str, Any], **about: Any
) -> int | None:
    """Queue one message; returns its id, or None when the key was queued before."""
    ids = queue_many([NewMessage(kind, recipient, dedupe_key, params, **about)])
    return ids[0] if ids else None


def queue_many(messages: Sequence[NewMessage]) -> list[int]:
    """Queue a chunk in one statement; returns the ids of the new ones and rings for them."""
    if not messages:
        return []
    insert = (postgresql if is_postgres() else sqlite).insert(Message)
    result = db.session.execute(
        insert.on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(
            Message.id, Message.lane
        ),
        [_row(message) for message in messages],
    )
    ids = []
    for message_id, lane in result:
        ids.append(message_id)
        if lane in BELLS:
            bell.ring(BELLS[lane])
    return sorted(ids)


def _row(message: NewMessage) -> dict[str, Any]:
    if len(message.dedupe_key) > MAX_KEY:
        raise ValueError("a dedupe key that is cut off would silence other messages")
    if recipients.reach_of(message.recipient) == recipients.TELEGRAM:
        recipients.TelegramChat.parse(message.recipient)
    kind = EVERY[message.kind]
    stamp = wall()
    expires = message.expires_at
    if expires is None and kind.stale_after is not None:
        expires = stamp + kind.stale_after
    opens = stamp + sending_hours.opening_wait(message.kind)
    return {
        "dedupe_key": message.dedupe_key,
        "kind": message.kind,
        "lane": kind.lane,
        "recipient": message.recipient,
        "language": message.language,
        "customer_id": message.customer_id,
        "invoice_id": message.invoice_id,
        "subscription_id": message.subscription_id,
        "otp_challenge_id": message.otp_challenge_id,
        "parent_id": message.parent_id,
        "batch": message.batch,
        "body": message.body,
        "params": dict(message.params),
        "state": "pending",
        "reason": "",
        "attempts": 0,
        "next_at": opens,
        "expires_at": expires,
        "driver": "",
        "created_at": now(),
    }


def cancel(message_id: int, reason: str) -> bool:
    """Take a waiting message out; False when it already left. Audited."""
    cancelled = updated(
        update(Message)
        .where(Message.id == message_id, Message.state == "pending")
        .values(state="cancelled", reason=reason[:500])
    )
    if cancelled:
        audit.record("message.cancel", f"message:{message_id}", reason=reason)
    return cancelled == 1


def readdress(customer_id: int, old: str, new: str) -> int:
    """What waits for a customer's old number goes to the new one; returns how many.

    Not login codes, not what tells the old number of the change, and nothing that may have
    arrived there already.
    """
    waiting = (
        Message.customer_id == customer_id,
        Message.recipient == old,
        Message.state.in_(("pending", "manual")),
        Message.bound_to.is_(None),
        Message.kind != "otp_code",
        Message.dedupe_key.not_like(f"{CHANGED}%"),
    )
    return updated(update(Message).where(*waiting).values(recipient=new))


def hold(batch: str) -> int:
    """Let nothing more of a batch leave for now; returns how many were waiting."""
    waiting = (Message.batch == batch, Message.state == "pending", Message.lane != HELD)
    return updated(update(Message).where(*waiting).values(lane=HELD))


def release(batch: str, lane: str = "bulk") -> int:
    """End the hold; returns how many go on, and rings for them."""
    held = (Message.batch == batch, Message.state == "pending", Message.lane == HELD)
    released = updated(update(Message).where(*held).values(lane=lane, next_at=wall()))
    if released:
        bell.ring(BELLS[lane])
    return released


def cancel_batch(batch: str, reason: str) -> int:
    """Take every waiting message of a batch out; returns how many. Audited."""
    cancelled = updated(
        update(Message)
        .where(Message.batch == batch, Message.state == "pending")
        .values(state="cancelled", reason=reason[:500])
    )
    audit.record("message.cancel", f"batch:{batch}", reason=reason, after={"count": cancelled})
    return cancelled
