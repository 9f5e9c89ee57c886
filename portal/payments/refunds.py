"""Giving credit back to a customer: recorded here, handed over or sent by people."""

from sqlalchemy import select

from portal.core.period import Period
from portal.extensions import db
from portal.infra import audit, numbering
from portal.infra.timekeeping import now, today
from portal.payments.corrections import CorrectionError, why
from portal.payments.models import Credit, Refund
from portal.payments.service import credit_balance, credit_by_payment, hold_customer
from portal.web.sentences import N_

METHODS = ("cash", "transfer")


def refund(
    customer_id: int,
    amount: int,
    method: str,
    reason: str,
    *,
    reference: str = "",
    paid_by_id: int | None = None,
    once: str | None = None,
) -> Refund:
    """Give rupiah of the customer's credit back, the oldest payment's first; dated today.

    `once` is the form's key: the same key again is the same refund. Raises CorrectionError.
    """
    said = why(reason)
    if method not in METHODS:
        raise CorrectionError(N_("Pilih tunai atau transfer."))
    hold_customer(customer_id)
    if once and (same := db.session.scalar(select(Refund).where(Refund.once == once))):
        return same
    balance = credit_balance(customer_id)
    if amount <= 0:
        raise CorrectionError(N_("Jumlahnya harus lebih dari nol."))
    if amount > balance:
        raise CorrectionError(N_("Saldo pelanggan tidak cukup."))
    row = Refund(
        customer_id=customer_id,
        amount=amount,
        method=method,
        reference=reference.strip()[:120],
        reason=said,
        paid_by_id=paid_by_id,
        once=once,
    )
    _write(row)
    _take(row)
    audit.record(
        "credit.refund",
        f"customer:{customer_id}",
        before={"credit": balance},
        after={"number": row.number, "amount": amount, "method": method},
        reason=said,
    )
    return row


def _write(row: Refund) -> None:
    name = f"RF-{Period.of(today()).compact}"
    row.number = numbering.document_number(name, numbering.take(name)[0])
    row.booked_on, row.created_at = today(), now()
    db.session.add(row)
    db.session.flush()


def _take(row: Refund) -> None:
    left = row.amount
    for payment_id, there in credit_by_payment(row.customer_id):
        part = min(there, left)
        if part <= 0:
            break
        db.session.add(
            Credit(
                customer_id=row.customer_id,
                payment_id=payment_id,
                amount=-part,
                refund_id=row.id,
                reason="dikembalikan ke pelanggan",
                created_at=now(),
            )
        )
        left -= part
    db.session.flush()


def of_customer(customer_id: int) -> list[Refund]:
    """The customer's refunds, the newest first."""
    return list(
        db.session.scalars(
            select(Refund).where(Refund.customer_id == customer_id).order_by(Refund.id.desc())
        )
    )
