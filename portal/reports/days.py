"""Days in SQL, for both engines: the local day of a time, the day an allocation counts for.

What lives here are expressions; which rows they are asked of is in `rows_*.py`.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, String, and_, case, cast, func, or_

from portal.infra.database import is_postgres
from portal.infra.timekeeping import now, zone
from portal.invoices.models import Allocation, Invoice
from portal.payments.models import Payment


def midnight(day: date) -> datetime:
    """When the ISP's day begins; every stamp from then on is of that day or later."""
    return datetime.combine(day, time(), zone())


def local_day(column: Any) -> ColumnElement[date]:
    """The ISP's day of a UTC time."""
    if is_postgres():
        return cast(func.timezone(zone().key, column), Date)
    minutes = int((now().astimezone(zone()).utcoffset() or timedelta()).total_seconds() // 60)
    return func.date(column, f"{minutes:+d} minutes", type_=Date)


def plus(column: Any, days: int) -> ColumnElement[date]:
    """A date so many days later."""
    if is_postgres():
        return column + days
    return func.date(column, f"{days:+d} days", type_=Date)


def later(one: Any, other: Any) -> ColumnElement[date]:
    """The later of two dates."""
    return (func.greatest if is_postgres() else func.max)(one, other, type_=Date)


def month_of(column: Any) -> ColumnElement[str]:
    """`YYYY-MM` of a date."""
    if is_postgres():
        return func.to_char(column, "YYYY-MM", type_=String)
    return func.strftime("%Y-%m", column, type_=String)


def closed_on() -> ColumnElement[date]:
    """The day an invoice was voided or written off; the day of issue for those closed before
    that day was kept."""
    return func.coalesce(Invoice.closed_on, Invoice.issued_on, type_=Date)


def allocated_on() -> ColumnElement[date]:
    """The day an allocation counts for, from `Allocation` joined with `Payment` and `Invoice`.

    Money that was put on an invoice when it was recorded counts for the day the payment is
    booked on; what was moved later (credit used, given back) for the day of moving. Never
    before the invoice was there: until then it was credit.
    """
    at_once = and_(
        local_day(Allocation.created_at) == local_day(Payment.recorded_at),
        or_(Allocation.amount > 0, Payment.reverses_id.is_not(None)),
    )
    day = case((at_once, Payment.booked_on), else_=local_day(Allocation.created_at))
    return later(day, Invoice.issued_on)
