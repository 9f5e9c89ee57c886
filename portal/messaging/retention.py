"""Forgetting what messages said once nobody needs it: words go, the row and its key stay.

The key must stay, or the same event would be told a second time.
"""

from datetime import timedelta

from sqlalchemy import select, update

from portal.extensions import db
from portal.infra.database import updated
from portal.infra.timekeeping import now
from portal.messaging.models import Message, MessageAttempt
from portal.settings import service as settings

CHUNK = 2000
MARK = "messages.cleared_up_to"
ENDED = ("accepted", "sent", "delivered", "read", "failed", "expired", "cancelled", "unknown")


def clear_old() -> int:
    """Empty one chunk of what is older than the owner keeps; returns how many were looked at.

    The caller commits, and calls again until it is 0.
    """
    edge = now() - timedelta(days=settings.integer("messages.retention_days"))
    ids = db.session.scalars(
        select(Message.id)
        .where(Message.id > settings.fresh_internal(MARK, 0), Message.created_at < edge)
        .order_by(Message.id)
        .limit(CHUNK)
    ).all()
    if not ids:
        return 0
    updated(
        update(MessageAttempt)
        .where(MessageAttempt.message_id.in_(ids))
        .values(payload="", answer="")
    )
    updated(
        update(Message)
        .where(Message.id.in_(ids), Message.state.in_(ENDED))
        .values(params={}, body=None)
    )
    settings.set_internal(MARK, ids[-1])
    return len(ids)
