"""What days that are already billed are worth: the difference of a change of plan, days of a
pause, days after an end. Reads only; amounts in rupiah before tax.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import case, func, or_, select

from portal.core.ahead import SAID
from portal.core.cycles import NONE, Cycle, Span, first_cycle_after, part, without
from portal.core.money import divide_half_up
from portal.core.period import Period
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import facts, rules
from portal.invoices.models import Invoice, InvoiceLine
from portal.invoices.rules import FOREVER, Account
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import Subscription, SubscriptionPause

# The way of billing whose monthly cycles have the same borders, and look ahead.
AHEAD = {True: "prepaid", False: "calendar"}


@dataclass(frozen=True)
class PlanQuote:
    """A change of plan: from when, the prices (rupiah a month), the difference of what is
    billed already; `days` of `whole` are left in that cycle. To a plan with other cycles,
    `bridge` is for the days up to `bridge_until`, when its first cycle begins."""

    on_day: date
    old_plan: str
    old_price: int
    new_plan: str
    new_price: int
    difference: int = 0
    days: int = 0
    whole: int = 0
    bridge: int = 0
    bridge_until: date | None = None

    @property
    def description(self) -> str:
        text = f"Ganti paket ke {self.new_plan}, {self.days} dari {self.whole} hari"
        return text if len(text) <= 160 else f"Ganti paket, {self.days} dari {self.whole} hari"


@dataclass(frozen=True)
class Billed:
    """A live invoice's cycle and the days of it that were billed (end exclusive). Paying months
    ahead left `asked` of `whole` rupiah of its service."""

    cycle: Cycle
    covers: Span
    asked: int = 1
    whole: int = 1

    def net(self, amount: int) -> int:
        """An amount of this service without what was saved on it."""
        return divide_half_up(amount * self.asked, self.whole)


def billed(subscription_id: int, account: Account, begin: date, end: date) -> list[Billed]:
    """What live invoices cover between these days, the oldest first."""
    rows = db.session.execute(
        select(Invoice.id, Invoice.period, Invoice.covers_from, Invoice.covers_to)
        .where(
            Invoice.subscription_id == subscription_id,
            Invoice.state != "void",
            or_(Invoice.covers_to.is_(None), Invoice.covers_to >= begin),
        )
        .order_by(Invoice.period)
    ).all()
    found, asked = [], _asked([row.id for row in rows])
    for invoice_id, period, first, last in rows:
        month = Period.parse(period)
        cycle = account.terms.cycle(month)
        # An invoice from before cycles covers its whole calendar month.
        since, until = first or month.first_day, (last or month.last_day) + timedelta(days=1)
        covers = (max(since, cycle.begin), min(until, cycle.end))
        if max(covers[0], begin) < min(covers[1], end):
            found.append(Billed(cycle, covers, *asked.get(invoice_id, (1, 1))))
    return found


def _asked(invoice_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Invoice -> (asked, whole) of those whose months were paid ahead for less."""
    service = InvoiceLine.kind.in_(("plan", "proration"))
    saved = (InvoiceLine.kind == "discount") & InvoiceLine.description.endswith(SAID)
    whole, less = (func.sum(case((one, InvoiceLine.amount), else_=0)) for one in (service, saved))
    rows = db.session.execute(
        select(InvoiceLine.invoice_id, whole, less)
        .where(InvoiceLine.invoice_id.in_(invoice_ids))
        .group_by(InvoiceLine.invoice_id)
        .having(less < 0, whole > 0)
    )
    return {row[0]: (max(0, int(row[1] + row[2])), int(row[1])) for row in rows}


def cost(account: Account, cycle: Cycle, spans: Sequence[Span], proration: str) -> int:
    """What these days of the cycle cost, as the invoice would say; 0 without proration."""
    if proration == NONE:
        return 0
    return sum(one.amount for one in rules.service_parts(account, cycle, spans, proration))


