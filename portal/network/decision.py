"""Who is walled off, and why: one pure function for the run, the dry run, the board and the
customer's own page.

Rule 7 of `docs/domain.md`; every knob is told in `docs/isolation.md`. It says its reason in words
and when it will change its mind. Times are local and naive; where its facts come from is in
`facts.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from portal.core.money import format_rupiah
from portal.network.calendar import Calendar

MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Debt:
    """An unpaid invoice: when it fell or falls due, what is left of it in rupiah, and for how
    many months it is."""

    due_on: date
    remaining: int
    months: int = 1


@dataclass(frozen=True)
class Paid:
    """Rupiah that were paid on a day, for an invoice that fell due on another."""

    on: date
    amount: int
    due_on: date


@dataclass(frozen=True)
class Rule:
    """The owner's knobs. `grace_days` after the due date; `minimum_amount` in rupiah.

    Whoever paid `tolerance_bp` (hundredths of a percent) of what is late within
    `tolerance_days` is left alone; 0 days: nobody is. `rapel_cap` limits every customer's
    months. A warning leaves `warn_hours` before; 0: none.
    """

    enabled: bool
    grace_days: int
    minimum_amount: int
    tolerance_days: int = 0
    tolerance_bp: int = 5_000
    rapel_cap: int = 3
    warn_hours: int = 0
    calendar: Calendar = field(default_factory=Calendar)


@dataclass(frozen=True)
class Facts:
    """What is known of one line. `by_hand`: why a person walled it off.

    `warned_for` is the oldest due date of the debt a warning was about, `warned_at` when that
    warning left (empty: it is still on its way).
    """

    debts: Sequence[Debt]
    paid: Sequence[Paid] = ()
    rapel_months: int = 0
    promised_until: date | None = None
    held_until: date | None = None
    by_hand: str = ""
    warned_for: date | None = None
    warned_at: datetime | None = None
    isolated: bool = False


@dataclass(frozen=True)
class Decision:
    """`isolate` or `keep`; `next_on` is the day a kept line would be walled off.

    `code` says which knob spoke; `warn_for` asks for a warning about the debt of that date.
    """

    action: Literal["isolate", "keep"]
    reason: str
    next_on: date | None = None
    code: str = ""
    warn_for: date | None = None


def short_date(day: date) -> str:
    """`12 Nov 2026` without a locale, since the reason is stored."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def decide(facts: Facts, rule: Rule, at: datetime) -> Decision:
    """Decide for one line at a local moment.

    An invoice counts once the day is past its due date plus the grace days. Postponements
    apply to that; days, hours and the warning only delay a new wall, they open none.
    """
    if facts.by_hand:
        return Decision("keep", facts.by_hand, code="by_hand")
    if not any(debt.remaining > 0 for debt in facts.debts):
        return Decision("keep", "Tidak ada tagihan terbuka.", code="clear")
    if not rule.enabled:
        return Decision("keep", "Isolir otomatis dimatikan.", code="off")
    code, words = _ground(facts, rule, at.date())
    if code == "due" and facts.isolated:
        return Decision("isolate", words, code=code)
    first = _first_due(facts, rule, at)
    moment = _after_warning(facts, rule, at, first)
    if code == "due" and moment == at:
        return Decision("isolate", words, code=code)
    next_on = moment.date() if moment else None
    warn_for = _to_warn(facts, rule, at, first)
    return Decision(
        "keep", _kept(facts, code, words, next_on, first == at), next_on, code, warn_for
    )


def _late(facts: Facts, rule: Rule, day: date) -> list[Debt]:
    grace = timedelta(days=rule.grace_days)
    late = [debt for debt in facts.debts if debt.remaining > 0 and day > debt.due_on + grace]
    return sorted(late, key=lambda debt: debt.due_on)


def _ground(facts: Facts, rule: Rule, day: date) -> tuple[str, str]:
    """Which knob speaks on that day, and its words; "due" is a reason to wall the line off."""
    late = _late(facts, rule, day)
    amount = sum(debt.remaining for debt in late)
    if not late:
        return "grace", ""
    if amount < rule.minimum_amount:
        limit = format_rupiah(rule.minimum_amount)
        return "small", f"Tunggakan {format_rupiah(amount)} masih di bawah batas {limit}."
    months, tolerated = sum(debt.months for debt in late), min(facts.rapel_months, rule.rapel_cap)
    if months <= tolerated:
        owed = f"{months} bulan tertunggak ({format_rupiah(amount)})"
        return "rapel", f"Ditunda: rapel sampai {tolerated} bulan, {owed}."
    if facts.held_until and day <= facts.held_until:
        return "held", f"Ditunda petugas s/d {short_date(facts.held_until)}."
    if facts.promised_until and day <= facts.promised_until:
        return "promise", f"Ditunda: janji bayar s/d {short_date(facts.promised_until)}."
    if until := _tolerated_until(facts, rule, day):
        paid = format_rupiah(_recently_paid(facts, rule, day))
        return "paid", f"Ditunda: baru membayar {paid}, s/d {short_date(until)}."
    return "due", (
        f"Tunggakan {format_rupiah(amount)}, jatuh tempo {short_date(late[0].due_on)}, "
        f"masa tenggang {rule.grace_days} hari sudah lewat."
    )


