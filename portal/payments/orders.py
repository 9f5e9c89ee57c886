"""Payment orders: opening one, asking the gateway about it, settling it, once.

Opening and checking talk to the gateway in the middle, so they commit by themselves:
claim and commit, ask with nothing open, record and commit.
"""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import current_app, url_for
from sqlalchemy import select, update

from portal.config import Settings
from portal.core.driverkit import DriverError, Misconfigured, RateLimited
from portal.core.money import format_rupiah
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import queue
from portal.infra.database import end_read
from portal.infra.inbox import InboundHook
from portal.infra.locks import LEASE
from portal.infra.timekeeping import now, wall
from portal.invoices import service as invoices
from portal.payments import states
from portal.payments.attention import raise_item
from portal.payments.gateways.base import ChargeRequest, ChargeStatus
from portal.payments.models import PaymentOrder, PaymentOrderInvoice
from portal.payments.registry import DEFAULT, gateway
from portal.payments.service import record_payment

# When to ask about an order whose webhook never comes, in seconds after it was opened.
CHECK_AFTER = (20, 60, 180, 600, 1800, 7200, 43200, 90000)
LIFETIME = timedelta(hours=24)
REUSE = timedelta(hours=1)
MIN_CHECK_SECONDS = 4


class OrderError(ValueError):
    """The order cannot be opened; a sentence in Indonesian."""


def new_order_id() -> str:
    """Unguessable (130 bits), letters and digits only, as every gateway takes it."""
    return "LKT" + base64.b32encode(secrets.token_bytes(17)).decode().rstrip("=")[:26]


def start_order(customer_id: int, invoice_ids: Sequence[int], return_path: str) -> PaymentOrder:
    """An order with a pay page for these invoices of the customer. Commits.

    A live order for the same invoices and amount is used again, so a double tap opens one.
    Raises OrderError when there is nothing to pay, DriverError when the gateway fails.
    """
    gateway()  # refuse before a row is written when keys are missing
    db.session.rollback()
    order = _find_or_make(customer_id, invoice_ids)
    order_pk, order_id, amount = order.id, order.order_id, order.amount
    db.session.commit()
    if order.pay_url:
        return order
    end_read()
    settings: Settings = current_app.extensions["loket.settings"]
    request = ChargeRequest(
        order_id, amount, f"{settings.public_url}{return_path.format(order_id=order_id)}"
    )
    charge = gateway().create_charge(request)
    db.session.execute(
        update(PaymentOrder)
        .where(PaymentOrder.id == order_pk, PaymentOrder.pay_url == "")
        .values(
            pay_url=charge.pay_url,
            reference=charge.reference,
            total=charge.total,
            expires_at=charge.expires_at or wall() + LIFETIME,
        )
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return db.session.get_one(PaymentOrder, order_pk, populate_existing=True)


def _find_or_make(customer_id: int, invoice_ids: Sequence[int]) -> PaymentOrder:
    """Under the customer's lock: two taps see each other."""
    db.session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update())
    owed = [
        (invoice.id, rest)
        for invoice, rest in invoices.lock_open(list(invoice_ids))
        if invoice.customer_id == customer_id and rest > 0
    ]
    if not owed:
        raise OrderError("Tagihan ini sudah lunas atau tidak terbuka lagi.")
    amount = sum(rest for _, rest in owed)
    chosen = [invoice_id for invoice_id, _ in owed]
    return _reusable(customer_id, chosen, amount) or _make(customer_id, chosen, amount)


def _reusable(customer_id: int, chosen: list[int], amount: int) -> PaymentOrder | None:
    recent = db.session.scalars(
        select(PaymentOrder)
        .where(
            PaymentOrder.customer_id == customer_id,
            PaymentOrder.state == "pending",
            PaymentOrder.amount == amount,
            PaymentOrder.created_at > now() - REUSE,
        )
        .order_by(PaymentOrder.id.desc())
    )
    for order in recent:
        alive = order.expires_at is None or order.expires_at > wall() + timedelta(minutes=2)
        if alive and [link.invoice_id for link in order.invoices] == chosen:
            return order
    return None


