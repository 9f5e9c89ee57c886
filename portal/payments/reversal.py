"""Reversing a payment: wrong customer, bounced, entered twice. A new row mirrors the old one.

Whatever the payment paid is owed again, whatever it left as credit is gone; also where its
credit was used later. Nobody is walled off by it: the nightly rule finds what is overdue.
"""

from sqlalchemy import func, select

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import audit, events, numbering
from portal.infra.timekeeping import now, today, zone
from portal.invoices import corrections as rows
from portal.invoices.models import Allocation
from portal.payments.corrections import CorrectionError, why
from portal.payments.events import PaymentReversed
from portal.payments.models import Credit, Payment
from portal.payments.service import hold_customer, record_payment
from portal.web.sentences import N_


def reverse(payment_id: int, reason: str, *, again_for: int | None = None) -> Payment:
    """Reverse a payment, today; returns the new row.

    With `again_for` the same money is recorded for that customer in the same step: the day
    it was paid stays, it counts for today as the reversal does. The order of an online
    payment stays settled. Raises CorrectionError.
    """
    said = why(reason)
    payment = db.session.get_one(Payment, payment_id)
    if again_for == payment.customer_id:
        raise CorrectionError(N_("Pilih pelanggan lain daripada yang sekarang."))
    if again_for is not None and db.session.get(Customer, again_for) is None:
        raise CorrectionError(N_("Nomor pelanggan itu tidak ada."))
    for customer_id in sorted({payment.customer_id, again_for or payment.customer_id}):
        hold_customer(customer_id)
    _refuse(payment)
    mirror = _mirror(payment, said)
    _take_back_credit(payment, mirror)
    reopened = _take_back_paid(payment, mirror, said)
    audit.record(
        "payment.reverse",
        f"payment:{payment_id}",
        before={"amount": payment.amount, "number": payment.number},
        after={"number": mirror.number, "reopened": reopened},
        reason=said,
    )
    events.emit(PaymentReversed(payment_id))
    if again_for is not None:
        _record_again(payment, again_for)
    return mirror


def _refuse(payment: Payment) -> None:
    if payment.reverses_id is not None:
        raise CorrectionError(N_("Ini sendiri pembatalan; catat pembayaran yang baru."))
    if db.session.scalar(select(Payment.id).where(Payment.reverses_id == payment.id)):
        raise CorrectionError(N_("Pembayaran ini sudah dibatalkan."))
    refunded = select(Credit.id).where(
        Credit.payment_id == payment.id, Credit.refund_id.is_not(None)
    )
    if db.session.scalar(refunded.limit(1)):
        raise CorrectionError(
            N_(
                "Sebagian uang ini sudah dikembalikan ke pelanggan, jadi pembayarannya tidak "
                "dapat dibatalkan. Kembalikan sisanya dari saldo, atau buat nota kredit."
            )
        )


def _mirror(payment: Payment, said: str) -> Payment:
    name = f"PAY-{now().astimezone(zone()):%Y%m%d}"
    mirror = Payment(
        number=numbering.document_number(name, numbering.take(name)[0]),
        customer_id=payment.customer_id,
        amount=-payment.amount,
        source=payment.source,
        method=payment.method,
        paid_at=now(),
        recorded_at=now(),
        booked_on=today(),
        note=said,
        reverses_id=payment.id,
        taken_by_id=payment.taken_by_id,
    )
    db.session.add(mirror)
    db.session.flush()
    return mirror


def _take_back_credit(payment: Payment, mirror: Payment) -> None:
    left = int(
        db.session.scalar(
            select(func.coalesce(func.sum(Credit.amount), 0)).where(Credit.payment_id == payment.id)
        )
        or 0
    )
    if left:
        db.session.add(
            Credit(
                customer_id=payment.customer_id,
                payment_id=mirror.id,
                amount=-left,
                reason="pembayaran dibatalkan",
                created_at=now(),
            )
        )
        db.session.flush()


def _take_back_paid(payment: Payment, mirror: Payment, said: str) -> list[str]:
    """What the payment paid is owed again; the numbers of invoices that were paid before."""
    parts = db.session.execute(
        select(Allocation.invoice_id, func.sum(Allocation.amount))
        .where(Allocation.payment_id == payment.id)
        .group_by(Allocation.invoice_id)
        .having(func.sum(Allocation.amount) != 0)
        .order_by(Allocation.invoice_id)
    ).all()
    reopened = []
    for invoice_id, part in parts:
        held = rows.lock(invoice_id)
        db.session.add(
            Allocation(
                payment_id=mirror.id, invoice_id=invoice_id, amount=-int(part), created_at=now()
            )
        )
        if held.row.state == "paid":
            before = held.facts
            rows.reopen(held.row)
            reopened.append(held.row.number)
            audit.record(
                "invoice.reopen",
                f"invoice:{invoice_id}",
                before=before,
                after={"payment": payment.number},
                reason=said,
            )
    db.session.flush()
    return reopened


def _record_again(payment: Payment, customer_id: int) -> None:
    record_payment(
        customer_id=customer_id,
        amount=payment.amount,
        source=payment.source,
        method=payment.method,
        paid_at=payment.paid_at,
        invoice_ids=[],
        note=f"Dipindah dari {payment.number}",
        taken_by_id=payment.taken_by_id,
        booked_on=today(),
    )
