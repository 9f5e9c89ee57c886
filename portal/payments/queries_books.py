"""Months and what is dated in each, for the page where they are closed. Amounts in rupiah."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import extract, func, select

from portal.core.period import Period
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices.models import CreditNote, Invoice, MonthLock
from portal.payments.models import Payment, Refund

LONGEST = 36


@dataclass
class BookMonth:
    """Sums of what is dated in a month. `locks` are its closings, the newest first."""

    period: Period
    invoices: int = 0
    credit_notes: int = 0
    payments: int = 0
    refunds: int = 0
    locks: list[MonthLock] = field(default_factory=list)

    @property
    def lock(self) -> MonthLock | None:
        """The closing in force."""
        return next((row for row in self.locks if row.reopened_at is None), None)

    @property
    def over(self) -> bool:
        return self.period.last_day < today()


def months() -> Sequence[BookMonth]:
    """From this month back to the first that has anything, at most three years."""
    found: dict[Period, BookMonth] = {}
    current = Period.of(today())
    for back in range(LONGEST):
        period = current.plus(-back)
        found[period] = BookMonth(period)
    oldest = current.plus(1 - LONGEST).first_day
    live = Invoice.state != "void"
    _add(found, "invoices", Invoice.issued_on, Invoice.total, oldest, live)
    _add(found, "credit_notes", CreditNote.booked_on, CreditNote.amount, oldest)
    _add(found, "payments", Payment.booked_on, Payment.amount, oldest)
    _add(found, "refunds", Refund.booked_on, Refund.amount, oldest)
    locks = defaultdict(list)
    for row in db.session.scalars(select(MonthLock).order_by(MonthLock.id.desc())):
        locks[row.period].append(row)
    for period, month in found.items():
        month.locks = locks[str(period)]
    used = [month.period for month in found.values() if _used(month)]
    first = min(used, default=current)
    return [month for period, month in found.items() if period >= first]


def _used(month: BookMonth) -> bool:
    sums = (month.invoices, month.credit_notes, month.payments, month.refunds)
    return any(sums) or bool(month.locks)


def _add(
    found: dict[Period, BookMonth], name: str, day: Any, amount: Any, oldest: date, *only: Any
) -> None:
    year, month = extract("year", day), extract("month", day)
    rows = db.session.execute(
        select(year, month, func.sum(amount)).where(day >= oldest, *only).group_by(year, month)
    )
    for in_year, in_month, total in rows:
        period = Period(int(in_year), int(in_month))
        if period in found:
            setattr(found[period], name, int(total))
