"""Leases on messages: taking them and giving them back. Nothing is sent here.

The row count of a guarded UPDATE says who won; the token is the fence. Claiming commits;
the rest is part of the caller's transaction.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, select, update

from portal.core import recipients
from portal.extensions import db
from portal.infra.database import is_postgres, unindexed
from portal.infra.locks import new_lease_token
from portal.infra.timekeeping import wall
from portal.messaging.models import Message

LEASE = timedelta(seconds=60)
"""How long a claimed message is ours: above the longest outside call with a stalled disk."""


class Claimed(NamedTuple):
    """A message as it was when we took it; plain values, so no row is kept open."""

    id: int
    kind: str
    lane: str
    recipient: str
    language: str
    dedupe_key: str
    params: dict[str, Any]
    body: str | None
    batch: str | None
    customer_id: int | None
    invoice_id: int | None
    subscription_id: int | None
    otp_challenge_id: int | None
    attempts: int
    expires_at: datetime | None
    created_at: datetime
    bound_to: str | None
    token: str

    @property
    def urgent(self) -> bool:
        """Whether somebody is waiting for it in front of a screen."""
        return self.lane == "interactive"


_WANTED = tuple(getattr(Message, name) for name in Claimed._fields if name != "token")


def claim(lane: str, limit: int, *, beside: bool = False) -> list[Claimed]:
    """Take up to `limit` due messages of a lane, the longest waiting first: pending -> leased.

    `beside`: only those to others than phones, while every channel for phones rests. One
    statement: every row that crosses from the database costs. Commits.
    """
    due = (
        select(Message.id)
        .where(Message.lane == lane, Message.state == "pending", Message.next_at <= wall())
        .order_by(Message.next_at, Message.id)
        .limit(limit)
    )
    if beside:
        due = due.where(Message.recipient.startswith(recipients.PREFIX))
    if is_postgres():
        # A plain subquery may be run again for every row, and would find more each time.
        locked = due.with_for_update(skip_locked=True).cte("due")
        due = select(locked.c.id)
    return _lease(Message.id.in_(due))


def claim_one(message_id: int) -> list[Claimed]:
    """Take this one if it waits, whatever its hour; empty when somebody else has it. Commits."""
    return _lease(Message.id == message_id)


def _lease(which: ColumnElement[bool]) -> list[Claimed]:
    token = new_lease_token()
    rows = db.session.execute(
        update(Message)
        .where(which, unindexed(Message.state) == "pending")
        .values(state="leased", lease_token=token, lease_until=wall() + LEASE)
        .returning(Message.next_at, *_WANTED)
        .execution_options(synchronize_session=False)
    ).all()
    db.session.commit()
    ordered = sorted(rows, key=lambda row: (row.next_at, row.id))
    return [Claimed._make((*row[1:], token)) for row in ordered]


class Ending(NamedTuple):
    """What becomes of a leased message that is not sent now."""

    claimed: Claimed
    state: str
    reason: str
    wait: float = 0.0
    burn: bool = False


def leave(endings: Iterable[Ending]) -> None:
    """leased -> pending again after `wait` seconds, or an exit. Guarded by the token."""
    current = wall()
    values = [
        {
            "b_id": ending.claimed.id,
            "b_token": ending.claimed.token,
            "b_state": ending.state,
            "b_reason": ending.reason[:500],
            "b_next": current + timedelta(seconds=ending.wait),
            "b_attempts": ending.claimed.attempts + ending.burn,
        }
        for ending in endings
    ]
    if values:
        db.session.connection().execute(_LEAVE, values)


_LEAVE = (
    update(Message.__table__)  # type: ignore[arg-type]
    .where(
        Message.__table__.c.id == bindparam("b_id"),
        Message.__table__.c.state == "leased",
        Message.__table__.c.lease_token == bindparam("b_token"),
    )
    .values(
        state=bindparam("b_state"),
        reason=bindparam("b_reason"),
        next_at=bindparam("b_next"),
        attempts=bindparam("b_attempts"),
        lease_token=None,
        lease_until=None,
    )
)