def _recently_paid(facts: Facts, rule: Rule, day: date) -> int:
    """Rupiah paid within the days of tolerance, for invoices that are past their grace."""
    since, grace = day - timedelta(days=rule.tolerance_days), timedelta(days=rule.grace_days)
    return sum(paid.amount for paid in facts.paid if paid.on >= since and day > paid.due_on + grace)


def _tolerated_until(facts: Facts, rule: Rule, day: date) -> date | None:
    """The last day a recent payment counts for enough; a wall that stands is not opened by it."""
    if facts.isolated or rule.tolerance_days < 1:
        return None

    def enough(on: date) -> bool:
        paid = _recently_paid(facts, rule, on)
        owed = paid + sum(debt.remaining for debt in _late(facts, rule, on))
        return paid > 0 and paid * 10_000 >= rule.tolerance_bp * owed

    last = None
    while enough(day):
        last, day = day, day + DAY
    return last


def _turning_days(facts: Facts, rule: Rule) -> list[date]:
    """Days on which the answer can change although nothing happens."""
    grace, tolerance = timedelta(days=rule.grace_days), timedelta(days=rule.tolerance_days)
    days = [debt.due_on + grace for debt in facts.debts]
    days += [day for day in (facts.promised_until, facts.held_until) if day]
    for paid in facts.paid:
        days += [paid.on + tolerance, paid.due_on + grace]
    return [day + DAY for day in days]


def _first_due(facts: Facts, rule: Rule, at: datetime) -> datetime | None:
    """The first moment from `at` on that is due and inside the calendar, if nothing is paid."""
    starts = [datetime.combine(day, time.min) for day in _turning_days(facts, rule)]
    for start in (at, *sorted(start for start in set(starts) if start > at)):
        moment = rule.calendar.opening(start)
        if moment is not None and _ground(facts, rule, moment.date())[0] == "due":
            return moment
    return None


def _warned(facts: Facts, rule: Rule, first: datetime) -> bool:
    """A warning was asked for, about a debt that is among the late ones still."""
    late = {debt.due_on for debt in _late(facts, rule, first.date())}
    return facts.warned_for is not None and facts.warned_for in late


def _after_warning(
    facts: Facts, rule: Rule, at: datetime, first: datetime | None
) -> datetime | None:
    """The first moment that leaves the warning its hours; `first` when there is none to give."""
    if first is None or rule.warn_hours < 1:
        return first
    left = facts.warned_at if _warned(facts, rule, first) else None
    left = left or max(at, _warning_time(facts, rule, first))
    ready = max(first, left + timedelta(hours=rule.warn_hours))
    return first if ready == first else _first_due(facts, rule, ready)


def _warning_time(facts: Facts, rule: Rule, first: datetime) -> datetime:
    """When a warning should leave: early enough, but not while the invoice is not due yet."""
    overdue = _late(facts, rule, first.date())[0].due_on + DAY
    early = first - timedelta(hours=rule.warn_hours)
    return max(early, datetime.combine(overdue, time.min))


def _to_warn(facts: Facts, rule: Rule, at: datetime, first: datetime | None) -> date | None:
    """The oldest late due date when the hour of the warning has come and none was asked for."""
    if first is None or rule.warn_hours < 1 or facts.isolated or _warned(facts, rule, first):
        return None
    if at < _warning_time(facts, rule, first):
        return None
    return _late(facts, rule, first.date())[0].due_on


def _kept(facts: Facts, code: str, words: str, next_on: date | None, open_now: bool) -> str:
    """The reason of a line that is kept, with the day it would end."""
    if code == "grace":
        oldest = min(debt.due_on for debt in facts.debts if debt.remaining > 0)
        if next_on is None:
            return f"Belum diisolir: jatuh tempo {short_date(oldest)}, tidak ada hari isolir."
        return (
            f"Akan diisolir {short_date(next_on)} bila tagihan yang jatuh tempo "
            f"{short_date(oldest)} belum dibayar."
        )
    if next_on is None:
        return f"{words} Tidak ada hari isolir." if code == "due" else words
    if code == "due":
        why = "peringatan dikirim lebih dahulu" if open_now else "di luar hari dan jam isolir"
        return f"Akan diisolir {short_date(next_on)} ({why}): {words[0].lower()}{words[1:]}"
    return f"{words} Akan diisolir {short_date(next_on)} bila belum dibayar."
