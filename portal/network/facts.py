"""What the isolation rule is asked with: the owner's knobs, and the facts of lines as they are.

A fixed number of queries for any number of lines; nothing is changed here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from portal.extensions import db
from portal.infra.timekeeping import now, today, zone
from portal.invoices.models import Allocation, Invoice
from portal.invoices.queries import owed_amount
from portal.network.calendar import Calendar
from portal.network.decision import Debt, Decision, Facts, Paid, Rule, decide
from portal.network.models import NetworkAccess
from portal.network.models_isolation import PaymentPromise, RapelTerm
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import Subscription

BY_HAND = "by_hand"
POSTPONED = "postponed"
CHUNK = 500


@dataclass(frozen=True)
class Line:
    """One line with what the rule says about it now, and what it said when it was last stored."""

    id: int
    customer_id: int
    state: str
    decision: Decision
    stored: tuple[str, str, date | None] | None = None


def local_now() -> datetime:
    """Business time on the ISP's wall clock, naive."""
    return now().astimezone(zone()).replace(tzinfo=None)


def rule_for(plan_grace_days: int | None) -> Rule:
    """The owner's knobs, the plan's own grace first."""
    grace = settings.integer("isolation.grace_days")
    return Rule(
        enabled=settings.flag("isolation.enabled"),
        grace_days=grace if plan_grace_days is None else plan_grace_days,
        minimum_amount=settings.integer("isolation.minimum_amount"),
        tolerance_days=settings.integer("isolation.tolerance_days"),
        tolerance_bp=settings.integer("isolation.tolerance_bp"),
        rapel_cap=settings.integer("isolation.rapel_cap"),
        warn_hours=settings.integer("isolation.warn_hours"),
        calendar=Calendar(
            frozenset(map(int, settings.words("isolation.closed_weekdays"))),
            frozenset(map(date.fromisoformat, settings.words("isolation.holidays"))),
            time.fromisoformat(settings.text("isolation.hours_from")),
            time.fromisoformat(settings.text("isolation.hours_until")),
        ),
    )


def judge(subscription_ids: Iterable[int]) -> dict[int, Line]:
    """What the rule says about these lines now, from the rows as they are."""
    found: dict[int, Line] = {}
    rules: dict[int | None, Rule] = {}
    at, ids = local_now(), list(subscription_ids)
    for start in range(0, len(ids), CHUNK):
        rows = _Rows(ids[start : start + CHUNK])
        for line_id, customer_id, state, grace in rows.lines:
            if grace not in rules:
                rules[grace] = rule_for(grace)
            decision = decide(rows.of(line_id, customer_id, state), rules[grace], at)
            found[line_id] = Line(line_id, customer_id, state, decision, rows.stored(line_id))
    return found


