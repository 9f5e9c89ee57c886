"""A customer's messages and answers in one line of time, for the screens about one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.customers.models import Customer
from portal.extensions import db
from portal.messaging import inbound
from portal.messaging.models import Message
from portal.messaging.models_inbound import InboundMessage


@dataclass(frozen=True)
class Said:
    """Either a message of ours or an answer."""

    at: datetime
    message: Message | None = None
    answer: InboundMessage | None = None


def with_customer(customer: Customer, limit: int = 20) -> list[Said]:
    """The newest first. An answer from a shared number belongs to whom the answered message
    was for; without that, it is shown with everybody on that number."""
    ours: Sequence[Message] = db.session.scalars(
        select(Message)
        .where(Message.customer_id == customer.id)
        .order_by(Message.id.desc())
        .limit(limit)
    ).all()
    phones = [phone for phone in (customer.phone, customer.phone_alt) if phone]
    theirs = inbound.of_customer(customer.id, phones, limit)
    said = [Said(row.created_at, message=row) for row in ours]
    said += [Said(row.at, answer=row) for row in theirs]
    return sorted(said, key=lambda one: one.at, reverse=True)[:limit]
