"""Leases on messages: taking one, giving it back, leaving with it. Nothing is sent here.

The row count of a guarded UPDATE says who won; the token is the fence. Every function
commits.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from portal.extensions import db
from portal.infra.database import is_postgres, updated
from portal.infra.locks import LEASE, new_lease_token
from portal.infra.timekeeping import wall
from portal.messaging.models import Message


def claim(lane: str, limit: int) -> tuple[str, list[int]]:
    """Take up to `limit` due messages of a lane: pending -> leased.

    Returns the fencing token and the ids that are ours now, the longest waiting first.
    """
    due = (
        select(Message.id)
        .where(Message.lane == lane, Message.state == "pending", Message.next_at <= wall())
        .order_by(Message.next_at, Message.id)
        .limit(limit)
    )
    if is_postgres():
        due = due.with_for_update(skip_locked=True)
    return _lease(db.session.scalars(due).all())


def claim_one(message_id: int) -> str | None:
    """Take this one if it is due; the token, or None when somebody else has it."""
    token, ids = _lease([message_id])
    return token if ids else None


def _lease(ids: Sequence[int]) -> tuple[str, list[int]]:
    current, token = wall(), new_lease_token()
    taken: set[int] = set()
    if ids:
        statement = (
            update(Message)
            .where(Message.id.in_(ids), Message.state == "pending", Message.next_at <= current)
            .values(state="leased", lease_token=token, lease_until=current + LEASE)
            .returning(Message.id)
            .execution_options(synchronize_session=False)
        )
        taken = set(db.session.scalars(statement))
    db.session.commit()
    return token, [message_id for message_id in ids if message_id in taken]


def leave(message_id: int, token: str, state: str, reason: str) -> None:
    """A leased message that must not go out any more: cancelled, expired or failed."""
    _from_lease(message_id, token, state=state, reason=reason)


def give_back(message_id: int, token: str, seconds: float, **values: object) -> None:
    """A leased message waits for `seconds` and is then anybody's again."""
    later = wall() + timedelta(seconds=seconds)
    _from_lease(message_id, token, state="pending", next_at=later, **values)


def _from_lease(message_id: int, token: str, **values: object) -> None:
    updated(
        update(Message)
        .where(Message.id == message_id, Message.state == "leased", Message.lease_token == token)
        .values(lease_token=None, lease_until=None, **values)
    )
    db.session.commit()
