"""One step of an order: a guarded UPDATE, its audit entry, its event. Every move is made here."""

from typing import Any

from sqlalchemy import select, update

from portal.extensions import db
from portal.infra import audit, events
from portal.infra.database import updated
from portal.infra.timekeeping import now
from portal.orders.events import ServiceOrderMoved
from portal.orders.models import ServiceOrder
from portal.orders.states import State, sources


class ServiceOrderError(ValueError):
    """The order cannot be so; a sentence for whoever asked."""


def hold(order_id: int) -> ServiceOrder:
    """The order, fresh and locked until the transaction ends."""
    return db.session.scalars(
        select(ServiceOrder)
        .where(ServiceOrder.id == order_id)
        .with_for_update(of=ServiceOrder)
        .execution_options(populate_existing=True)
    ).one()


def move(
    order_id: int,
    target: State,
    *,
    why: str = "",
    payment_id: int | None = None,
    only_from: tuple[State, ...] = (),
    **values: Any,
) -> bool:
    """Bring the order to `target` when it may go there; False when it may not (any more).

    `only_from` narrows where it may come from; `values` are set in the same UPDATE.
    """
    before = db.session.scalars(select(ServiceOrder.state).where(ServiceOrder.id == order_id)).one()
    allowed = only_from or sources(target)
    if before not in allowed or before not in sources(target):
        return False
    moved = updated(
        update(ServiceOrder)
        .where(ServiceOrder.id == order_id, ServiceOrder.state == before)
        .values(state=target, state_since=now(), **values),
        refresh=True,
    )
    if moved != 1:
        return False
    audit.record(
        f"service_order.{target}",
        f"service_order:{order_id}",
        before={"state": before},
        after={"state": target, **{name: _said(value) for name, value in values.items()}},
        reason=why,
    )
    events.emit(ServiceOrderMoved(order_id, before, target, payment_id))
    return True


def _said(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str) else str(value)
