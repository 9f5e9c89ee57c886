"""Reading lines for the invoice rule: rows become `Account`s, a batch in a fixed number of queries.

Nothing is decided and nothing changed here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import aliased

from portal.core.cycles import Span, Terms, first_cycle_after
from portal.core.period import Period
from portal.extensions import db
from portal.invoices.models import Invoice
from portal.invoices.models_terms import Charge, SubscriptionDiscount, TaxRate
from portal.invoices.rules import FOREVER, Account, Discount, OneOff, Rules, Tariff, Tax
from portal.plans.models import Plan
from portal.plans.service import TERMS
from portal.settings import service as settings
from portal.subscriptions.models import PlanChange, Subscription, SubscriptionPause


@dataclass(frozen=True)
class Billable:
    """A line with what the run needs beside the rule. `due_days` of the plan, if any;
    `new_plan` is its id when it was never billed before."""

    id: int
    customer_id: int
    login: str
    auto_from: date
    due_days: int | None
    new_plan: int | None
    account: Account


def lines() -> Any:
    """The columns `accounts` reads, one row a line; narrow it as you need."""
    return select(
        Subscription.id,
        Subscription.customer_id,
        Subscription.login,
        Subscription.state,
        Subscription.started_on,
        Subscription.ended_on,
        Subscription.auto_from,
        Subscription.billing_day,
        Subscription.custom_price,
        Subscription.plan_id,
        Plan.first_billed_on,
        Plan.name,
        Plan.price,
        Plan.billing,
        Plan.cycle_months,
        Plan.issue_day,
        Plan.due_days,
    ).join(Plan, Plan.id == Subscription.plan_id)


def accounts(
    rows: Sequence[Row[Any]], period: Period | None = None, *, lock: bool = False
) -> list[Billable]:
    """These lines as the rule sees them; with `lock` nobody else can take their charges.

    For a `period` also with the days near it that other invoices bill.
    """
    ids = [row.id for row in rows]
    billed = _billed(ids, period, max((row.cycle_months for row in rows), default=1))
    pauses, discounts = _pauses(ids), _discounts(ids)
    changes, one_offs = _changes(ids), _one_offs(ids, lock)
    return [
        Billable(
            row.id,
            row.customer_id,
            row.login,
            row.auto_from,
            row.due_days,
            row.plan_id if row.first_billed_on is None else None,
            Account(
                terms=Terms(row.billing, row.cycle_months, row.issue_day or row.billing_day),
                start=_start(row, changes[row.id]),
                tariffs=_tariffs(row, changes[row.id]),
                end=row.ended_on + timedelta(days=1) if row.ended_on else FOREVER,
                state=row.state,
                pauses=pauses[row.id],
                billed=billed[row.id],
                discounts=discounts[row.id],
                one_offs=one_offs[row.id],
            ),
        )
        for row in rows
    ]


def account(subscription_id: int) -> Billable:
    """One line; raises when there is no such line."""
    statement = lines().where(Subscription.id == subscription_id)
    return accounts([db.session.execute(statement).one()])[0]


def rules(day: date) -> Rules:
    """The owner's rules for invoices issued on this day."""
    return Rules(proration=settings.text("billing.proration"), tax=tax_on(day))


def tax_on(day: date) -> Tax:
    """The rate in force: the newest that has begun, else the plain setting."""
    row = db.session.scalar(
        select(TaxRate)
        .where(TaxRate.valid_from <= day)
        .order_by(TaxRate.valid_from.desc())
        .limit(1)
    )
    if row is None:
        return Tax(settings.integer("billing.tax_bp"))
    return Tax(row.rate_bp, row.numerator, row.denominator)


def waiting(charge: Any = Charge) -> Any:
    """Charges that no live invoice has taken and nobody cancelled."""
    void = select(Invoice.id).where(Invoice.id == charge.invoice_id, Invoice.state == "void")
    return charge.cancelled_at.is_(None) & or_(charge.invoice_id.is_(None), void.exists())


def _grouped(rows: Iterable[tuple[int, Any]]) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for subscription_id, value in rows:
        found[subscription_id].append(value)
    return found


