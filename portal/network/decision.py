"""Who is walled off, and why: one pure function for the run, the dry run, the board and the
customer's own page.

Rule 7 of `docs/domain.md`; every knob is told in `docs/isolation.md`. It says why, as a code with
its values, and when it will change its mind; the sentence of it is in `words.py`. Times are local
and naive; where its facts come from is in `facts.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from portal.network.calendar import Calendar

DAY = timedelta(days=1)
POSTPONING = frozenset({"held", "paid", "promise", "rapel"})
"""Codes of what puts a wall off although enough is late."""


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
class Ground:
    """Which knob spoke, and the values its sentence names; money in rupiah.

    `amount` is late, or was lately paid ("paid"); `said` are the words of the person who walled
    the line off.
    """

    code: str
    amount: int = 0
    limit: int = 0
    months: int = 0
    tolerated: int = 0
    until: date | None = None
    due_on: date | None = None
    grace_days: int = 0
    said: str = ""


@dataclass(frozen=True)
class Decision:
    """`isolate` or `keep`; `next_on` is the day a kept line would be walled off.

    `waiting` says what a line that is due waits for: an open hour of the `calendar` or the
    `warning`. `warn_for` asks for a warning about the debt of that date.
    """

    action: Literal["isolate", "keep"]
    ground: Ground
    next_on: date | None = None
    waiting: Literal["", "calendar", "warning"] = ""
    warn_for: date | None = None

    @property
    def code(self) -> str:
        """Which knob spoke."""
        return self.ground.code

    @property
    def postponed(self) -> bool:
        """Somebody or something puts the wall off."""
        return self.action == "keep" and self.code in POSTPONING


def decide(facts: Facts, rule: Rule, at: datetime) -> Decision:
    """Decide for one line at a local moment.

    An invoice counts once the day is past its due date plus the grace days. Postponements
    apply to that; days, hours and the warning only delay a new wall, they open none.
    """
    if facts.by_hand:
        return Decision("keep", Ground("by_hand", said=facts.by_hand))
    if not any(debt.remaining > 0 for debt in facts.debts):
        return Decision("keep", Ground("clear"))
    if not rule.enabled:
        return Decision("keep", Ground("off"))
    ground = _ground(facts, rule, at.date())
    due = ground.code == "due"
    if due and facts.isolated:
        return Decision("isolate", ground)
    first = _first_due(facts, rule, at)
    moment = _after_warning(facts, rule, at, first)
    if due and moment == at:
        return Decision("isolate", ground)
    next_on = moment.date() if moment else None
    warn_for = _to_warn(facts, rule, at, first)
    waiting: Literal["", "calendar", "warning"] = ""
    if due:
        waiting = "warning" if first == at else "calendar"
    return Decision("keep", ground, next_on, waiting, warn_for)


def _late(facts: Facts, rule: Rule, day: date) -> list[Debt]:
    grace = timedelta(days=rule.grace_days)
    late = [debt for debt in facts.debts if debt.remaining > 0 and day > debt.due_on + grace]
    return sorted(late, key=lambda debt: debt.due_on)


def _ground(facts: Facts, rule: Rule, day: date) -> Ground:
    """Which knob speaks on that day; "due" is a reason to wall the line off."""
    late = _late(facts, rule, day)
    amount = sum(debt.remaining for debt in late)
    if not late:
        oldest = min((debt.due_on for debt in facts.debts if debt.remaining > 0), default=None)
        return Ground("grace", due_on=oldest)
    if amount < rule.minimum_amount:
        return Ground("small", amount, limit=rule.minimum_amount)
    months, tolerated = sum(debt.months for debt in late), min(facts.rapel_months, rule.rapel_cap)
    if months <= tolerated:
        return Ground("rapel", amount, months=months, tolerated=tolerated)
    if facts.held_until and day <= facts.held_until:
        return Ground("held", amount, until=facts.held_until)
    if facts.promised_until and day <= facts.promised_until:
        return Ground("promise", amount, until=facts.promised_until)
    if until := _tolerated_until(facts, rule, day):
        return Ground("paid", _recently_paid(facts, rule, day), until=until)
    return Ground("due", amount, due_on=late[0].due_on, grace_days=rule.grace_days)


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
        if moment is not None and _ground(facts, rule, moment.date()).code == "due":
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
