"""What the staff's first page counts, in rupiah and rows. What waits for a person is in the
features' `todo.py`; the bars are in `plots_view.py`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, select

from portal.core.period import Period
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.heartbeat import ALIVE, Heartbeat
from portal.infra.timekeeping import today, wall
from portal.invoices.models import Allocation, Invoice
from portal.invoices.queries import credited_amount, owed_amount
from portal.messaging import channels
from portal.messaging.models import Message
from portal.payments.models import Payment
from portal.subscriptions.models import Subscription

WAITING = ("pending", "leased", "sending")
LANES = ("interactive", "messages", "bulk")
PERIODS = 13
"""Months to choose from: this one, and a year back."""


@dataclass(frozen=True)
class Lane:
    """Messages of one lane: waiting, and given up today."""

    name: str
    waiting: int
    failed: int


def _count(statement: Any) -> int:
    return int(db.session.scalar(statement) or 0)


def _pairs(statement: Any) -> dict[Any, int]:
    """A two-column answer as a dictionary of whole numbers."""
    return {key: int(value or 0) for key, value in db.session.execute(statement)}


def periods() -> list[str]:
    """The months one may choose, the newest first."""
    period = Period.of(today())
    return [str(period.plus(-back)) for back in range(PERIODS)]


def figures(period: str) -> dict[str, Any]:
    """The numbers at the top: billed and collected of that month, the rest as it is now."""
    live = Invoice.state != "void"
    billed, count = db.session.execute(
        select(func.coalesce(func.sum(Invoice.total - credited_amount()), 0), func.count()).where(
            Invoice.period == period, live
        )
    ).one()
    collected = _count(
        select(func.coalesce(func.sum(Allocation.amount), 0))
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(Invoice.period == period, live)
    )
    late = and_(Invoice.state == "open", Invoice.due_on < today())
    arrears, debtors = db.session.execute(
        select(
            func.coalesce(func.sum(owed_amount()), 0),
            func.count(func.distinct(Invoice.customer_id)),
        ).where(late)
    ).one()
    return {
        "period": period,
        "customers": _count(select(func.count()).where(Customer.status == "active")),
        "new": new_lines(period),
        "billed": int(billed),
        "billed_count": count,
        "collected": collected,
        "percent": round(collected * 100 / billed) if billed else 0,
        "arrears": int(arrears),
        "debtors": debtors,
        "isolated": _count(select(func.count()).where(Subscription.state == "isolated")),
        "failed": _count(select(func.count()).where(Message.state == "failed")),
    }


def new_lines(period: str) -> int:
    """Lines that started in the month."""
    month = Period.parse(period)
    return _count(
        select(func.count()).where(
            Subscription.started_on >= month.first_day, Subscription.started_on <= month.last_day
        )
    )


def lanes() -> list[Lane]:
    """Messages waiting by lane, and those that failed in the last day."""
    waiting = _pairs(
        select(Message.lane, func.count()).where(Message.state.in_(WAITING)).group_by(Message.lane)
    )
    failed = _pairs(
        select(Message.lane, func.count())
        .where(Message.state == "failed", Message.created_at >= wall() - timedelta(days=1))
        .group_by(Message.lane)
    )
    return [Lane(name, waiting.get(name, 0), failed.get(name, 0)) for name in LANES]


def workers() -> int:
    """Worker processes that were heard lately."""
    return _count(
        select(func.count()).where(Heartbeat.at > wall() - ALIVE, Heartbeat.role != "scheduler")
    )


def carriers() -> list[tuple[str, str, str]]:
    """(name, level, state) of every channel."""
    found = []
    for one in channels.everything():
        state = "problem" if one.problem else "paused" if one.paused else "ready"
        found.append((one.label, {"ready": "ok"}.get(state, "bad"), state))
    return found


def last_payments(limit: int = 8) -> list[tuple[Payment, str, str]]:
    """(payment, customer, number of the first invoice it went to) of the newest payments."""
    rows = db.session.execute(
        select(Payment, Customer.name)
        .join(Customer, Customer.id == Payment.customer_id)
        .order_by(Payment.id.desc())
        .limit(limit)
    ).all()
    numbers: dict[int, str] = {
        payment_id: number
        for payment_id, number in db.session.execute(
            select(Allocation.payment_id, func.min(Invoice.number))
            .join(Invoice, Invoice.id == Allocation.invoice_id)
            .where(Allocation.payment_id.in_([payment.id for payment, _name in rows]))
            .group_by(Allocation.payment_id)
        )
    }
    return [(payment, name, numbers.get(payment.id, "")) for payment, name in rows]