def _make(customer_id: int, chosen: list[int], amount: int) -> PaymentOrder:
    order = PaymentOrder(
        order_id=new_order_id(),
        customer_id=customer_id,
        gateway=DEFAULT,
        amount=amount,
        created_at=now(),
        next_check_at=wall() + timedelta(seconds=CHECK_AFTER[0]),
    )
    order.invoices = [
        PaymentOrderInvoice(invoice_id=invoice_id, position=position)
        for position, invoice_id in enumerate(chosen)
    ]
    db.session.add(order)
    db.session.flush()
    return order


def due_orders(limit: int = 50) -> list[int]:
    """Ids of orders to ask about now; for the poller."""
    return list(
        db.session.scalars(
            select(PaymentOrder.id)
            .where(PaymentOrder.next_check_at <= wall())
            .order_by(PaymentOrder.next_check_at)
            .limit(limit)
        )
    )


def ask_soon(order_pk: int) -> None:
    """Have the order checked at once, by whoever is free."""
    db.session.execute(
        update(PaymentOrder)
        .where(PaymentOrder.id == order_pk, PaymentOrder.state != "settled")
        .values(next_check_at=wall())
        .execution_options(synchronize_session=False)
    )
    queue.ring(queue.CHECK_ORDER, order_pk)


def check_order(order_pk: int, *, force: bool = False) -> str:
    """Ask the gateway, with our amount, and act on its answer. Commits.

    One asker at a time: the claim moves `next_check_at` by a guarded UPDATE. `force` asks
    although the hour has not come. Returns what happened in a word.
    """
    order = _claim(order_pk, force)
    if order is None:
        return "nothing"
    order_id, amount, reference, kind = order.order_id, order.amount, order.reference, order.gateway
    end_read()
    try:
        status = gateway(kind).fetch(order_id, amount, reference)
    except DriverError as error:
        _ask_again(order_pk, error)
        return "retry"
    outcome = settle(order_pk, status)
    db.session.commit()
    return outcome


def check_now(order_pk: int) -> str:
    """A person asks: check now unless somebody did within the last seconds. Commits."""
    order = db.session.get_one(PaymentOrder, order_pk)
    last = order.checked_at
    if last is not None and (wall() - last).total_seconds() < MIN_CHECK_SECONDS:
        return "nothing"
    db.session.rollback()
    return check_order(order_pk, force=True)


