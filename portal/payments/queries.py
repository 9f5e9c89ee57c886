"""Reading payments and orders for screens. Amounts in rupiah."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import BigInteger, Row, Select, cast, func, or_, select
from sqlalchemy.orm import aliased

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import now, zone
from portal.invoices.models import Allocation, Invoice
from portal.payments import timing
from portal.payments.models import (
    AttentionItem,
    Credit,
    Payment,
    PaymentOrder,
    PaymentOrderInvoice,
    PaymentProof,
)
from portal.subscriptions.finding import customer_matches


def pending_order(invoice_id: int) -> PaymentOrder | None:
    """The newest live order for an invoice."""
    return db.session.scalars(
        select(PaymentOrder)
        .join(PaymentOrderInvoice, PaymentOrderInvoice.payment_order_id == PaymentOrder.id)
        .where(
            PaymentOrderInvoice.invoice_id == invoice_id,
            PaymentOrder.state == "pending",
            or_(PaymentOrder.pay_url != "", PaymentOrder.pay_code != ""),
            PaymentOrder.created_at > now() - timedelta(seconds=timing.LIFETIME),
        )
        .order_by(PaymentOrder.id.desc())
        .limit(1)
    ).first()


def order_of(customer_id: int, order_id: str) -> PaymentOrder | None:
    """The customer's own order of that id."""
    return db.session.scalar(
        select(PaymentOrder).where(
            PaymentOrder.order_id == order_id, PaymentOrder.customer_id == customer_id
        )
    )


def last_proof(order_pk: int) -> PaymentProof | None:
    """The newest photo a customer sent for a transfer."""
    return db.session.scalars(
        select(PaymentProof)
        .where(PaymentProof.payment_order_id == order_pk)
        .order_by(PaymentProof.id.desc())
        .limit(1)
    ).first()


def payment_of_order(order_pk: int) -> Payment | None:
    """The payment that settled an order."""
    return db.session.scalar(select(Payment).where(Payment.payment_order_id == order_pk))


def payments_of_customer(customer_id: int, limit: int = 50) -> Sequence[Payment]:
    """A customer's payments, the newest first."""
    return db.session.scalars(
        select(Payment)
        .where(Payment.customer_id == customer_id)
        .order_by(Payment.id.desc())
        .limit(limit)
    ).all()


def listing_of(customer_id: int, year: int | None = None, status: str = "") -> Select[Any]:
    """A customer's payments, the newest first; `year` by the local calendar, `status`: received,
    reversal or "" for all."""
    found = select(Payment).where(Payment.customer_id == customer_id)
    if year is not None:
        found = found.where(
            Payment.paid_at >= _midnight(date(year, 1, 1)),
            Payment.paid_at < _midnight(date(year + 1, 1, 1)),
        )
    if status == "received":
        found = found.where(Payment.reverses_id.is_(None))
    elif status == "reversal":
        found = found.where(Payment.reverses_id.is_not(None))
    return found.order_by(Payment.id.desc())


def first_paid_at(customer_id: int) -> datetime | None:
    """When a customer paid for the first time (UTC)."""
    return db.session.scalar(
        select(func.min(Payment.paid_at)).where(Payment.customer_id == customer_id)
    )


def payments_of_invoice(invoice_id: int) -> Sequence[Row[Payment, int]]:
    """(payment, part of it in rupiah) for an invoice, oldest first.

    What was taken back again, by a correction or a reversal, is not there any more.
    """
    mover = aliased(Payment)
    part = cast(func.sum(Allocation.amount), BigInteger)
    return db.session.execute(
        select(Payment, part)
        .join(mover, func.coalesce(mover.reverses_id, mover.id) == Payment.id)
        .join(Allocation, Allocation.payment_id == mover.id)
        .where(Allocation.invoice_id == invoice_id)
        .group_by(Payment.id)
        .having(part != 0)
        .order_by(func.min(Allocation.id))
    ).all()


