"""Short ways to queue a message in a test and to look at it afterwards."""

from typing import Any

from sqlalchemy import select

from portal.extensions import db
from portal.messaging import service
from portal.messaging.models import Message, MessageAttempt
from tests import factories

REMINDER = {"name": "Budi", "amount": 165_000, "days_left": 3, "customer_number": "PLG-1"}
CONFIRMATION = {
    "name": "Budi",
    "amount": 165_000,
    "payment_number": "PAY-1",
    "paid_at": "2026-11-21T03:00:00+00:00",
    "status": "Lunas",
}
PHONE = "+6281234567890"


def queued(kind: str = "payment_confirmation", key: str = "1", **about: Any) -> int:
    """A committed message; returns its id."""
    params = about.pop(
        "params", REMINDER if kind.endswith(("reminder", "notice")) else CONFIRMATION
    )
    message_id = service.queue(kind, about.pop("to", PHONE), f"{kind}:{key}", params, **about)
    db.session.commit()
    assert message_id is not None
    return message_id


def message(message_id: int) -> Message:
    return factories.fresh(Message, message_id)


def states() -> list[str]:
    return [row.state for row in factories.every(Message)]


def attempts(message_id: int) -> list[MessageAttempt]:
    db.session.rollback()
    rows = list(
        db.session.scalars(
            select(MessageAttempt)
            .where(MessageAttempt.message_id == message_id)
            .order_by(MessageAttempt.id)
        )
    )
    for row in rows:
        db.session.expunge(row)
    db.session.rollback()
    return rows
