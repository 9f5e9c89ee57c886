"""Reading subscriptions for screens."""

from collections.abc import Sequence

from sqlalchemy import select

from portal.extensions import db
from portal.subscriptions.models import Subscription


def lines_of(customer_id: int) -> Sequence[Subscription]:
    """A customer's lines that have not ended, with their plans."""
    return db.session.scalars(
        select(Subscription)
        .where(Subscription.customer_id == customer_id, Subscription.state != "ended")
        .order_by(Subscription.id)
    ).all()