def invoices_of_payment(payment_id: int) -> Sequence[Row[Invoice, int]]:
    """(invoice, part paid in rupiah) for a payment."""
    part = cast(func.sum(Allocation.amount), BigInteger)
    return db.session.execute(
        select(Invoice, part)
        .join(Allocation, Allocation.invoice_id == Invoice.id)
        .where(Allocation.payment_id == payment_id)
        .group_by(Invoice.id)
        .having(part != 0)
        .order_by(func.min(Allocation.id))
    ).all()


def invoices_of_payments(
    payment_ids: Sequence[int],
) -> dict[int, list[Row[int, int, str, str, int]]]:
    """(payment id, invoice id, number, period, part in rupiah) by payment, in one query."""
    part = cast(func.sum(Allocation.amount), BigInteger)
    rows = db.session.execute(
        select(
            Allocation.payment_id,
            Invoice.id,
            Invoice.number,
            Invoice.period,
            part.label("amount"),
        )
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(Allocation.payment_id.in_(payment_ids))
        .group_by(Allocation.payment_id, Invoice.id)
        .having(part != 0)
        .order_by(func.min(Allocation.id))
    )
    found: dict[int, list[Row[int, int, str, str, int]]] = {}
    for row in rows:
        found.setdefault(row.payment_id, []).append(row)
    return found


def reversal_of(payment_id: int) -> Payment | None:
    """The row that takes this payment back."""
    return db.session.scalar(select(Payment).where(Payment.reverses_id == payment_id))


def credit_rows(payment_id: int) -> Sequence[Credit]:
    """Credit movements of a payment."""
    return db.session.scalars(
        select(Credit).where(Credit.payment_id == payment_id).order_by(Credit.id)
    ).all()


def credit_of(payment_id: int) -> int:
    """Rupiah of a payment that became credit when it was recorded."""
    first = select(func.coalesce(func.sum(Credit.amount), 0)).where(
        Credit.payment_id == payment_id, Credit.invoice_id.is_(None), Credit.amount > 0
    )
    return int(db.session.scalar(first) or 0)


@dataclass(frozen=True)
class Filter:
    """What the staff list is narrowed to; days are the ISP's, both included."""

    text: str = ""
    source: str = ""
    since: date | None = None
    until: date | None = None


def filtered(wanted: Filter) -> Select[Any]:
    """The staff list: payments with customer name and number, the newest first."""
    found: Any = (
        select(Payment, Customer.name, Customer.number)
        .join(Customer, Customer.id == Payment.customer_id)
        .order_by(Payment.id.desc())
    )
    if wanted.text:
        by_order = select(PaymentOrder.id).where(PaymentOrder.order_id == wanted.text)
        found = found.where(
            or_(
                Payment.number.icontains(wanted.text, autoescape=True),
                customer_matches(wanted.text),
                Payment.payment_order_id.in_(by_order),
            )
        )
    if wanted.source:
        found = found.where(Payment.source == wanted.source)
    if wanted.since:
        found = found.where(Payment.paid_at >= _midnight(wanted.since))
    if wanted.until:
        found = found.where(Payment.paid_at < _midnight(wanted.until + timedelta(days=1)))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), zone())


def total_of(found: Select[Any]) -> int:
    """Rupiah of all payments of a list."""
    amounts = found.with_only_columns(Payment.amount).order_by(None).subquery()
    return int(db.session.scalar(select(func.coalesce(func.sum(amounts.c.amount), 0))) or 0)


def sources_used() -> Sequence[str]:
    """Where payments came from so far."""
    return db.session.scalars(select(Payment.source).distinct().order_by(Payment.source)).all()


def attention(state: str = "open") -> Select[Any]:
    """Items of the *perlu perhatian* list with their customer, the newest first."""
    found: Any = (
        select(AttentionItem, Customer.name, Customer.id)
        .outerjoin(Customer, Customer.id == AttentionItem.customer_id)
        .where(AttentionItem.state == state)
        .order_by(AttentionItem.id.desc())
    )
    return found


def attention_of_payment(payment_id: int) -> Sequence[AttentionItem]:
    """What a person was asked to look at about a payment."""
    return db.session.scalars(
        select(AttentionItem).where(AttentionItem.payment_id == payment_id)
    ).all()


def attention_count() -> int:
    """Open items."""
    return db.session.scalar(select(func.count()).where(AttentionItem.state == "open")) or 0
