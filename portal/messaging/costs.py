"""What messages cost: the provider's word on each (`Message.billing_category`) times our rates.

Meta charges per message, only for what arrived, by category; what it says is free (an answer
within a day, the first days after an advertisement) is counted apart. Rates are the owner's, in
rupiah, since Meta changes them four times a year. A month is the ISP's own calendar month, by
when the provider accepted the message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, and_, case, func, or_, select

from portal.core.driverkit import Misconfigured
from portal.core.period import Period
from portal.extensions import db
from portal.infra.timekeeping import today, zone
from portal.messaging import channels, templates
from portal.messaging.kinds import EVERY
from portal.messaging.models import PRICED, Message
from portal.settings import service as settings

RATED: Mapping[str, Any] = {
    "utility": _l("Utilitas"),
    "authentication": _l("Autentikasi"),
    "marketing": _l("Pemasaran"),
    "service": _l("Layanan"),
}
# Other words of the provider's for one of ours; authentication to another country has a rate
# of its own, which we do not ask for.
_SAME = {"marketing_lite": "marketing", "referral_conversion": "service"}
_OTHERS: Mapping[str, Any] = {
    "authentication_international": _l("Autentikasi internasional"),
}
FREE_OF_CHARGE = frozenset({"service"})
"""Without a rate this costs nothing, rather than something unknown."""
YEARS = range(2020, 2101)


@dataclass(frozen=True)
class Line:
    """One kind and category in a month. `billable` arrived and is charged, `free` arrived and is
    not, `open` has not arrived and may never; `rate` in rupiah, None when nobody filled it in."""

    kind: str
    category: str
    billable: int
    free: int
    open: int
    rate: int | None

    @property
    def cost(self) -> int | None:
        """In rupiah; None without a rate."""
        if self.rate is None:
            return 0 if not self.billable else None
        return self.rate * self.billable

    @property
    def kind_label(self) -> str:
        return str(EVERY[self.kind].label) if self.kind in EVERY else self.kind

    @property
    def category_label(self) -> str:
        return category_label(self.category)


@dataclass(frozen=True)
class Report:
    """A month of messages."""

    month: Period
    lines: Sequence[Line]

    @property
    def total(self) -> int:
        """What is known, in rupiah."""
        return sum(line.cost or 0 for line in self.lines)

    @property
    def billable(self) -> int:
        return sum(line.billable for line in self.lines)

    @property
    def free(self) -> int:
        return sum(line.free for line in self.lines)

    @property
    def open(self) -> int:
        return sum(line.open for line in self.lines)

    @property
    def without_rate(self) -> Sequence[str]:
        """The categories that cost something unknown."""
        return list(dict.fromkeys(one.category for one in self.lines if one.cost is None))


def category_label(category: str) -> str:
    """What people call a category; the provider's word for one we do not know."""
    return str(RATED.get(category) or _OTHERS.get(category) or category)


def rates() -> dict[str, int | None]:
    """Rupiah per message by category; None where nobody filled it in."""
    found: dict[str, int | None] = {}
    for category in RATED:
        rate = settings.integer(f"costs.{category}")
        found[category] = rate or (0 if category in FREE_OF_CHARGE else None)
    return found


def month_of(text: str) -> Period:
    """The month an address asks for; this one when it makes no sense."""
    try:
        wanted = Period.parse(text)
    except ValueError:
        wanted = Period.of(today())
    return wanted if wanted.year in YEARS else Period.of(today())


def report(month: Period) -> Report:
    """What a month's messages cost, the most expensive first."""
    return Report(month, _lines([(*row,) for row in db.session.execute(statement(month))]))


def statement(month: Period) -> Select[Any]:
    """Kind, provider's category, charged, free and open messages of a month."""
    arrived = or_(Message.delivered_at.is_not(None), Message.read_at.is_not(None))
    # What was not said to be free is charged: better a sum too high than a surprise.
    free = and_(arrived, Message.billable.is_(False))
    charged = and_(arrived, or_(Message.billable.is_(True), Message.billable.is_(None)))
    return (
        select(
            Message.kind,
            Message.billing_category,
            _count(charged),
            _count(free),
            _count(~arrived),
        )
        .where(
            # In the words of the index, which a bound value would not fit.
            PRICED,
            Message.accepted_at >= _begin(month.first_day),
            Message.accepted_at < _begin(month.next().first_day),
        )
        .group_by(Message.kind, Message.billing_category)
    )


def _lines(rows: Sequence[tuple[str, str, int, int, int]]) -> list[Line]:
    """Merged under our names for the categories."""
    known = rates()
    merged: dict[tuple[str, str], tuple[int, int, int]] = {}
    for kind, word, *counts in rows:
        key = (kind, _category(word))
        before = merged.get(key, (0, 0, 0))
        merged[key] = (before[0] + counts[0], before[1] + counts[1], before[2] + counts[2])
    lines = [
        Line(kind, category, *counts, known.get(category))
        for (kind, category), counts in merged.items()
    ]
    return sorted(lines, key=lambda one: (-(one.cost or 0), -one.billable, one.kind, one.category))


def _category(word: str) -> str:
    plain = word.strip().lower().replace("-", "_")
    return _SAME.get(plain, plain)


def _count(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _begin(day: date) -> datetime:
    """Midnight there."""
    return datetime.combine(day, time(), zone())


def per_broadcast_message() -> int:
    """What one message of a broadcast probably costs, in rupiah: the owner's own estimate, else
    Meta's marketing rate while Meta is in force; 0 when neither is known."""
    own = settings.integer("messages.cost_rupiah")
    if own:
        return own
    try:
        channel = channels.active()
    except Misconfigured:
        return 0
    official = channel is not None and templates.able(channel.kind)
    return settings.integer("costs.marketing") if official else 0


def months(around: Period) -> tuple[Period, Period | None]:
    """The month before, and the one after unless it has not begun."""
    after = around.next()
    previous = Period.of(around.first_day - timedelta(days=1))
    return previous, after if after.first_day <= today() else None