class _Rows:
    """Everything about a chunk of lines, read at once."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.lines = db.session.execute(
            select(Subscription.id, Subscription.customer_id, Subscription.state, Plan.grace_days)
            .join(Plan, Plan.id == Subscription.plan_id)
            .where(Subscription.id.in_(ids))
            .order_by(Subscription.id)
        ).all()
        customers = {row.customer_id for row in self.lines}
        self.debts, self.paid = _debts(ids), _paid(ids)
        self.access = _access(ids)
        self.promised = _promised(customers)
        self.rapel = _rapel(customers)

    def stored(self, line_id: int) -> tuple[str, str, date | None] | None:
        access = self.access.get(line_id)
        return (access.decision, access.reason, access.next_on) if access else None

    def of(self, line_id: int, customer_id: int, state: str) -> Facts:
        access = self.access.get(line_id)
        warned_at = access.warned_at if access else None
        return Facts(
            debts=self.debts.get(line_id, ()),
            paid=self.paid.get(line_id, ()),
            rapel_months=self.rapel.get(customer_id, 0),
            promised_until=self.promised.get(customer_id),
            held_until=access.hold_until if access else None,
            by_hand=access.reason if access and access.decision == BY_HAND else "",
            warned_for=access.warned_for if access else None,
            warned_at=warned_at.astimezone(zone()).replace(tzinfo=None) if warned_at else None,
            isolated=state == "isolated",
        )


def _grouped(rows: Iterable[tuple[int, Any]]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for line_id, value in rows:
        found.setdefault(line_id, []).append(value)
    return found


def _debts(ids: Sequence[int]) -> dict[int, list[Debt]]:
    rows = db.session.execute(
        select(
            Invoice.subscription_id,
            Invoice.due_on,
            owed_amount().label("remaining"),
            Invoice.covers_from,
            Invoice.covers_to,
        ).where(Invoice.subscription_id.in_(ids), Invoice.state == "open")
    )
    return _grouped(
        (
            row.subscription_id,
            Debt(row.due_on, int(row.remaining), _months(row.covers_from, row.covers_to)),
        )
        for row in rows
    )


def _months(first: date | None, last: date | None) -> int:
    """How many months an invoice is for: a part of one is one."""
    if first is None or last is None:
        return 1
    end = last + timedelta(days=1)
    whole = (end.year - first.year) * 12 + end.month - first.month
    return max(1, whole if end.day <= first.day else whole + 1)


def _paid(ids: Sequence[int]) -> dict[int, list[Paid]]:
    """What was paid within the days of tolerance, per day and due date."""
    days = settings.integer("isolation.tolerance_days")
    if days < 1:
        return {}
    since = datetime.combine(today() - timedelta(days=days), time.min, zone()).astimezone(UTC)
    rows = db.session.execute(
        select(
            Invoice.subscription_id,
            Invoice.id,
            Invoice.due_on,
            Allocation.payment_id,
            Allocation.created_at,
            Allocation.amount,
        )
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(
            Invoice.subscription_id.in_(ids),
            Invoice.state.in_(("open", "paid")),
            Allocation.created_at >= since,
        )
        .order_by(Allocation.id)
    ).all()
    return _grouped(
        (row.subscription_id, Paid(row.created_at.astimezone(zone()).date(), amount, row.due_on))
        for row, amount in _kept(rows)
    )


def _kept(rows: Sequence[Any]) -> list[tuple[Any, int]]:
    """Payments with what corrections left of them: (row, rupiah).

    What was taken back comes off the same payment; a reversal off the part it mirrors. What
    was paid before these days is not here, nor is what takes it back.
    """
    left = [(row, row.amount) for row in rows if row.amount > 0]
    for back in (row for row in rows if row.amount < 0):
        of_invoice = [place for place, (row, _) in enumerate(left) if row.id == back.id]
        same = [place for place in of_invoice if left[place][0].payment_id == back.payment_id]
        mirrored = [place for place in of_invoice if left[place][1] == -back.amount]
        for place in (same or mirrored)[-1:]:
            row, amount = left[place]
            left[place] = (row, max(0, amount + back.amount))
    return [(row, amount) for row, amount in left if amount]


def _access(ids: Sequence[int]) -> Mapping[int, NetworkAccess]:
    rows = db.session.scalars(
        select(NetworkAccess)
        .where(NetworkAccess.subscription_id.in_(ids))
        .execution_options(populate_existing=True)
    )
    return {row.subscription_id: row for row in rows}


def _promised(customer_ids: set[int]) -> dict[int, date]:
    rows = db.session.execute(
        select(PaymentPromise.customer_id, func.max(PaymentPromise.until_on))
        .where(
            PaymentPromise.customer_id.in_(customer_ids),
            PaymentPromise.withdrawn_on.is_(None),
            PaymentPromise.until_on >= today(),
        )
        .group_by(PaymentPromise.customer_id)
    )
    return {customer_id: until for customer_id, until in rows}


def _rapel(customer_ids: set[int]) -> dict[int, int]:
    rows = db.session.execute(
        select(RapelTerm.customer_id, RapelTerm.months).where(
            RapelTerm.customer_id.in_(customer_ids)
        )
    )
    return {customer_id: months for customer_id, months in rows}