def _claim(order_pk: int, force: bool) -> PaymentOrder | None:
    where = [PaymentOrder.id == order_pk, PaymentOrder.state != "settled"]
    if not force:
        where.append(PaymentOrder.next_check_at <= wall())
    taken = db.session.execute(
        update(PaymentOrder)
        .where(*where)
        .values(
            next_check_at=wall() + LEASE, checked_at=wall(), checks=PaymentOrder.checks + 1
        )
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    if taken.rowcount != 1:
        return None
    return db.session.get_one(PaymentOrder, order_pk, populate_existing=True)


def _ask_again(order_pk: int, error: DriverError) -> None:
    wait = error.retry_after if isinstance(error, RateLimited) else 30
    if isinstance(error, Misconfigured):
        wait = 300
    db.session.execute(
        update(PaymentOrder)
        .where(PaymentOrder.id == order_pk, PaymentOrder.state != "settled")
        .values(
            next_check_at=wall() + timedelta(seconds=wait), last_answer=error.sentence[:500]
        )
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def settle(order_pk: int, status: ChargeStatus) -> str:
    """Bring an order in step with the gateway's answer, in the caller's transaction.

    Settling is one guarded UPDATE; the unique payment per order backs it.
    """
    order = db.session.scalars(
        select(PaymentOrder)
        .where(PaymentOrder.id == order_pk)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    step = states.action(order.state, status.state)
    if step in {"settle", "settle_late"}:
        refusal = _refusal(order, status)
        if refusal:
            _needs_person(order, status, refusal)
            return "refused"
        return _settle(order, status, late=step == "settle_late")
    _reschedule(order, status, step)
    return step


def _refusal(order: PaymentOrder, status: ChargeStatus) -> str:
    """Why a completed answer is not believed; empty when it is."""
    settings: Settings = current_app.extensions["loket.settings"]
    if status.order_id != order.order_id:
        return "nomor order di jawaban gateway berbeda"
    if status.amount != order.amount:
        said = "tidak ada" if status.amount is None else format_rupiah(status.amount)
        return f"jumlah di gateway {said}, seharusnya {format_rupiah(order.amount)}"
    if status.sandbox and settings.production:
        return "pembayaran sandbox di sistem sungguhan"
    return ""


def _needs_person(order: PaymentOrder, status: ChargeStatus, why: str) -> None:
    raise_item(
        f"order:{order.order_id}:{why}",
        "order_mismatch",
        f"Pembayaran order {order.order_id} tidak dicatat: {why}.",
        customer_id=order.customer_id,
        payment_order_id=order.id,
        details={"gateway_amount": status.amount, "our_amount": order.amount},
    )
    order.last_answer = why[:500]
    order.next_check_at = _next_check(order)


def _settle(order: PaymentOrder, status: ChargeStatus, *, late: bool) -> str:
    moved = db.session.execute(
        update(PaymentOrder)
        .where(PaymentOrder.id == order.id, PaymentOrder.state != "settled")
        .values(
            state="settled",
            next_check_at=None,
            method=status.method or order.method,
            last_answer="completed",
        )
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:
        return "nothing"
    chosen = [link.invoice_id for link in order.invoices]
    owed_before = sum(rest for _, rest in invoices.lock_open(chosen))
    payment = record_payment(
        customer_id=order.customer_id,
        amount=order.amount,
        source=order.gateway,
        method=status.method or order.method,
        paid_at=_paid_at(status),
        invoice_ids=chosen,
        payment_order_id=order.id,
    )
    surplus = owed_before < order.amount
    if surplus or late:
        why = (
            "tagihannya sudah lunas atau batal, kelebihannya menjadi saldo"
            if surplus
            else "datang setelah order dianggap kedaluwarsa"
        )
        raise_item(
            f"payment:{payment.id}",
            "unexpected_money",
            f"Pembayaran {payment.number} sebesar {format_rupiah(order.amount)}: {why}.",
            customer_id=order.customer_id,
            payment_order_id=order.id,
            payment_id=payment.id,
        )
    return "settled"


def _paid_at(status: ChargeStatus) -> datetime:
    """The gateway's time, unless the demo has travelled away from it."""
    at = status.completed_at
    return at if at is not None and abs(at - now()) < timedelta(days=2) else now()


def _reschedule(order: PaymentOrder, status: ChargeStatus, step: str) -> None:
    order.last_answer = status.state
    if step == "expire":
        order.state = "expired"
    elif step == "cancel":
        order.state = "cancelled"
    order.next_check_at = _next_check(order)
    if order.state == "pending" and order.next_check_at is None:
        order.state = "expired"


def _next_check(order: PaymentOrder) -> datetime | None:
    """The next hour of the polling plan, None after the last: money may still come late."""
    age = (now() - order.created_at).total_seconds()
    for seconds in CHECK_AFTER:
        if seconds > age + 1:
            return wall() + timedelta(seconds=seconds - age)
    return None


def process_hook(hook: InboundHook) -> str:
    """Act on a stored callback: it only makes us ask. Returns the outcome in words."""
    notice = gateway(check=False).parse_hook(bytes(hook.body))
    if notice is None:
        return "bukan pemberitahuan pembayaran untuk proyek ini"
    order = db.session.scalar(select(PaymentOrder).where(PaymentOrder.order_id == notice.order_id))
    if order is None:
        if notice.completed:
            raise_item(
                f"hook:{notice.order_id}",
                "unknown_order",
                f"Pemberitahuan lunas untuk order yang tidak dikenal: {notice.order_id}.",
                details={"claimed_amount": notice.amount},
            )
        return "order tidak dikenal"
    if order.state == "settled":
        return "order sudah lunas"
    if notice.completed and notice.amount != order.amount:
        raise_item(
            f"hook:{order.order_id}:{notice.amount}",
            "hook_mismatch",
            f"Pemberitahuan untuk order {order.order_id} menyebut jumlah lain; "
            "yang dipakai adalah jawaban gateway.",
            customer_id=order.customer_id,
            payment_order_id=order.id,
            details={"claimed_amount": notice.amount, "our_amount": order.amount},
        )
    hook_words = check_order(order.id, force=True)
    if hook_words == "retry":
        ask_soon(order.id)
    return f"order {order.order_id}: {hook_words}"
