"""Months ahead: what they would cost, and issuing their invoices once they are paid.

Both go through the one rule of `rules.py`; the saving is one more discount of the line, so tax
and totals follow by themselves. `quote` only reads; `issue` runs in the caller's transaction,
emits nothing, and is the same for whoever takes the money (online or at the counter).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import select

from portal.core import ahead as savings
from portal.core.ahead import NOTHING, Saving
from portal.core.cycles import Span
from portal.core.period import Period
from portal.extensions import db
from portal.infra import numbering
from portal.infra.timekeeping import today
from portal.invoices import billing, facts, rules
from portal.invoices.facts import Billable
from portal.invoices.models import Invoice
from portal.invoices.rules import Account, Discount, Draft, OneOff, Rules
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import PlanChange, Subscription
from portal.web.sentences import N_

FARTHEST = 36
"""How many months from now the last period may be."""


class AheadError(ValueError):
    """These months cannot be paid ahead; the message is a sentence in Indonesian."""


@dataclass(frozen=True)
class Month:
    """One invoice to be: its period, and what it would say."""

    period: Period
    draft: Draft

    @property
    def covers(self) -> tuple[date, date]:
        """First and last day."""
        return self.draft.covers[0], self.draft.covers[1] - timedelta(days=1)


@dataclass(frozen=True)
class Quote:
    """What so many months ahead cost now, in rupiah; `usual` is the total without the saving."""

    subscription_id: int
    customer_id: int
    plan: str
    price: int
    months: int
    saving: Saving
    invoices: Sequence[Month]
    usual: int

    @property
    def total(self) -> int:
        return sum(one.draft.total for one in self.invoices)

    @property
    def saved(self) -> int:
        return self.usual - self.total

    def of(self, *kinds: str) -> int:
        """What the lines of these kinds come to."""
        lines = [part for one in self.invoices for part in one.draft.parts]
        return sum(part.amount for part in lines if part.kind in kinds)

    @property
    def covers(self) -> tuple[date, date]:
        """First and last day of all of it."""
        return self.invoices[0].covers[0], self.invoices[-1].covers[1]

    @property
    def periods(self) -> list[tuple[str, int]]:
        """(period, total) of each invoice."""
        return [(str(one.period), one.draft.total) for one in self.invoices]


@dataclass(frozen=True)
class Issued:
    """What became of the periods: ids of their live invoices in order, how many rupiah the new
    ones are, and periods for which nothing can be issued any more."""

    invoice_ids: Sequence[int]
    total: int
    missing: Sequence[str]


def rules_now() -> list[Saving]:
    """The owner's rules."""
    return savings.parse(settings.text("payments.ahead_rules"))


def choices(cycle_months: int) -> list[int]:
    """How many months may be paid ahead on such a plan."""
    return list(range(cycle_months, savings.MOST_MONTHS + 1, cycle_months))


def quote(subscription_id: int, months: int) -> Quote:
    """What the next `months` without an invoice cost. Raises AheadError."""
    row = db.session.execute(facts.lines().where(Subscription.id == subscription_id)).one_or_none()
    if row is None or row.state not in billing.BILLED_STATES:
        raise AheadError(N_("Hanya langganan yang berjalan dapat dibayar di muka."))
    if months not in choices(row.cycle_months):
        raise AheadError(N_("Pilih jumlah bulan yang tersedia."))
    if _changing(subscription_id):
        raise AheadError(
            N_("Ada pergantian paket yang menunggu. Bayar di muka setelah paketnya berganti.")
        )
    first = Period.of(today())
    line = facts.accounts([row], first)[0]
    taken = _taken(subscription_id)
    saving = savings.best(rules_now(), months)
    made = _walk(line, first, taken, months, saving)
    usual = made if saving == NOTHING else _walk(line, first, taken, months, NOTHING)
    last = made[-1].draft
    return Quote(
        subscription_id,
        row.customer_id,
        last.plan,
        last.price,
        months,
        saving,
        made,
        sum(one.draft.total for one in usual),
    )


def _changing(subscription_id: int) -> bool:
    found = db.session.scalar(
        select(PlanChange.id)
        .where(
            PlanChange.subscription_id == subscription_id,
            PlanChange.applied_at.is_(None),
            PlanChange.cancelled_at.is_(None),
        )
        .limit(1)
    )
    return found is not None


def _taken(subscription_id: int) -> set[str]:
    """Periods that have a live invoice."""
    return set(
        db.session.scalars(
            select(Invoice.period).where(
                Invoice.subscription_id == subscription_id, Invoice.state != "void"
            )
        )
    )


