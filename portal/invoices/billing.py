"""The invoice run: issues what is due, once, in chunks that each commit whole.

Safe against two runs at once and kill -9 anywhere: the period's counter row is locked
first, the candidates are looked up under that lock, and number, invoice, lines and
messages are one transaction. The unique index backs it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, extract, false, func, insert, or_, select

from portal.core.money import percent_bp
from portal.core.period import Period, due_date
from portal.extensions import db
from portal.infra import events, numbering
from portal.infra.timekeeping import now, today
from portal.invoices.events import InvoicesIssued
from portal.invoices.models import Invoice, InvoiceLine
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import Subscription

CHUNK = 100
BILLED_STATES = ("active", "isolated")
"""Isolated lines go on being billed; paused and ended ones do not."""


@dataclass(frozen=True)
class Preview:
    """What a run would do: how many invoices and rupiah, and what it leaves out."""

    count: int
    total: int
    already_issued: int


@dataclass(frozen=True)
class Candidate:
    """A line to be billed, prices in rupiah."""

    subscription_id: int
    customer_id: int
    plan_name: str
    price: int
    billing_day: int
    due_days: int


def _without_invoice(period: Period) -> Any:
    """Billable lines of the period that have no live invoice yet."""
    issued = (
        select(Invoice.id)
        .where(
            Invoice.subscription_id == Subscription.id,
            Invoice.period == str(period),
            Invoice.state != "void",
        )
        .exists()
    )
    return (
        select(
            Subscription.id,
            Subscription.customer_id,
            Plan.name,
            func.coalesce(Subscription.custom_price, Plan.price).label("price"),
            Subscription.billing_day,
            Plan.due_days,
        )
        .join(Plan, Plan.id == Subscription.plan_id)
        .where(
            Subscription.state.in_(BILLED_STATES),
            Subscription.started_on <= period.last_day,
            ~issued,
        )
        .order_by(Subscription.id)
    )


def _only_due(statement: Any, period: Period, day: date) -> Any:
    """Only lines whose billing day, clamped to the month, has come by `day`, and that
    Loket already looked after on that billing day (`auto_from`)."""
    if day < period.first_day:
        return statement.where(false())
    if day < period.last_day:
        statement = statement.where(Subscription.billing_day <= day.day)
    known = or_(
        Subscription.auto_from <= period.first_day,
        and_(
            Subscription.auto_from <= period.last_day,
            Subscription.billing_day >= extract("day", Subscription.auto_from),
        ),
    )
    return statement.where(known)


def preview(period: Period) -> Preview:
    """What `issue_period` would issue now. Amounts include tax."""
    candidates = _without_invoice(period).subquery()
    tax = settings.integer("billing.tax_bp")
    groups = db.session.execute(
        select(candidates.c.price, func.count()).group_by(candidates.c.price)
    ).all()
    already = db.session.scalar(
        select(func.count()).where(Invoice.period == str(period), Invoice.state != "void")
    )
    return Preview(
        count=sum(count for _, count in groups),
        total=sum((price + percent_bp(price, tax)) * count for price, count in groups),
        already_issued=already or 0,
    )


def issue_chunk(period: Period, *, only_due: bool, lines: Sequence[int] | None = None) -> int:
    """Issue up to CHUNK invoices of the period in the current transaction.

    Returns how many; 0 means nothing is left. The caller commits after each chunk.
    `only_due` leaves out lines whose billing day has not come yet; `lines` keeps to
    these subscriptions.
    """
    sequence = f"INV-{period.compact}"
    numbering.lock(sequence)
    statement = _without_invoice(period)
    if only_due:
        statement = _only_due(statement, period, today())
    if lines is not None:
        statement = statement.where(Subscription.id.in_(lines))
    rows = db.session.execute(statement.limit(CHUNK)).all()
    if not rows:
        return 0
    default_due = settings.integer("billing.due_days")
    candidates = [
        Candidate(row[0], row[1], row[2], int(row[3]), row[4], row[5] or default_due)
        for row in rows
    ]
    ids = _insert(period, sequence, candidates)
    events.emit(InvoicesIssued(ids))
    return len(ids)


def _insert(period: Period, sequence: str, candidates: Sequence[Candidate]) -> list[int]:
    """Write invoices and lines in two bulk statements; returns the new ids."""
    tax_bp = settings.integer("billing.tax_bp")
    issued_on, stamp = today(), now()
    numbers = numbering.take(sequence, len(candidates))
    rows: list[dict[str, Any]] = [
        {
            "number": numbering.document_number(sequence, number),
            "customer_id": line.customer_id,
            "subscription_id": line.subscription_id,
            "period": str(period),
            "plan_name": line.plan_name,
            "plan_price": line.price,
            "total": line.price + percent_bp(line.price, tax_bp),
            "state": "open",
            "issued_on": issued_on,
            "due_on": due_date(period, line.billing_day, line.due_days, issued_on),
            "closed_reason": "",
            "created_at": stamp,
        }
        for line, number in zip(candidates, numbers, strict=True)
    ]
    inserted = db.session.execute(insert(Invoice).returning(Invoice.id, Invoice.number), rows)
    id_of = {number: invoice_id for invoice_id, number in inserted}
    lines = [part for row in rows for part in _lines(id_of[row["number"]], row, tax_bp)]
    db.session.execute(insert(InvoiceLine), lines)
    return sorted(id_of.values())


def _lines(invoice_id: int, row: dict[str, Any], tax_bp: int) -> list[dict[str, Any]]:
    """The plan line, and the tax line when there is tax."""
    plan = {
        "invoice_id": invoice_id,
        "position": 1,
        "kind": "plan",
        "description": row["plan_name"],
        "amount": row["plan_price"],
    }
    if not tax_bp:
        return [plan]
    rate = f"{tax_bp / 100:g}".replace(".", ",")
    tax = {
        "invoice_id": invoice_id,
        "position": 2,
        "kind": "tax",
        "description": f"PPN {rate} %",
        "amount": row["total"] - row["plan_price"],
    }
    return [plan, tax]


def due_periods(day: date) -> list[Period]:
    """Periods the nightly run looks after: this month, and last month for days it was down.

    A billing day of the 30th that the machine slept through is caught up on the 1st.
    """
    current = Period.of(day)
    return [current.previous(), current]
