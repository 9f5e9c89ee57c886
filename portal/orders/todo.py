"""Work that is ordered and not done: for the technician, with the next ones by name."""

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from portal.extensions import db
from portal.orders import queries, states
from portal.orders.models import ServiceOrder
from portal.web.filters import date_id
from portal.web.todo import TodoItem

SHOWN = 5


def items() -> Iterator[TodoItem]:
    """For the first page."""
    count = db.session.scalar(
        select(func.count()).select_from(ServiceOrder).where(ServiceOrder.state.in_(states.OPEN))
    )
    rows = db.session.scalars(queries.listed("open", 0).limit(SHOWN)).all() if count else ()
    yield TodoItem(
        "orders",
        _("Pesanan menunggu dikerjakan"),
        count or 0,
        "orders.index",
        "info",
        rows=[
            (
                row.name,
                " · ".join(
                    part
                    for part in (
                        date_id(row.scheduled_on) if row.scheduled_on else _("belum dijadwalkan"),
                        row.slot,
                        row.address,
                    )
                    if part
                ),
                url_for("orders.show", service_order_id=row.id),
            )
            for row in rows
        ],
    )
