"""A second implementation of the invoice, written apart: slow, obvious, day by day.

It shares no code with the product. Each day of a cycle is looked at on its own; money is a
fraction until the one rounding. It exists to disagree with `portal/invoices/rules.py`.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import floor

DAY = timedelta(days=1)


@dataclass
class Person:
    """A subscriber, in plain words. `last_day` is the last day with service."""

    way: str
    months: int
    issue_day: int
    start: date
    prices: list[tuple[date, int]]  # (from this day on, rupiah a month)
    last_day: date | None = None
    away: list[tuple[date, date | None]] = field(default_factory=list)  # back on; None: still
    already: list[tuple[date, date]] = field(default_factory=list)  # first and last day
    is_away: bool = False
    percents: list[tuple[int, date | None]] = field(default_factory=list)  # basis points
    amounts: list[tuple[int, date | None]] = field(default_factory=list)
    fees: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    owed_days: list[int] = field(default_factory=list)  # plus and minus


def rounded(value: Fraction) -> int:
    """Half up; only for what is not negative."""
    assert value >= 0
    return floor(value + Fraction(1, 2))


def border(person: Person, year: int, month: int) -> date:
    wanted = 1 if person.way == "calendar" else person.issue_day
    return date(year, month, min(wanted, monthrange(year, month)[1]))


def later(year: int, month: int, months: int) -> tuple[int, int]:
    for _ in range(months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return year, month


def cycle_of(person: Person, year: int, month: int) -> tuple[date, date] | None:
    """Walk from the first cycle to the one this month's invoice is about."""
    at = person.start.year, person.start.month
    if border(person, *at) > person.start:
        at = (at[0], at[1] - 1) if at[1] > 1 else (at[0] - 1, 12)
    while at <= (year, month):
        end = later(*at, person.months)
        asked_in = end if person.way == "postpaid" else at
        if asked_in == (year, month):
            return border(person, *at), border(person, *end)
        at = end
    return None


def weights(person: Person, begin: date, end: date, rule: str) -> dict[date, int]:
    """How much each day of the cycle counts."""
    found: dict[date, int] = {}
    at = begin.year, begin.month
    for _ in range(person.months):
        first, after = border(person, *at), border(person, *later(*at, 1))
        days = [first + n * DAY for n in range((after - first).days)]
        for number, day in enumerate(days, 1):
            found[day] = 1 if rule == "actual" or number <= 30 else 0
        if rule == "thirty" and len(days) < 30:
            found[days[-1]] += 30 - len(days)
        at = later(*at, 1)
    assert min(found) == begin and max(found) == end - DAY
    return found


def used(person: Person, day: date, today: date) -> bool:
    if day < person.start or (person.last_day is not None and day > person.last_day):
        return False
    if any(first <= day <= last for first, last in person.already):
        return False
    return not any(gone <= day and (back is None or day < back) for gone, back in person.away)


def price_on(person: Person, day: date) -> int:
    price = person.prices[0][1]
    for since, value in person.prices:
        if since <= day:
            price = value
    return price


def service(person: Person, begin: date, end: date, rule: str, today: date) -> list[int]:
    """What the service costs, one amount a price that held."""
    count = weights(person, begin, end, "actual" if rule == "none" else rule)
    days = [day for day in sorted(count) if used(person, day, today)]
    if not days:
        return []
    if rule == "none":
        return [price_on(person, days[-1]) * person.months]
    by_price: dict[date, int] = {}
    for day in days:
        since = max((s for s, _ in person.prices if s <= day), default=person.prices[0][0])
        by_price[since] = by_price.get(since, 0) + count[day]
    whole = sum(count.values())
    return [
        rounded(Fraction(price_on(person, since) * person.months * part, whole))
        for since, part in sorted(by_price.items())
        if part
    ]


def invoice(
    person: Person, year: int, month: int, today: date, rule: str, tax: tuple[int, int, int]
) -> list[int] | None:
    """The amounts of the invoice's lines; None when there is no invoice."""
    cycle = cycle_of(person, year, month)
    if cycle is None:
        return None
    begin, end = cycle
    if person.is_away and not (end <= today and any(back is None for _, back in person.away)):
        return None
    lines = service(person, begin, end, rule, today)
    if not lines:
        return None
    lines += [amount for amount in person.owed_days if amount > 0]
    for amount in person.owed_days:
        if amount < 0 and sum(lines) > 0:
            lines.append(max(amount, -sum(lines)))
    base = sum(lines)
    for kind, value, until in [
        *(("percent", v, u) for v, u in person.percents),
        *(("amount", v, u) for v, u in person.amounts),
    ]:
        if until is not None and today > until:
            continue
        wanted = rounded(Fraction(base * value, 10_000)) if kind == "percent" else value
        given = min(wanted, sum(lines))
        if given:
            lines.append(-given)
    lines += person.fees
    taxed = sum(lines)
    lines += person.late
    rate, top, bottom = tax
    if rate:
        lines.append(rounded(Fraction(taxed * rate * top, 10_000 * bottom)))
    return lines
