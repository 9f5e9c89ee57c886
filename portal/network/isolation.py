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
from portal.infra import events, queue
from portal.infra.timekeeping import now, today, wall
from portal.invoices.models import Invoice
from portal.network import fuse, words
from portal.network.decision import Decision, Ground
from portal.network.events import IsolationNear
from portal.network.facts import BY_HAND, CHUNK, POSTPONED, Line, judge
from portal.network.models import NetworkAccess
from portal.settings import service as settings
from portal.subscriptions import service as subscriptions
from portal.subscriptions.models import Subscription


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


def access_row(subscription_id: int) -> NetworkAccess:
    """The line's access row, made when it is missing."""
    row = db.session.get(NetworkAccess, subscription_id)
    if row is None:
        row = NetworkAccess(subscription_id=subscription_id, actual="open", episode=0, attempts=0)
        db.session.add(row)
        db.session.flush()
    return row


def _to_store(decision: Decision) -> tuple[str, str, date | None]:
    """What is kept of a decision: its state, its sentence as a record, and its day."""
    state = POSTPONED if decision.postponed else decision.action
    return state, words.recorded(decision), decision.next_on


def _remember(row: NetworkAccess, decision: Decision) -> None:
    kept = _to_store(decision)
    if (row.decision, row.reason, row.next_on) != kept:
        row.decision, row.reason, row.next_on = kept
        row.decided_at = now()


def _want_change(row: NetworkAccess) -> None:
    """Ask the router, now; but never beside a command that is on its way to it, which could
    arrive last. Whoever sent that one reads the wanted state again and asks once more."""
    row.wanted_since, row.attempts, row.last_error = now(), 0, ""
    under_way = and_(NetworkAccess.lease_token.is_not(None), NetworkAccess.next_at > wall())
    row.next_at = case((under_way, NetworkAccess.next_at), else_=wall())
    queue.ring(queue.APPLY_ACCESS, row.subscription_id)


def settle_line(
    subscription_id: int, *, may_isolate: bool = True, may_warn: bool = False
) -> Decision:
    """Decide for one line and bring its wanted state in step; in the caller's transaction.

    The run isolates, warns and opens; everything else (`may_isolate` False) only opens, so that
    nobody is walled off past the run's fuse. A paused or ended line is left alone.
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
    decision = judge([subscription_id])[subscription_id].decision
    if decision.code == BY_HAND:
        return decision
    _remember(row, decision)
    if decision.action == "keep":
        if subscriptions.move(subscription_id, "isolated", "active", words.recorded(decision)):
            _want_change(row)
        if may_warn and decision.warn_for is not None:
            row.warned_for, row.warned_at = decision.warn_for, None
            events.emit(IsolationNear(subscription_id, decision.warn_for))
    elif may_isolate and subscriptions.move(
        subscription_id, "active", "isolated", words.recorded(decision)
    ):
        row.episode += 1
        _want_change(row)
    return decision


def isolate_by_hand(subscription_id: int, reason: str) -> bool:
    """Wall a line off for a reason of staff's own; only a person opens it again.

    False when the line is not active. Raises ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("Tulis alasannya.")
    if not subscriptions.move(subscription_id, "active", "isolated", reason.strip()):
        return False
    row = access_row(subscription_id)
    _remember(row, Decision("keep", Ground(BY_HAND, said=reason.strip()[:500])))
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
    _remember(row, judge([subscription_id])[subscription_id].decision)
    _want_change(row)
    return True


def restore_after(invoice_ids: Sequence[int]) -> None:
    """Reaction to closed invoices: open the lines that owe nothing past grace any more."""
    lines = db.session.scalars(
        select(Invoice.subscription_id).where(Invoice.id.in_(invoice_ids)).distinct()
    ).all()
    for subscription_id in sorted(lines):
        settle_line(subscription_id, may_isolate=False)


def restore_of(customer_id: int) -> None:
    """Decide anew for a customer's lines, after a promise say; opens, never walls off."""
    for subscription_id in db.session.scalars(
        select(Subscription.id)
        .where(
            Subscription.customer_id == customer_id,
            Subscription.state.in_(("active", "isolated")),
        )
        .order_by(Subscription.id)
    ).all():
        settle_line(subscription_id, may_isolate=False)


def candidates() -> list[int]:
    """Lines the run must look at: those that owe something, and those walled off.

    With a warning to send, a little earlier than the due date has passed.
    """
    ahead = timedelta(hours=settings.integer("isolation.warn_hours"))
    owing = select(Invoice.subscription_id).where(
        Invoice.state == "open", Invoice.due_on < today() + ahead
    )
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

    Looks first, all at once, so that the fuse can stop it before the first line. Commits by
    itself. A dry run changes nothing and says what would happen.
    """
    lines = judge(candidates())
    decisions = {line_id: line.decision for line_id, line in lines.items()}
    db.session.rollback()
    if not dry_run:
        allowed = fuse.let_through(list(lines.values()))
        for line_id, line in lines.items():
            if _to_do(line, line_id in allowed):
                decisions[line_id] = settle_line(
                    line_id, may_isolate=line_id in allowed, may_warn=True
                )
                db.session.commit()
    outcomes = _outcomes(decisions)
    db.session.rollback()
    return outcomes


def _to_do(line: Line, allowed: bool) -> bool:
    """Whether something about the line would change; asked again under its lock."""
    decision = line.decision
    if decision.code == BY_HAND:
        return False
    moves = decision.action == ("isolate" if line.state == "active" else "keep")
    if decision.action == "isolate" and not allowed:
        moves = False
    news = line.stored != _to_store(decision)
    return moves or news or decision.warn_for is not None


def _outcomes(decisions: dict[int, Decision]) -> list[IsolationOutcome]:
    ids = list(decisions)
    found = []
    for start in range(0, len(ids), CHUNK):
        rows = db.session.execute(
            select(Subscription.id, Subscription.login, Customer.number, Customer.name)
            .join(Customer, Customer.id == Subscription.customer_id)
            .where(Subscription.id.in_(ids[start : start + CHUNK]))
            .order_by(Subscription.id)
        )
        for line_id, login, number, name in rows:
            one = decisions[line_id]
            found.append(
                IsolationOutcome(
                    line_id, number, name, login, one.action, words.sentence(one), one.next_on
                )
            )
    return found
