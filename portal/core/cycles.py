"""Billing cycles: when one begins and ends, when its invoice is issued, which part was served.

Pure dates and day counts. What an invoice then consists of is in `portal/invoices/rules.py`.
Postpaid, prepaid and calendar billing are one rule with other numbers (`SCHEMES`).
All ends are exclusive: a cycle `begin..end` does not hold the day `end`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from portal.core.money import divide_half_up
from portal.core.period import Period

NONE, ACTUAL, THIRTY = "none", "actual", "thirty"
PRORATIONS = (NONE, ACTUAL, THIRTY)
CYCLES = (1, 3, 6, 12)
Span = tuple[date, date]


@dataclass(frozen=True)
class Scheme:
    """The numbers in which the ways of billing differ.

    `on_issue_day`: cycles begin on the issue day, else on the first of the month.
    `lag`: how many cycles back the invoice looks. `at_start`: a line that starts in the
    middle of a cycle is billed on its first day, else on the next issue day.
    """

    on_issue_day: bool
    lag: int
    at_start: bool


SCHEMES = {
    "calendar": Scheme(on_issue_day=False, lag=0, at_start=False),
    "prepaid": Scheme(on_issue_day=True, lag=0, at_start=True),
    "postpaid": Scheme(on_issue_day=True, lag=1, at_start=False),
}


@dataclass(frozen=True)
class Cycle:
    """The days one invoice is about. `marks`: the monthly borders, begin and end included."""

    marks: tuple[date, ...]

    @property
    def begin(self) -> date:
        return self.marks[0]

    @property
    def end(self) -> date:
        return self.marks[-1]

    def whole(self, proration: str) -> int:
        """Days of the whole cycle, as the rule counts them."""
        return self._position(self.end, proration)

    def days(self, spans: Iterable[Span], proration: str) -> int:
        """Days of these spans (inside the cycle), as the rule counts them."""
        return sum(
            self._position(until, proration) - self._position(since, proration)
            for since, until in spans
        )

    def _position(self, day: date, proration: str) -> int:
        """Days from the begin. With 30 days every border of a month is at a multiple of 30: a
        31st day adds nothing, the last of February what is missing; parts always add up."""
        if proration != THIRTY:
            return (day - self.begin).days
        months = sum(mark <= day for mark in self.marks[1:])
        if months == len(self.marks) - 1:
            return 30 * months
        return 30 * months + (day - self.marks[months]).days


@dataclass(frozen=True)
class Terms:
    """How a line is billed: a key of SCHEMES, months per cycle, the issue day (1-31)."""

    billing: str
    months: int
    issue_day: int

    @property
    def scheme(self) -> Scheme:
        return SCHEMES[self.billing]

    def border(self, period: Period) -> date:
        """Where a cycle may begin in this month."""
        return period.day(self.issue_day) if self.scheme.on_issue_day else period.first_day

    def cycle(self, period: Period) -> Cycle:
        """The cycle that the invoice of this period is about."""
        first = period.plus(-self.scheme.lag * self.months)
        return Cycle(tuple(self.border(first.plus(step)) for step in range(self.months + 1)))

    def has_invoice(self, period: Period, start: date) -> bool:
        """Whether an invoice is issued in this month at all, counted from the first cycle."""
        if self.months == 1:
            return True
        first = Period.of(start)
        if start < self.border(first):
            first = first.previous()
        return (period.index - first.index) % self.months == 0

    def first_border(self, day: date) -> date:
        """The first day from this one on that a cycle may begin on."""
        period = Period.of(day)
        return self.border(period) if self.border(period) >= day else self.border(period.next())

    def issue_on(self, period: Period, start: date) -> date:
        """The day the invoice of this period is issued."""
        day = period.day(self.issue_day)
        begun = start < self.cycle(period).end
        return max(day, start) if self.scheme.at_start and begun else day


def first_cycle_after(old: Terms, new: Terms, day: date) -> date:
    """Where the first cycle of other terms begins when a line changes to them on this day.

    From postpaid the month of the change has an invoice, of what has been; the first one of
    what comes is a month later.
    """
    if old.scheme.lag > new.scheme.lag:
        return new.border(Period.of(day).next())
    return new.first_border(day)


def next_issue(terms: Terms, start: date, after: date) -> date | None:
    """The first issue day after this day; None when there is none within two cycles."""
    period = Period.of(after).previous()
    for _ in range(2 * terms.months + 3):
        day = terms.issue_on(period, start)
        if day > after and terms.has_invoice(period, start) and start < terms.cycle(period).end:
            return day
        period = period.next()
    return None


def without(spans: Iterable[Span], gaps: Iterable[Span]) -> list[Span]:
    """The spans with the gaps cut out; empty ones are left out."""
    left = [span for span in spans if span[0] < span[1]]
    for gap_begin, gap_end in gaps:
        left = [
            piece
            for begin, end in left
            for piece in ((begin, min(end, gap_begin)), (max(begin, gap_end), end))
            if piece[0] < piece[1]
        ]
    return left


def part(price: int, days: int, whole: int) -> int:
    """The share of a cycle's price (rupiah) for so many of its days, rounded half up."""
    return price if days == whole else divide_half_up(price * days, whole)
