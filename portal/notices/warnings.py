"""Whether the warnings before isolation have left, so that their hours count from then."""

from sqlalchemy import and_, or_, select, update

from portal.extensions import db
from portal.infra.timekeeping import now
from portal.invoices.models import Invoice
from portal.messaging.models import Message
from portal.network.models import NetworkAccess

LEFT = ("accepted", "sent", "delivered", "read")
# No more will come of these. Their hours count from now, or a dead number would never be isolated.
GIVEN_UP = ("failed", "expired", "cancelled", "unknown")


def note_sent() -> int:
    """Write down when warnings left or were given up; returns how many. The caller commits."""
    lines = db.session.scalars(
        select(NetworkAccess.subscription_id)
        .join(
            Invoice,
            and_(
                Invoice.subscription_id == NetworkAccess.subscription_id,
                Invoice.due_on == NetworkAccess.warned_for,
            ),
        )
        .join(Message, Message.invoice_id == Invoice.id)
        .where(
            NetworkAccess.warned_for.is_not(None),
            NetworkAccess.warned_at.is_(None),
            Message.kind == "overdue_notice",
            Message.subscription_id == NetworkAccess.subscription_id,
            or_(
                Message.state.in_(LEFT),
                Message.state.in_(GIVEN_UP),
                Message.handled_at.is_not(None),
            ),
        )
    ).all()
    for subscription_id in sorted(set(lines)):
        db.session.execute(
            update(NetworkAccess)
            .where(
                NetworkAccess.subscription_id == subscription_id,
                NetworkAccess.warned_at.is_(None),
            )
            .values(warned_at=now())
        )
    return len(set(lines))