def plan_change(line: Subscription, plan: Plan, *, at_once: bool) -> PlanQuote:
    """The quote for moving the line to the plan, at once or when the next cycle begins."""
    account = facts.account(line.id).account
    proration = settings.text("billing.proration")
    day = today() if at_once else next_cycle(line.id, account)
    quote = PlanQuote(day, line.plan.name, line.price, plan.name, plan.price)
    if plan.terms(line.billing_day) != line.terms:
        until, amount, _text = bridge(line, plan, day)
        return replace(quote, bridge=amount, bridge_until=until)
    if not at_once or proration == NONE:
        return quote
    difference = days = whole = 0
    for one in billed(line.id, account, day, FOREVER):
        rest = without([(max(day, one.covers[0]), one.covers[1])], account.pauses)
        days += one.cycle.days(rest, proration)
        whole += one.cycle.whole(proration)
        now_costs = cost(account, one.cycle, rest, proration)
        months = account.terms.months
        left = one.cycle.days(rest, proration)
        then = part(plan.price * months, left, one.cycle.whole(proration))
        difference += one.net(then) - one.net(now_costs)
    return PlanQuote(
        day, line.plan.name, line.price, plan.name, plan.price, difference, days, whole
    )


def bridge(line: Subscription, plan: Plan, day: date) -> tuple[date, int, str]:
    """What the plan costs from `day` until its first cycle begins: (then, rupiah, words).

    By months of the new cycles; without proration only whole ones cost.
    """
    terms, proration = plan.terms(line.billing_day), settings.text("billing.proration")
    until = first_cycle_after(line.terms, terms, day)
    monthly = replace(terms, months=1, billing=AHEAD[terms.scheme.on_issue_day])
    amount, period = 0, Period.of(day).previous()
    while (cycle := monthly.cycle(period)).begin < until:
        mine = (max(cycle.begin, day), min(cycle.end, until))
        if mine[0] < mine[1]:
            days, whole = cycle.days([mine], proration), cycle.whole(proration)
            amount += 0 if proration == NONE and days < whole else part(plan.price, days, whole)
        period = period.next()
    return until, amount, f"{plan.name}, {day:%d-%m-%Y} – {until - timedelta(days=1):%d-%m-%Y}"


def next_cycle(subscription_id: int, account: Account) -> date:
    """The first day of the cycle after the one that runs today, and after all that is billed."""
    ends = [one.covers[1] for one in billed(subscription_id, account, today(), FOREVER)]
    period = Period.of(today()).plus(-account.terms.months - 1)
    while True:
        cycle = account.terms.cycle(period)
        in_turn = account.terms.has_invoice(period, account.start)
        if in_turn and cycle.begin > today() and cycle.begin >= max(ends, default=date.min):
            return cycle.begin
        period = period.next()


def paused_days(row: SubscriptionPause) -> list[tuple[int, str]]:
    """What comes back for days of a pause that is over: those that invoices cover. One that
    was issued during the pause ends where the pause began, so it covers none of it."""
    account = facts.account(row.subscription_id).account
    proration = settings.text("billing.proration")
    end = row.woke_on or today()
    found = []
    for one in billed(row.subscription_id, account, row.from_on, end):
        span = (max(row.from_on, one.covers[0]), min(end, one.covers[1]))
        found += _returned(account, one, span, proration, "Cuti")
    return found


def unused_days(line: Subscription, day: date) -> list[tuple[int, str]]:
    """What comes back for days from `day` on that are billed already."""
    account = facts.account(line.id).account
    proration = settings.text("billing.proration")
    found = []
    for one in billed(line.id, account, day, FOREVER):
        span = (max(day, one.covers[0]), one.covers[1])
        found += _returned(account, one, span, proration, "Berhenti")
    return found


def left_over(line: Subscription) -> int:
    """What an end today would give back (rupiah, >= 0), before tax."""
    return -sum(amount for amount, _text in unused_days(line, today() + timedelta(days=1)))


def _returned(
    account: Account, one: Billed, span: Span, proration: str, what: str
) -> list[tuple[int, str]]:
    amount = one.net(cost(account, one.cycle, [span], proration))
    if not amount:
        return []
    days, whole = one.cycle.days([span], proration), one.cycle.whole(proration)
    return [(-amount, f"{what} {span[0]:%d-%m-%Y}, {days} dari {whole} hari")]
