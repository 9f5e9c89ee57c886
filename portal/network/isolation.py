"""Isolating and restoring: asks the pure decision, changes the wanted state, keeps the reason.

What the router is told follows in `reconcile.py`. The decision is taken from fresh rows in
the transaction that stores it, so a payment that lands meanwhile wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import and_, case, select

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import queue
from portal.infra.timekeeping import now, today, wall
from portal.invoices.models import Invoice
from portal.invoices.queries import paid_amount
from portal.network.decision import Debt, Decision, Rule, decide, short_date
from portal.network.models import NetworkAccess
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions import service as subscriptions
from portal.subscriptions.models import Subscription

BY_HAND = "by_hand"


@dataclass(frozen=True)
class IsolationOutcome:
    """What the run did, or would do, with one line."""

    subscription_id: int
    customer_number: str
    customer_name: str
    login: str
    decision: str
    reason: str
    next_on: date | None


def rule_for(plan_grace_days: int | None) -> Rule:
    """The owner's knobs, the plan's own grace first."""
    grace = settings.integer("isolation.grace_days")
    return Rule(
        enabled=settings.flag("isolation.enabled"),
        grace_days=grace if plan_grace_days is None else plan_grace_days,
        minimum_amount=settings.integer("isolation.minimum_amount"),
    )


def decide_for(subscription_id: int) -> Decision:
    """The decision for one line, from the rows as they are now."""
    debts = [
        Debt(due_on, int(remaining))
        for due_on, remaining in db.session.execute(
            select(Invoice.due_on, Invoice.total - paid_amount()).where(
                Invoice.subscription_id == subscription_id, Invoice.state == "open"
            )
        )
    ]
    grace = db.session.scalar(
        select(Plan.grace_days)
        .join(Subscription, Subscription.plan_id == Plan.id)
        .where(Subscription.id == subscription_id)
    )
    return decide(debts, rule_for(grace), today())


def access_row(subscription_id: int) -> NetworkAccess:
    """The line's access row, made when it is missing."""
    row = db.session.get(NetworkAccess, subscription_id)
    if row is None:
        row = NetworkAccess(subscription_id=subscription_id, actual="open", episode=0, attempts=0)
        db.session.add(row)
        db.session.flush()
    return row


def _remember(row: NetworkAccess, decision: Decision) -> None:
    if (row.decision, row.reason, row.next_on) != (
        decision.action,
        decision.reason,
        decision.next_on,
    ):
        row.decision, row.reason = decision.action, decision.reason
        row.next_on, row.decided_at = decision.next_on, now()


def _want_change(row: NetworkAccess) -> None:
    """Ask the router, now; but never beside a command that is on its way to it, which could
    arrive last. Whoever sent that one reads the wanted state again and asks once more."""
    row.wanted_since, row.attempts, row.last_error = now(), 0, ""
    under_way = and_(NetworkAccess.lease_token.is_not(None), NetworkAccess.next_at > wall())
    row.next_at = case((under_way, NetworkAccess.next_at), else_=wall())
    queue.ring(queue.APPLY_ACCESS, row.subscription_id)


def settle_line(subscription_id: int) -> Decision:
    """Decide for one line and bring its wanted state in step; in the caller's transaction.

    Used when an invoice closes (so access returns at once) and by the nightly run.
    A paused or ended line is left alone.
    """
    # Locked before the debts are read: of a payment and an isolation that race, the later
    # one sees the other's rows and the line ends up open.
    # Only against each other: an invoice run that refers to the line need not wait, nor we.
    db.session.execute(
        select(Subscription.id)
        .where(Subscription.id == subscription_id)
        .with_for_update(key_share=True)
    )
    row = access_row(subscription_id)
    if row.decision == BY_HAND:
        return Decision("keep", row.reason)
    decision = _held(row, decide_for(subscription_id))
    _remember(row, decision)
    if decision.action == "isolate":
        if subscriptions.move(subscription_id, "active", "isolated", decision.reason):
            row.episode += 1
            _want_change(row)
    elif subscriptions.move(subscription_id, "isolated", "active", decision.reason):
        _want_change(row)
    return decision


def _held(row: NetworkAccess, decision: Decision) -> Decision:
    """A line opened by hand stays open up to its date."""
    if decision.action == "keep" or row.hold_until is None or today() > row.hold_until:
        return decision
    until = short_date(row.hold_until)
    return Decision("keep", f"Ditunda petugas s/d {until}.", row.hold_until + timedelta(days=1))


def isolate_by_hand(subscription_id: int, reason: str) -> bool:
    """Wall a line off for a reason of staff's own; only a person opens it again.

    False when the line is not active. Raises ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("Tulis alasannya.")
    if not subscriptions.move(subscription_id, "active", "isolated", reason.strip()):
        return False
    row = access_row(subscription_id)
    _remember(row, Decision("keep", reason.strip()[:500]))
    row.decision, row.episode, row.hold_until = BY_HAND, row.episode + 1, None
    _want_change(row)
    return True


def restore_by_hand(subscription_id: int, reason: str, days: int = 3) -> bool:
    """Open a line although it may owe, and leave it open for `days`.

    False when the line is not isolated. Raises ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("Tulis alasannya.")
    if not subscriptions.move(subscription_id, "isolated", "active", reason.strip()):
        return False
    row = access_row(subscription_id)
    row.hold_until = today() + timedelta(days=days)
    row.decision = ""
    _remember(row, _held(row, decide_for(subscription_id)))
    _want_change(row)
    return True


def restore_after(invoice_ids: Sequence[int]) -> None:
    """Reaction to closed invoices: open the lines that owe nothing past grace any more."""
    lines = db.session.scalars(
        select(Invoice.subscription_id).where(Invoice.id.in_(invoice_ids)).distinct()
    ).all()
    for subscription_id in sorted(lines):
        settle_line(subscription_id)


def candidates() -> list[int]:
    """Lines the run must look at: those that owe something, and those walled off."""
    owing = select(Invoice.subscription_id).where(Invoice.state == "open", Invoice.due_on < today())
    return list(
        db.session.scalars(
            select(Subscription.id)
            .where(
                Subscription.state.in_(("active", "isolated")),
                Subscription.id.in_(owing) | (Subscription.state == "isolated"),
            )
            .order_by(Subscription.id)
        )
    )


def run(*, dry_run: bool = False) -> list[IsolationOutcome]:
    """Decide for every line that is late, one transaction each, so a crash loses one.

    Commits by itself. A dry run changes nothing and says what would happen.
    """
    outcomes = []
    for subscription_id in candidates():
        decision = settle_line(subscription_id)
        outcomes.append(_outcome(subscription_id, decision))
        if dry_run:
            db.session.rollback()
        else:
            db.session.commit()
    db.session.rollback()
    return outcomes


def _outcome(subscription_id: int, decision: Decision) -> IsolationOutcome:
    login, number, name = db.session.execute(
        select(Subscription.login, Customer.number, Customer.name)
        .join(Customer, Customer.id == Subscription.customer_id)
        .where(Subscription.id == subscription_id)
    ).one()
    return IsolationOutcome(
        subscription_id, number, name, login, decision.action, decision.reason, decision.next_on
    )
