"""Recording money: the one place. Allocation, credit, the receipt's values.

Paying online (`opening.py`, `orders.py`, `settlement.py`) and money taken by hand end here.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from portal.core.money import format_rupiah
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import audit, events, numbering
from portal.infra.timekeeping import now, zone
from portal.invoices import books
from portal.invoices import service as invoices
from portal.invoices.events import InvoicesClosed
from portal.invoices.models import Allocation, Invoice
from portal.invoices.queries import owed_amount
from portal.payments.events import PaymentRecorded
from portal.payments.models import Credit, Payment

ROOT = func.coalesce(Payment.reverses_id, Payment.id)
"""The payment itself, also for the rows of its reversal: the two count as one."""


def hold_customer(customer_id: int) -> None:
    """Lock a customer's money until the transaction ends: it moves one after the other.

    Always taken before the customer's invoices, so that nobody waits in a circle; and
    without blocking rows that merely point at the customer (new invoices, messages).
    """
    db.session.execute(
        select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True)
    )


def record_payment(
    *,
    customer_id: int,
    amount: int,
    source: str,
    method: str,
    paid_at: datetime,
    invoice_ids: Sequence[int],
    payment_order_id: int | None = None,
    note: str = "",
    taken_by_id: int | None = None,
    booked_on: date | None = None,
) -> Payment:
    """Record money that arrived: rupiah, UTC. In the caller's transaction.

    Goes to the chosen invoices in order, then to the customer's oldest open ones; the rest
    becomes credit. It counts for the local day of `paid_at`, or for `booked_on`; for today
    when the books of that month are closed. Raises ValueError for an amount that is not
    positive.
    """
    if amount <= 0:
        raise ValueError("a payment is a positive number of rupiah")
    hold_customer(customer_id)
    name = f"PAY-{paid_at.astimezone(zone()):%Y%m%d}"
    payment = Payment(
        number=numbering.document_number(name, numbering.take(name)[0]),
        customer_id=customer_id,
        payment_order_id=payment_order_id,
        amount=amount,
        source=source,
        method=method,
        paid_at=paid_at,
        recorded_at=now(),
        booked_on=books.book_day(booked_on or paid_at.astimezone(zone()).date()),
        note=note,
        taken_by_id=taken_by_id,
    )
    db.session.add(payment)
    db.session.flush()
    _allocate(payment, invoice_ids)
    audit.record(
        "payment.record",
        f"payment:{payment.id}",
        after={"amount": amount, "source": source, "number": payment.number},
    )
    events.emit(PaymentRecorded(payment.id, customer_id))
    return payment


def _allocate(payment: Payment, chosen: Sequence[int]) -> None:
    order = list(dict.fromkeys([*chosen, *invoices.open_ids(payment.customer_id)]))
    left, paid = invoices.allocate(payment.id, payment.amount, order)
    if left:
        db.session.add(
            Credit(
                customer_id=payment.customer_id,
                payment_id=payment.id,
                amount=left,
                reason="kelebihan bayar",
                created_at=now(),
            )
        )
        db.session.flush()
    if paid:
        events.emit(InvoicesClosed(paid))


def credit_balance(customer_id: int) -> int:
    """Rupiah the customer has left from earlier payments."""
    return int(
        db.session.scalar(
            select(func.coalesce(func.sum(Credit.amount), 0)).where(
                Credit.customer_id == customer_id
            )
        )
        or 0
    )


def use_credit(invoice_ids: Sequence[int]) -> None:
    """Reaction to issued invoices: spend what their customers have left, oldest money first."""
    rows = db.session.execute(
        select(Invoice.id, Invoice.customer_id)
        .where(
            Invoice.id.in_(invoice_ids),
            Invoice.customer_id.in_(
                select(Credit.customer_id)
                .group_by(Credit.customer_id)
                .having(func.sum(Credit.amount) > 0)
            ),
        )
        # By customer: two runs for different periods lock them in the same order.
        .order_by(Invoice.customer_id, Invoice.id)
    ).all()
    paid: list[int] = []
    for invoice_id, customer_id in rows:
        paid += _spend(invoice_id, customer_id)
    if paid:
        events.emit(InvoicesClosed(paid))


def spend_credit(customer_id: int, invoice_ids: Sequence[int]) -> None:
    """Spend what the customer has left on these invoices of theirs, in order."""
    hold_customer(customer_id)
    paid: list[int] = []
    for invoice_id in invoice_ids:
        paid += _spend(invoice_id, customer_id)
    if paid:
        events.emit(InvoicesClosed(paid))


def _spend(invoice_id: int, customer_id: int) -> list[int]:
    """Move credit onto one invoice; returns it when that paid it."""
    hold_customer(customer_id)
    paid: list[int] = []
    for payment_id, left in credit_by_payment(customer_id):
        rest, closed = invoices.allocate(payment_id, left, [invoice_id])
        if rest < left:
            db.session.add(
                Credit(
                    customer_id=customer_id,
                    payment_id=payment_id,
                    invoice_id=invoice_id,
                    amount=rest - left,
                    reason="dipakai untuk tagihan",
                    created_at=now(),
                )
            )
            db.session.flush()
        paid += closed
        if closed:
            break
    return paid


def credit_by_payment(customer_id: int) -> list[tuple[int, int]]:
    """What is left of the customer's credit: (payment, rupiah), the oldest money first.

    A reversed payment has nothing left, whatever its own rows say.
    """
    rows = db.session.execute(
        select(ROOT, func.sum(Credit.amount))
        .join(Payment, Payment.id == Credit.payment_id)
        .where(Credit.customer_id == customer_id)
        .group_by(ROOT)
        .having(func.sum(Credit.amount) > 0)
        .order_by(ROOT)
    )
    return [(payment_id, int(amount)) for payment_id, amount in rows]


def confirmation(payment_id: int) -> dict[str, Any]:
    """The values of the receipt message: who, how much (rupiah), when (ISO), what is left."""
    payment = db.session.get_one(Payment, payment_id)
    customer = db.session.get_one(Customer, payment.customer_id)
    invoice_id = db.session.scalar(
        select(Allocation.invoice_id)
        .where(Allocation.payment_id == payment_id)
        .order_by(Allocation.id)
        .limit(1)
    )
    return {
        "customer_id": customer.id,
        "name": customer.name,
        "amount": payment.amount,
        "payment_number": payment.number,
        "paid_at": payment.paid_at.isoformat(),
        "status": _standing(payment.customer_id),
        "phone": customer.phone,
        "language": customer.language,
        "invoice_id": invoice_id,
    }


def _standing(customer_id: int) -> str:
    """Where the customer stands after this payment, in a few words."""
    owed = db.session.scalar(
        select(func.coalesce(func.sum(owed_amount()), 0)).where(
            Invoice.customer_id == customer_id, Invoice.state == "open"
        )
    )
    if owed:
        return f"Sisa tagihan {format_rupiah(int(owed))}"
    credit = credit_balance(customer_id)
    return f"Lunas, saldo {format_rupiah(credit)}" if credit else "Lunas"
