"""What a gateway's answer does to the books: settling once, or saying why not.

One transaction, the caller's. Settling is a guarded UPDATE under the order's row lock,
backed by the unique payment per order, so any number of answers settle it once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select, update

from portal.config import Settings
from portal.core.money import format_rupiah
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.timekeeping import now, wall
from portal.invoices import service as invoices
from portal.invoices.models import Invoice
from portal.payments import ahead, states, timing
from portal.payments.attention import raise_item
from portal.payments.gateways.base import ChargeStatus
from portal.payments.models import Payment, PaymentOrder
from portal.payments.service import hold_customer, record_payment


def settle(
    order_pk: int,
    status: ChargeStatus,
    lease: datetime | None = None,
    *,
    known: frozenset[str] = frozenset(),
) -> str:
    """Bring an order in step with the gateway's answer.

    `known` are the circumstances (`states.py`) the person who settles it knows of already.

    `lease` is what the asker's claim wrote into `next_check_at`: when something else stands
    there, somebody asked for another check meanwhile, and that wish is kept. Returns
    settled, wait, expire, cancel, ignore, refused, or nothing when it was settled before.
    """
    order = db.session.scalars(
        select(PaymentOrder)
        .where(PaymentOrder.id == order_pk)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if order.state == "settled":
        return "nothing"
    step = states.action(order.state, status.state)
    if step == "settle":
        refusal = _refusal(order, status)
        if not refusal:
            return _settle(order, status, known)
        _needs_person(order, status, refusal)
        step_word = "refused"
    else:
        order.last_answer = status.state
        step_word = step
        if step in {"expire", "cancel"}:
            order.state = "expired" if step == "expire" else "cancelled"
    return _go_on(order, step_word, lease)


def correct_amount(order_pk: int, amount: int, reason: str) -> bool:
    """Have an unsettled order ask for what really came (rupiah); False when it is settled.

    A person decided so, with a reason. Takes the order's lock; `settle` comes next. Less than
    was asked for pays no months ahead.
    """
    order = db.session.get_one(PaymentOrder, order_pk, with_for_update=True, populate_existing=True)
    if order.state == "settled":
        return False
    if amount != order.amount:
        audit.record(
            "order.amount",
            f"order:{order_pk}",
            before={"amount": order.amount},
            after={"amount": amount},
            reason=reason,
        )
        if order.ahead is not None and amount < order.amount - (order.unique_code or 0):
            order.advance = 0
        order.amount, order.unique_code, order.total = amount, None, None
        db.session.flush()
    return True


def _refusal(order: PaymentOrder, status: ChargeStatus) -> str:
    """Why a completed answer is not believed; empty when it is."""
    settings: Settings = current_app.extensions["loket.settings"]
    if status.objection:
        return status.objection
    if status.order_id != order.order_id:
        return "nomor order di jawaban gateway berbeda"
    if status.reference and order.reference and status.reference != order.reference:
        return "nomor transaksi di jawaban gateway berbeda"
    if status.amount != order.amount:
        said = "tidak terbaca" if status.amount is None else format_rupiah(status.amount)
        return f"jumlah di gateway {said}, seharusnya {format_rupiah(order.amount)}"
    if status.sandbox and settings.production:
        return "pembayaran sandbox, bukan uang sungguhan"
    return ""


def _needs_person(order: PaymentOrder, status: ChargeStatus, why: str) -> None:
    raise_item(
        f"order:{order.order_id}:{why}",
        "order_mismatch",
        f"Gateway menyebut order {order.order_id} lunas, tetapi tidak dicatat: {why}. "
        "Cocokkan di dasbor gateway.",
        customer_id=order.customer_id,
        payment_order_id=order.id,
        details={
            "gateway_amount": status.amount,
            "our_amount": order.amount,
            "sandbox": status.sandbox,
        },
    )
    order.last_answer = why[:500]


def _go_on(order: PaymentOrder, word: str, lease: datetime | None) -> str:
    """When to ask next, and whether the order is over; asked to the end of the plan."""
    age = (now() - order.created_at).total_seconds()
    left = timing.LIFETIME - age
    if order.expires_at is not None:
        left = min(left, (order.expires_at - wall()).total_seconds())
    coming = timing.next_check(age, left)
    if lease is None or order.next_check_at == lease:
        order.next_check_at = None if coming is None else wall() + timedelta(seconds=coming)
    if order.state == "pending" and (timing.is_over(left) or coming is None):
        order.state = "expired"
        return word if word == "refused" else "expire"
    return word


def _settle(order: PaymentOrder, status: ChargeStatus, known: frozenset[str]) -> str:
    before = order.state
    if not _take(order, status):
        return "nothing"
    months = ahead.issue_for(order)  # the counters of invoice numbers come before the customer
    hold_customer(order.customer_id)
    due_ahead = ahead.demanded(months) if months else 0
    chosen = [link.invoice_id for link in order.invoices]
    owed = sum(rest for _, rest in invoices.lock_open(chosen))
    # A unique code is no surprise, nor money ahead of its invoice: they become credit.
    asked = order.amount - (order.unique_code or 0) - order.advance
    name = states.circumstance(before, asked, _states(chosen), owed)
    payment = record_payment(
        customer_id=order.customer_id,
        amount=order.amount,
        source=order.gateway,
        method=status.method or order.method,
        paid_at=_paid_at(order, status),
        invoice_ids=[*chosen, *(months.invoice_ids if months else ())],
        payment_order_id=order.id,
    )
    if months:
        ahead.announce(months)
        ahead.report(order, payment, months, due_ahead)
    if name != "ordinary" and name not in known:
        _report(order, payment, name)
    return "settled"


def _take(order: PaymentOrder, status: ChargeStatus) -> bool:
    """The one step that settles; False when it was taken before."""
    return (
        updated(
            update(PaymentOrder)
            .where(PaymentOrder.id == order.id, PaymentOrder.state != "settled")
            .values(
                state="settled",
                next_check_at=None,
                method=status.method or order.method,
                last_answer="completed",
            )
        )
        == 1
    )


def _states(invoice_ids: Sequence[int]) -> list[str]:
    return list(db.session.scalars(select(Invoice.state).where(Invoice.id.in_(invoice_ids))))


def _report(order: PaymentOrder, payment: Payment, name: str) -> None:
    raise_item(
        f"payment:{payment.id}",
        name,
        f"Pembayaran {payment.number} sebesar {format_rupiah(payment.amount)} sudah dicatat, "
        f"tetapi {states.SENTENCES[name]}",
        customer_id=order.customer_id,
        payment_order_id=order.id,
        payment_id=payment.id,
    )


def _paid_at(order: PaymentOrder, status: ChargeStatus) -> datetime:
    """The gateway's time on our calendar: not before the order, not in the future.

    The demo's calendar runs ahead of the gateway's clock; in production they are the same.
    """
    if status.completed_at is None:
        return now()
    return min(max(status.completed_at + (now() - wall()), order.created_at), now())
