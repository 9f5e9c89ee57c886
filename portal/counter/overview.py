"""Sums for the closing screens: what came into a drawer by kind, which days are open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from portal.accounts.models import Staff
from portal.counter import closings
from portal.counter.closings import Movement
from portal.counter.drawer import COLLECTOR
from portal.counter.models import ClosingEntry
from portal.extensions import db
from portal.infra.timekeeping import today


@dataclass(frozen=True)
class Sums:
    """Rupiah by kind; refunds are minus."""

    payments: int
    settlements: int
    refunds: int

    @property
    def total(self) -> int:
        return self.payments + self.settlements + self.refunds


@dataclass(frozen=True)
class OpenDay:
    """A cashier's day with money no closing holds."""

    cashier_id: int
    name: str
    day: date
    count: int
    amount: int


def sums(found: Iterable[Movement]) -> Sums:
    """Of what a drawer holds."""
    totals = {"payment": 0, "settlement": 0, "refund": 0}
    for one in found:
        totals[one.kind] += one.amount
    return Sums(totals["payment"], totals["settlement"], totals["refund"])


def sums_of(entries: Iterable[ClosingEntry]) -> Sums:
    """Of a closing."""
    totals = {"payment": 0, "settlement": 0, "refund": 0}
    for entry in entries:
        kind = next(kind for kind in totals if getattr(entry, f"{kind}_id") is not None)
        totals[kind] += entry.amount
    return Sums(totals["payment"], totals["settlement"], totals["refund"])


def open_days() -> Sequence[OpenDay]:
    """Every cashier's days that still hold money, the oldest first."""
    found = closings.loose().c
    rows = db.session.execute(
        select(Staff.id, Staff.name, found.day, func.count(), func.sum(found.amount))
        .join(Staff, Staff.id == found.person)
        .where(Staff.role != COLLECTOR, found.day <= today())
        .group_by(Staff.id, Staff.name, found.day)
        .order_by(found.day, Staff.name)
    )
    return [OpenDay(who, name, day, count, int(amount)) for who, name, day, count, amount in rows]