def _billed(
    ids: Sequence[int], period: Period | None, longest: int
) -> defaultdict[int, list[Span]]:
    """Days that live invoices of other periods bill, as far back as a cycle may reach."""
    if period is None:
        return _grouped([])
    rows = db.session.execute(
        select(Invoice.subscription_id, Invoice.covers_from, Invoice.covers_to).where(
            Invoice.subscription_id.in_(ids),
            Invoice.state != "void",
            Invoice.period != str(period),
            Invoice.covers_to >= period.plus(-longest).first_day,
        )
    )
    day = timedelta(days=1)
    return _grouped((row.subscription_id, (row.covers_from, row.covers_to + day)) for row in rows)


def _pauses(ids: Sequence[int]) -> defaultdict[int, list[Span]]:
    rows = db.session.scalars(
        select(SubscriptionPause)
        .where(SubscriptionPause.subscription_id.in_(ids))
        .order_by(SubscriptionPause.from_on, SubscriptionPause.id)
    )
    return _grouped((row.subscription_id, (row.from_on, row.woke_on or FOREVER)) for row in rows)


def _discounts(ids: Sequence[int]) -> defaultdict[int, list[Discount]]:
    rows = db.session.scalars(
        select(SubscriptionDiscount)
        .where(
            SubscriptionDiscount.subscription_id.in_(ids),
            SubscriptionDiscount.stopped_at.is_(None),
        )
        .order_by(SubscriptionDiscount.id)
    )
    return _grouped(
        (row.subscription_id, Discount(row.kind, row.value, row.until_on, row.reason))
        for row in rows
    )


def _one_offs(ids: Sequence[int], lock: bool) -> defaultdict[int, list[OneOff]]:
    statement = select(Charge).where(Charge.subscription_id.in_(ids), waiting()).order_by(Charge.id)
    if lock:
        # Fresh, under the lock: runs of two periods must not take one charge twice.
        statement = statement.with_for_update(of=Charge).execution_options(populate_existing=True)
    return _grouped(
        (row.subscription_id, OneOff(row.id, row.kind, row.description, row.amount))
        for row in db.session.scalars(statement)
    )


def _changes(ids: Sequence[int]) -> defaultdict[int, list[Row[Any]]]:
    old, new = aliased(Plan), aliased(Plan)
    rows = db.session.execute(
        select(
            PlanChange.subscription_id,
            PlanChange.on_day,
            PlanChange.from_price,
            PlanChange.applied_at,
            old.name.label("from_plan"),
            new.name.label("to_plan"),
            *(getattr(old, field).label(f"from_{field}") for field in TERMS),
            *(getattr(new, field).label(f"to_{field}") for field in TERMS),
            new.price.label("to_price"),
        )
        .join(old, old.id == PlanChange.from_plan_id)
        .join(new, new.id == PlanChange.to_plan_id)
        .where(PlanChange.subscription_id.in_(ids), PlanChange.cancelled_at.is_(None))
        .order_by(PlanChange.on_day, PlanChange.id)
    )
    return _grouped((row.subscription_id, row) for row in rows)


def _start(row: Row[Any], changes: Sequence[Row[Any]]) -> date:
    """Since when cycles are counted: the start, or the last change to other terms."""
    for change in reversed(changes):
        old, new = (
            Terms(
                getattr(change, f"{which}_billing"),
                getattr(change, f"{which}_cycle_months"),
                getattr(change, f"{which}_issue_day") or row.billing_day,
            )
            for which in ("from", "to")
        )
        if change.applied_at is not None and old != new:
            return first_cycle_after(old, new, change.on_day)
    return row.started_on


def _tariffs(row: Row[Any], changes: Sequence[Row[Any]]) -> list[Tariff]:
    """The history of the line's price; the current plan holds since the last change."""
    since, found = date.min, []
    for change in changes:
        found.append(Tariff(since, change.from_plan, change.from_price))
        since = change.on_day
    price = row.price if row.custom_price is None else row.custom_price
    if changes and changes[-1].applied_at is None:
        return [*found, Tariff(since, changes[-1].to_plan, changes[-1].to_price)]
    return [*found, Tariff(since, row.name, price)]
