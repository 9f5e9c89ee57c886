"""Billing periods and due dates, pure and table-tested.

A period is one calendar month, written `YYYY-MM`. Rules 2 and 4 of `docs/domain.md`:
a billing day of 29-31 clamps to the last day of a short month and comes back after it.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

_PERIOD = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, order=True)
class Period:
    """One calendar month of service."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read `YYYY-MM`; raises ValueError with a sentence for the operator."""
        match = _PERIOD.fullmatch(text.strip())
        if match is None or match[1] == "0000":
            raise ValueError("Periode harus berbentuk TTTT-BB, misalnya 2026-11.")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> "Period":
        """The period a date falls in."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def compact(self) -> str:
        """`YYYYMM`, as used in invoice numbers."""
        return f"{self.year:04d}{self.month:02d}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.month, monthrange(self.year, self.month)[1])

    def day(self, wanted: int) -> date:
        """The day of this month, clamped to its last one."""
        if not 1 <= wanted <= 31:
            raise ValueError(f"a billing day is 1..31, not {wanted}")
        return date(self.year, self.month, min(wanted, self.last_day.day))

    def next(self) -> "Period":
        return Period(self.year + self.month // 12, self.month % 12 + 1)

    def previous(self) -> "Period":
        return Period.of(self.first_day - timedelta(days=1))

    @property
    def index(self) -> int:
        """Months since year 0, so that periods can be counted."""
        return self.year * 12 + self.month - 1

    def plus(self, months: int) -> "Period":
        """So many months later; earlier when negative."""
        year, month = divmod(self.index + months, 12)
        return Period(year, month + 1)


def due_date(period: Period, billing_day: int, due_days: int, issued_on: date) -> date:
    """When an invoice falls due.

    Counted from the billing day, or from the day it was really issued when that is
    later: an invoice issued late must not be born overdue.
    """
    return max(period.day(billing_day), issued_on) + timedelta(days=due_days)
