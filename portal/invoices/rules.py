"""What one invoice consists of: the one rule, pure. No database, no clock.

Given a line as it is (`Account`) and a period, `compose` answers a `Draft` with its lines in
a fixed order, or a `Skip` with the reason. Amounts in rupiah; ends of dates are exclusive.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from portal.core.cycles import NONE, Cycle, Span, Terms, part, without
from portal.core.money import divide_half_up, format_number, percent_bp
from portal.core.period import Period

# Why a line gets no invoice in a period; the words are in `invoices/words.py`.
NOT_THIS_MONTH, NOT_STARTED, ENDED = "not_this_month", "not_started", "ended"
PAUSED, PAUSED_ALL, BILLED = "paused", "paused_all", "billed"

ORDER = ("plan", "proration", "discount", "fee", "late_fee", "tax")
"""The order of an invoice's lines, by kind."""

FOREVER = date.max


@dataclass(frozen=True)
class Tariff:
    """A plan at a price (rupiah a month) from a day on."""

    since: date
    plan: str
    price: int


@dataclass(frozen=True)
class Discount:
    """`kind` amount (rupiah per invoice) or percent (basis points of what the service costs),
    on invoices issued up to `until`."""

    kind: str
    value: int
    until: date | None
    reason: str


@dataclass(frozen=True)
class OneOff:
    """A charge the next invoice takes: `kind` fee, late_fee or proration (may be negative)."""

    id: int
    kind: str
    description: str
    amount: int


@dataclass(frozen=True)
class Tax:
    """PPN: rate in basis points of `numerator`/`denominator` of what is taxed."""

    rate_bp: int = 0
    numerator: int = 1
    denominator: int = 1

    def of(self, amount: int) -> int:
        """Rupiah of tax, rounded once."""
        return divide_half_up(amount * self.rate_bp * self.numerator, 10_000 * self.denominator)

    @property
    def label(self) -> str:
        base = (
            "" if self.numerator == self.denominator else f" × {self.numerator}/{self.denominator}"
        )
        return f"PPN {percent(self.rate_bp)}{base}"


@dataclass(frozen=True)
class Account:
    """A line as the invoice run sees it. `tariffs` by day, the first from the beginning.

    `end` is the first day without service. A pause that is still on ends FOREVER. `billed`
    are days that invoices of other periods hold: nothing is billed twice, whatever changed.
    """

    terms: Terms
    start: date
    tariffs: Sequence[Tariff]
    end: date = FOREVER
    state: str = "active"
    pauses: Sequence[Span] = ()
    billed: Sequence[Span] = ()
    discounts: Sequence[Discount] = ()
    one_offs: Sequence[OneOff] = ()


@dataclass(frozen=True)
class Rules:
    """The owner's knobs that hold on the day of issue."""

    proration: str = NONE
    tax: Tax = field(default_factory=Tax)


@dataclass(frozen=True)
class Part:
    """One line of an invoice; `one_off` is the id of the charge it takes."""

    kind: str
    description: str
    amount: int
    one_off: int | None = None


@dataclass(frozen=True)
class Draft:
    """An invoice to be. `covers` is the service it bills; `price` a month of it at its end."""

    parts: Sequence[Part]
    covers: Span
    plan: str
    price: int

    @property
    def total(self) -> int:
        return sum(one.amount for one in self.parts)


@dataclass(frozen=True)
class Skip:
    """No invoice, and why."""

    reason: str


def compose(account: Account, period: Period, rules: Rules, today: date) -> Draft | Skip:
    """The invoice of this line and period when it is issued today."""
    cycle = account.terms.cycle(period)
    served = _served(account, cycle, period, today)
    if isinstance(served, Skip):
        return served
    service = service_parts(account, cycle, served, rules.proration)
    if not service:
        return Skip(PAUSED_ALL)
    parts = [*service, *_adjustments(account.one_offs, sum(one.amount for one in service))]
    parts += _discounts(account.discounts, sum(one.amount for one in parts), today)
    parts += _fees(account.one_offs, "fee")
    taxed = sum(one.amount for one in parts)
    parts += _fees(account.one_offs, "late_fee")
    if rules.tax.rate_bp:
        parts.append(Part("tax", rules.tax.label, rules.tax.of(taxed)))
    last = tariff_on(account.tariffs, served[-1][1] - timedelta(days=1))
    return Draft(parts, (served[0][0], served[-1][1]), last.plan, last.price)


