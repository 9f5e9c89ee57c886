"""Reading orders for screens."""

from typing import Any

from sqlalchemy import Select, select

from portal.extensions import db
from portal.orders.models import ServiceOrder
from portal.orders.states import OPEN

LISTS: dict[str, tuple[str, ...]] = {
    "open": OPEN,
    "mine": OPEN,
    "unpaid": ("pending",),
    "over": ("done", "cancelled", "expired"),
}


def by_token(token: str) -> ServiceOrder | None:
    """The order whose page this is."""
    return db.session.scalar(select(ServiceOrder).where(ServiceOrder.token == token))


def of_customer(customer_id: int, limit: int = 20) -> list[ServiceOrder]:
    """A customer's orders, the newest first."""
    return list(
        db.session.scalars(
            select(ServiceOrder)
            .where(ServiceOrder.customer_id == customer_id)
            .order_by(ServiceOrder.id.desc())
            .limit(limit)
        )
    )


def listed(which: str, staff_id: int) -> Select[Any]:
    """The staff list: what is agreed for the earliest day first, then what waits longest."""
    states = LISTS.get(which, OPEN)
    found = select(ServiceOrder).where(ServiceOrder.state.in_(states))
    if which == "mine":
        found = found.where(ServiceOrder.technician_id == staff_id)
    if which == "over":
        return found.order_by(ServiceOrder.id.desc())
    return found.order_by(
        ServiceOrder.scheduled_on.is_(None), ServiceOrder.scheduled_on, ServiceOrder.id
    )