def _walk(
    line: Billable, first: Period, taken: set[str], months: int, saving: Saving
) -> list[Month]:
    """The next invoices of the line, each taking what the ones before it left."""
    account, day = line.account, today()
    knobs, found = facts.rules(day), list[Month]()
    wanted = months // account.terms.months
    for step in range(FARTHEST + 1):
        period = first.plus(step)
        if str(period) in taken or account.terms.issue_on(period, account.start) < line.auto_from:
            continue
        offered = with_saving(account, saving, months, len(found))
        draft = rules.compose(offered, period, knobs, day)
        if not isinstance(draft, Draft):
            continue
        found.append(Month(period, draft))
        if len(found) == wanted:
            return found
        account = _after(account, draft)
    raise AheadError(N_("Langganan ini tidak dapat dibayar sejauh itu di muka."))


def _after(account: Account, draft: Draft) -> Account:
    """The line once this invoice is there: its days are billed, its charges are taken."""
    spent = {part.one_off: part.amount for part in draft.parts if part.one_off is not None}
    left = [
        replace(one, amount=one.amount - spent.get(one.id, 0))
        for one in account.one_offs
        if one.id not in spent or one.amount != spent[one.id]
    ]
    billed: list[Span] = [*account.billed, draft.covers]
    one_offs: list[OneOff] = left
    return replace(account, billed=billed, one_offs=one_offs)


def with_saving(account: Account, saving: Saving, months: int, place: int) -> Account:
    """The line with the saving as one more discount of its invoice at this place.

    Free months are the last ones.
    """
    cycle = account.terms.months
    words = f"bayar {months} {savings.SAID}"
    extra: Discount | None = None
    if saving.discount_bp:
        extra = Discount("percent", saving.discount_bp, None, words)
    after = months - (place + 1) * cycle
    if free := min(cycle, max(0, saving.free_months - after)):
        price = account.tariffs[-1].price
        extra = Discount("amount", price * free, None, f"{free} bulan gratis, {words}")
    if extra is None:
        return account
    return replace(account, discounts=[*account.discounts, extra])


def hold(periods: Sequence[Period]) -> None:
    """Keep the invoice runs of these months out, and verbs of the line's life (`lifecycle.py`).

    The counters come before any customer: a run locks its own before it spends credit.
    """
    near = [*billing.due_periods(today()), Period.of(today()).next()]
    for period in sorted({*periods, *near}):
        numbering.lock(billing.sequence_of(period))


def issue(subscription_id: int, periods: Sequence[str], months: int, saving: Saving) -> Issued:
    """Issue the invoices of these periods as the line is now; those there are stay as they are.

    In the caller's transaction, which may not hold the customer yet. Nobody is told: the
    caller emits `InvoicesIssued` for those that its money did not pay.
    """
    wanted = sorted(Period.parse(text) for text in periods)
    hold(wanted)
    knobs, found, total, missing = facts.rules(today()), list[int](), 0, list[str]()
    for place, period in enumerate(wanted):
        there = _live(subscription_id, period)
        if there is None:
            draft = _issue_one(subscription_id, period, knobs, saving, months, place)
            if draft is None:
                missing.append(str(period))
                continue
            total += draft.total
            there = _live(subscription_id, period)
        if there is not None:
            found.append(there)
    return Issued(found, total, missing)


def _live(subscription_id: int, period: Period) -> int | None:
    return db.session.scalar(
        select(Invoice.id).where(
            Invoice.subscription_id == subscription_id,
            Invoice.period == str(period),
            Invoice.state != "void",
        )
    )


def _issue_one(
    subscription_id: int, period: Period, knobs: Rules, saving: Saving, months: int, place: int
) -> Draft | None:
    """The invoice of the period, written; None when the line has none then (any more)."""
    row = db.session.execute(facts.lines().where(Subscription.id == subscription_id)).one()
    if row.state not in billing.BILLED_STATES:
        return None
    line = facts.accounts([row], period, lock=True)[0]
    offered = with_saving(line.account, saving, months, place)
    draft = rules.compose(offered, period, knobs, today())
    if not isinstance(draft, Draft):
        return None
    billing.write(period, [(line, draft)])
    return draft


def lines_of(customer_id: int) -> list[tuple[Subscription, Plan]]:
    """The customer's lines whose months may be paid ahead."""
    rows = db.session.execute(
        select(Subscription, Plan)
        .join(Plan, Plan.id == Subscription.plan_id)
        .where(
            Subscription.customer_id == customer_id,
            Subscription.state.in_(billing.BILLED_STATES),
        )
        .order_by(Subscription.id)
    )
    return [(line, plan) for line, plan in rows]