def _served(account: Account, cycle: Cycle, period: Period, today: date) -> list[Span] | Skip:
    """The days of the cycle that are to be billed, or why there are none."""
    if not account.terms.has_invoice(period, account.start):
        return Skip(NOT_THIS_MONTH)
    if account.start >= cycle.end:
        return Skip(NOT_STARTED)
    if account.end <= max(cycle.begin, account.start):
        return Skip(ENDED)
    # A pause that is on: once the cycle is over all its days are known, not before.
    known = any(end == FOREVER for _begin, end in account.pauses) and cycle.end <= today
    if account.state == "paused" and not known:
        return Skip(PAUSED)
    whole = (max(cycle.begin, account.start), min(cycle.end, account.end))
    left = without([whole], account.billed)
    if not left:
        return Skip(BILLED)
    return without(left, account.pauses) or Skip(PAUSED_ALL)


def service_parts(
    account: Account, cycle: Cycle, spans: Sequence[Span], proration: str
) -> list[Part]:
    """The lines for the service in these spans of the cycle: one a tariff."""
    pieces = [(tariff, mine) for tariff, mine in by_tariff(account.tariffs, spans) if mine]
    months = account.terms.months
    if proration == NONE:
        # A cycle that was used at all costs the whole, at what it cost last.
        return [_whole(pieces[-1][0], months)] if pieces else []
    whole = cycle.whole(proration)
    parts = []
    for tariff, mine in pieces:
        days = cycle.days(mine, proration)
        if days == whole:
            parts.append(_whole(tariff, months))
        elif days:
            text = f"{tariff.plan}, {days} dari {whole} hari"
            parts.append(Part("proration", text, part(tariff.price * months, days, whole)))
    return parts


def _whole(tariff: Tariff, months: int) -> Part:
    text = tariff.plan if months == 1 else f"{tariff.plan}, {months} bulan"
    return Part("plan", text, tariff.price * months)


def by_tariff(tariffs: Sequence[Tariff], spans: Sequence[Span]) -> list[tuple[Tariff, list[Span]]]:
    """Each tariff with the pieces of the spans in which it held."""
    found = []
    for place, tariff in enumerate(tariffs):
        since = date.min if place == 0 else tariff.since
        until = tariffs[place + 1].since if place + 1 < len(tariffs) else FOREVER
        mine = [(max(begin, since), min(end, until)) for begin, end in spans]
        found.append((tariff, [span for span in mine if span[0] < span[1]]))
    return found


def tariff_on(tariffs: Sequence[Tariff], day: date) -> Tariff:
    """What held on this day."""
    return [tariff for tariff in tariffs if tariff.since <= day or tariff is tariffs[0]][-1]


def _adjustments(one_offs: Sequence[OneOff], service: int) -> list[Part]:
    """Differences of days billed before: what is owed, then what is given back, as far as
    it goes; the rest waits for the next invoice."""
    mine = [one for one in one_offs if one.kind == "proration"]
    parts = [Part(one.kind, one.description, one.amount, one.id) for one in mine if one.amount > 0]
    room = service + sum(one.amount for one in parts)
    for one in mine:
        if one.amount < 0 and room:
            given = min(-one.amount, room)
            parts.append(Part(one.kind, one.description, -given, one.id))
            room -= given
    return parts


def _discounts(discounts: Sequence[Discount], base: int, today: date) -> list[Part]:
    """Each of the same base, together never more than it."""
    parts, room = [], base
    for one in discounts:
        if one.until is not None and one.until < today:
            continue
        wanted = one.value if one.kind == "amount" else percent_bp(base, one.value)
        if given := min(wanted, room):
            parts.append(Part("discount", _discount_words(one), -given))
            room -= given
    return parts


def _discount_words(one: Discount) -> str:
    size = "" if one.kind == "amount" else f" {percent(one.value)}"
    return f"Potongan{size}: {one.reason}" if one.reason else f"Potongan{size}"


def _fees(one_offs: Sequence[OneOff], kind: str) -> list[Part]:
    return [
        Part(one.kind, one.description, one.amount, one.id) for one in one_offs if one.kind == kind
    ]


def percent(basis_points: int) -> str:
    """`11 %`, `1,1 %`."""
    whole, rest = divmod(basis_points, 100)
    decimals = f",{rest:02d}".rstrip("0").rstrip(",")
    return f"{format_number(whole)}{decimals} %"
