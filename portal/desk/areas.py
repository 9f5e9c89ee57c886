"""Areas with what matters in each: who collects, how many customers, what they owe. Rupiah."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import Staff
from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.infra import audit
from portal.infra.timekeeping import today
from portal.invoices.models import Invoice
from portal.invoices.queries import owed_amount
from portal.subscriptions.models import Subscription

NAME_LIMIT = 80


class AreaError(ValueError):
    """It cannot be so; the message is a sentence."""


@dataclass(frozen=True)
class AreaView:
    """`customers` are those who are active; `owing` of them have open invoices, `late` some past
    due; `owed` is the sum; `isolated` counts lines."""

    area: Area
    collector: str
    customers: int
    owing: int
    late: int
    owed: int
    isolated: int


def every() -> Sequence[AreaView]:
    """All areas by name, in a fixed number of queries."""
    people = dict(_grouped(select(Customer.area_id, func.count())))
    walled = dict(
        _grouped(
            select(Customer.area_id, func.count())
            .join(Subscription, Subscription.customer_id == Customer.id)
            .where(Subscription.state == "isolated")
        )
    )
    owing = {row[0]: row[1:] for row in _grouped(_owing())}
    late = dict(_grouped(_owing(late=True, only_count=True)))
    rows = db.session.execute(
        select(Area, Staff.name).outerjoin(Staff, Staff.id == Area.collector_id).order_by(Area.name)
    ).all()
    found = []
    for area, name in rows:
        count, owed = owing.get(area.id, (0, 0))
        found.append(
            AreaView(
                area,
                name or "",
                customers=people.get(area.id, 0),
                owing=count,
                late=late.get(area.id, 0),
                owed=int(owed),
                isolated=walled.get(area.id, 0),
            )
        )
    return found


def _owing(*, late: bool = False, only_count: bool = False) -> Any:
    columns: list[Any] = [Customer.area_id, func.count(Customer.id.distinct())]
    if not only_count:
        columns.append(func.sum(owed_amount()))
    statement = (
        select(*columns)
        .join(Invoice, Invoice.customer_id == Customer.id)
        .where(Invoice.state == "open")
    )
    return statement.where(Invoice.due_on < today()) if late else statement


def _grouped(statement: Any) -> Sequence[Any]:
    return db.session.execute(
        statement.where(Customer.status == "active").group_by(Customer.area_id)
    ).all()


def add(name: str) -> Area:
    """A new area. Raises AreaError."""
    words = _name(name)
    if db.session.scalar(select(Area.id).where(Area.name == words)) is not None:
        raise AreaError(_("Area itu sudah ada."))
    area = Area(name=words)
    db.session.add(area)
    _flush()
    audit.record("area.create", f"area:{area.id}", after={"name": words})
    return area


def rename(area: Area, name: str) -> bool:
    """Another name; False when it is the same. Raises AreaError."""
    words, before = _name(name), area.name
    if words == before:
        return False
    if db.session.scalar(select(Area.id).where(Area.name == words)) is not None:
        raise AreaError(_("Area itu sudah ada."))
    area.name = words
    _flush()
    audit.record("area.rename", f"area:{area.id}", before={"name": before}, after={"name": words})
    return True


def _flush() -> None:
    try:
        db.session.flush()
    except IntegrityError:  # somebody else took the name a moment ago
        db.session.rollback()
        raise AreaError(_("Area itu sudah ada.")) from None


def _name(typed: str) -> str:
    words = " ".join(typed.split())
    if not 1 <= len(words) <= NAME_LIMIT:
        raise AreaError(_("Isi nama area, paling banyak %(limit)s huruf.", limit=NAME_LIMIT))
    return words
