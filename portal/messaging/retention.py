"""Forgetting what messages said once nobody needs it: words go, the row and its key stay.

The key must stay, or the same event would be told a second time. Messages that still wait
keep their words, and are looked at again when everything older is done.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from portal.extensions import db
from portal.infra.database import updated
from portal.infra.timekeeping import now
from portal.messaging.finding import MARGIN, first_id
from portal.messaging.models import Message, MessageAttempt
from portal.settings import service as settings

CHUNK = 2000
MARK = "messages.cleared_up_to"
LEFT = "messages.not_cleared"
ENDED = (
    "accepted",
    "sent",
    "delivered",
    "read",
    "manual",
    "failed",
    "expired",
    "cancelled",
    "unknown",
)


def clear_old() -> int:
    """Empty one chunk of what is older than the owner keeps; returns how many were looked at.

    The caller commits, and calls again until it is 0.
    """
    edge = now() - timedelta(days=settings.integer("messages.retention_days"))
    ids = db.session.scalars(
        select(Message.id)
        .where(
            Message.id > settings.fresh_internal(MARK, 0),
            Message.id < first_id(edge + MARGIN),
            Message.created_at < edge,
        )
        .order_by(Message.id)
        .limit(CHUNK)
    ).all()
    _clear(ids)
    if ids:
        settings.set_internal(MARK, ids[-1])
    return len(ids)


def _clear(more: Sequence[int]) -> None:
    """Empty these and those left before, as far as they have ended; remember the others."""
    before = settings.fresh_internal(LEFT, [])
    looked_at = [*before, *more]
    ended = db.session.scalars(
        select(Message.id).where(Message.id.in_(looked_at), Message.state.in_(ENDED))
    ).all()
    if ended:
        updated(
            update(MessageAttempt)
            .where(MessageAttempt.message_id.in_(ended))
            .values(payload="", answer="")
        )
        updated(update(Message).where(Message.id.in_(ended)).values(params={}, body=None))
    left = sorted(set(looked_at) - set(ended))
    if left != before:
        settings.set_internal(LEFT, left)
