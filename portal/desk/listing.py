"""One page of the customers list: sorted, by its neighbours and never by skipping, with what a
row shows in a fixed number of queries. Rupiah."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from portal.customers.models import Area, Customer
from portal.desk import filtering
from portal.desk.filtering import Filter
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices.models import Invoice
from portal.invoices.queries import owed_amount
from portal.subscriptions.models import Subscription

PER_PAGE = 25
BATCH = 500


@dataclass(frozen=True)
class Row:
    """A customer as the list shows one; `due_on` is the oldest open due date."""

    customer: Customer
    lines: Sequence[Subscription] = ()
    owed: int = 0
    bills: int = 0
    due_on: date | None = None

    @property
    def late(self) -> bool:
        return self.due_on is not None and self.due_on < today()


@dataclass(frozen=True)
class Listed:
    """Rows, and the customers' ids to continue after or before; 0 when nothing is there."""

    rows: Sequence[Row] = field(default_factory=list)
    after: int = 0
    before: int = 0


def one_page(wanted: Filter, after: int = 0, before: int = 0) -> Listed:
    """The first page, or the one after or before this customer in the list's order.

    A customer who is gone or changed their place shows the first page.
    """
    backwards = bool(before and not after)
    edge = _edge(wanted.sort, after or before)
    statement = _ordered(wanted, backwards)
    if edge is not None:
        statement = statement.where(_beyond(wanted.sort, edge, backwards))
    customers = list(db.session.scalars(statement.limit(PER_PAGE + 1)).unique())
    more = len(customers) > PER_PAGE
    shown = customers[:PER_PAGE]
    if backwards:
        shown.reverse()
    first, last = (shown[0].id, shown[-1].id) if shown else (0, 0)
    has_next = more if not backwards or edge is None else True
    has_previous = more if backwards and edge is not None else edge is not None
    return Listed(_rows(shown), last if has_next else 0, first if has_previous else 0)


def ids(wanted: Filter) -> list[int]:
    """Everybody whom the filter means."""
    return list(
        db.session.scalars(
            select(Customer.id).where(*filtering.conditions(wanted)).order_by(Customer.id)
        )
    )


def every(wanted: Filter) -> Iterator[Row]:
    """All of them in the list's order, read in batches."""
    found = db.session.scalars(_ordered(wanted, False).with_only_columns(Customer.id)).all()
    for start in range(0, len(found), BATCH):
        part = found[start : start + BATCH]
        by_id = {
            one.id: one
            for one in db.session.scalars(select(Customer).where(Customer.id.in_(part))).unique()
        }
        yield from _rows([by_id[one] for one in part if one in by_id])


def _sum() -> Any:
    """What a customer owes, for sorting."""
    return (
        select(func.coalesce(func.sum(owed_amount()), 0))
        .where(Invoice.customer_id == Customer.id, Invoice.state == "open")
        .correlate(Customer)
        .scalar_subquery()
    )


def _key(sort: str) -> tuple[Any, bool]:
    """The column a list is sorted by before the id, and whether downwards."""
    keys: dict[str, tuple[Any, bool]] = {
        "name": (Customer.name, False),
        "newest": (Customer.id, True),
        "owed": (_sum(), True),
    }
    return keys.get(sort, (Customer.number, False))


def _ordered(wanted: Filter, backwards: bool) -> Select[Any]:
    column, down = _key(wanted.sort)
    down = down != backwards
    order = (column.desc(), Customer.id.desc()) if down else (column, Customer.id)
    statement: Select[Any] = select(Customer).where(*filtering.conditions(wanted))
    return statement.order_by(*order)


def _edge(sort: str, customer_id: int) -> tuple[Any, int] | None:
    if not customer_id:
        return None
    column, _down = _key(sort)
    value = db.session.execute(select(column).where(Customer.id == customer_id)).one_or_none()
    return None if value is None else (value[0], customer_id)


def _beyond(sort: str, edge: tuple[Any, int], backwards: bool) -> Any:
    column, down = _key(sort)
    value, row_id = edge
    if down != backwards:
        return or_(column < value, and_(column == value, Customer.id < row_id))
    return or_(column > value, and_(column == value, Customer.id > row_id))


def _rows(customers: Sequence[Customer]) -> list[Row]:
    found = [one.id for one in customers]
    lines: dict[int, list[Subscription]] = {}
    for line in db.session.scalars(
        select(Subscription).where(Subscription.customer_id.in_(found)).order_by(Subscription.id)
    ):
        lines.setdefault(line.customer_id, []).append(line)
    debts = {
        row[0]: row[1:]
        for row in db.session.execute(
            select(
                Invoice.customer_id,
                func.sum(owed_amount()),
                func.count(),
                func.min(Invoice.due_on),
            )
            .where(Invoice.customer_id.in_(found), Invoice.state == "open")
            .group_by(Invoice.customer_id)
        )
    }
    rows = []
    for one in customers:
        owed, bills, due_on = debts.get(one.id, (0, 0, None))
        rows.append(Row(one, lines.get(one.id, ()), int(owed), bills, due_on))
    return rows


def area_names() -> dict[int, str]:
    """id -> name of every area."""
    return {row_id: name for row_id, name in db.session.execute(select(Area.id, Area.name))}
