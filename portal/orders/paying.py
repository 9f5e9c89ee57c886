"""Money and orders for work: opening an attempt to pay, and what recorded money does.

What is paid ahead has no invoice yet. It is recorded as the customer's credit at once and spent
by the first invoice, so the books balance whatever becomes of the order.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.core.driverkit import DriverError
from portal.core.money import format_rupiah
from portal.customers import service as customers
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.orders.models import ServiceOrder, ServiceOrderAttempt
from portal.orders.moving import ServiceOrderError, hold, move
from portal.orders.states import OPEN
from portal.payments.advances import open_advance
from portal.payments.attention import raise_item
from portal.payments.making import Wanted
from portal.payments.models import Payment, PaymentOrder
from portal.payments.registry import DEFAULT, gateway
from portal.web.sentences import N_

WAITING = ("pending", "expired")
"""States in which money for the order is expected, or at least welcome."""


@dataclass(frozen=True)
class OrderStatus:
    """Where an order stands: its state, rupiah to pay first, when it was paid, its page's path."""

    state: str
    amount: int
    paid_at: datetime | None
    path: str
    attempt: PaymentOrder | None


def path_of(order: ServiceOrder) -> str:
    """The customer's page of the order, from the root of the site."""
    return f"/order/{order.token}"


def status_of(order: ServiceOrder) -> OrderStatus:
    """Where the order stands; `attempt` is the newest way to pay it that may still be paid."""
    live = attempts_of(order.id) if order.state == "pending" else []
    shown = next((one for one in live if one.pay_url or one.pay_code), None)
    return OrderStatus(order.state, order.amount, order.paid_at, path_of(order), shown)


def open_payment(order: ServiceOrder, method: str = "qris", kind: str = DEFAULT) -> PaymentOrder:
    """A payment order for what is to be paid first, by this method of this gateway. Commits.

    Nothing may be uncommitted before. An order from Telegram gets an id that says whose it is
    (`tg<id>-…`). Raises ServiceOrderError when there is nothing to pay (any more), OrderError
    and DriverError as `payments.opening.start_order` does.
    """
    order_id = order.id
    head = "" if order.telegram_id is None else f"tg{order.telegram_id}-{_tail()}"
    wanted = Wanted(order.customer_id, (), order.amount, kind, method, order.amount, head)
    path = path_of(order)
    if order.state != "pending" or order.amount <= 0:
        raise ServiceOrderError(N_("Pesanan ini tidak menunggu pembayaran."))
    return open_advance(
        wanted,
        path,
        attempts=lambda: _payable(order_id),
        made=lambda made: _tie(order_id, made),
    )


def _tail() -> str:
    """130 bits, letters and digits: nobody guesses somebody else's order."""
    return base64.b32encode(secrets.token_bytes(17)).decode().rstrip("=")[:26]


def _payable(order_id: int) -> Sequence[PaymentOrder]:
    if hold(order_id).state != "pending":
        raise ServiceOrderError(N_("Pesanan ini tidak menunggu pembayaran."))
    return attempts_of(order_id)


def _tie(order_id: int, made: PaymentOrder) -> None:
    db.session.add(ServiceOrderAttempt(payment_order_id=made.id, service_order_id=order_id))
    db.session.flush()


def tie(order: ServiceOrder, made: PaymentOrder) -> None:
    """Say that this payment order is for that order."""
    _tie(order.id, made)


def attempts_of(order_id: int) -> Sequence[PaymentOrder]:
    """Pending ones, the newest first."""
    return db.session.scalars(
        select(PaymentOrder)
        .join(ServiceOrderAttempt, ServiceOrderAttempt.payment_order_id == PaymentOrder.id)
        .where(ServiceOrderAttempt.service_order_id == order_id, PaymentOrder.state == "pending")
        .order_by(PaymentOrder.id.desc())
    ).all()


def browser_link(attempt: PaymentOrder) -> str:
    """Where the attempt can be paid in a browser, on the owner's domain when there is one."""
    if attempt.pay_url:
        return attempt.pay_url
    try:
        driver = gateway(attempt.gateway)
    except DriverError:
        return ""
    return driver.browser_link(attempt.order_id, attempt.amount, attempt.reference)


def of_payment_order(payment_order_id: int | None) -> ServiceOrder | None:
    """The order for work that a payment order is for."""
    if payment_order_id is None:
        return None
    return db.session.scalar(
        select(ServiceOrder)
        .join(ServiceOrderAttempt, ServiceOrderAttempt.service_order_id == ServiceOrder.id)
        .where(ServiceOrderAttempt.payment_order_id == payment_order_id)
    )


def money_came(payment_id: int) -> None:
    """Reaction to recorded money: the order it is for goes to the technicians, once."""
    payment = db.session.get_one(Payment, payment_id)
    if payment.amount <= 0 or (order := of_payment_order(payment.payment_order_id)) is None:
        return
    order = hold(order.id)
    customers.change_prospect(order.customer_id, "lapsed", "prospect")
    if order.state in OPEN and order.paid_at is None and payment.amount >= order.amount:
        order.paid_at = now()  # accepted without its money, which came after all
    elif order.state not in WAITING:
        _odd(order, payment, "order_paid_again", "padahal pesanan itu sudah tidak menunggu bayaran")
    elif payment.amount < order.amount:
        _odd(order, payment, "order_part_paid", f"kurang dari {format_rupiah(order.amount)}")
    else:
        move(order.id, "queued", why="dibayar", payment_id=payment.id, paid_at=now())


def money_left(payment_id: int) -> None:
    """Reaction to a reversed payment: the order it was for is unpaid again, and a person decides
    whether the work goes on."""
    payment = db.session.get_one(Payment, payment_id)
    if (order := of_payment_order(payment.payment_order_id)) is None:
        return
    order = hold(order.id)
    if order.state not in OPEN:
        return
    order.paid_at = None
    raise_item(
        f"service_order_reversed:{payment.id}",
        "order_unpaid_again",
        f"Pembayaran {payment.number} untuk pesanan {order.number} dibatalkan, padahal pesanan itu "
        "sudah diteruskan ke teknisi. Batalkan pesanannya, atau kerjakan tanpa pembayaran di muka.",
        customer_id=order.customer_id,
        payment_id=payment.id,
        payment_order_id=payment.payment_order_id,
    )


def _odd(order: ServiceOrder, payment: Payment, kind: str, why: str) -> None:
    raise_item(
        f"service_order:{payment.id}",
        kind,
        f"Pembayaran {payment.number} sebesar {format_rupiah(payment.amount)} untuk pesanan "
        f"{order.number} sudah dicatat, {why}. Uangnya menjadi saldo pelanggan.",
        customer_id=order.customer_id,
        payment_id=payment.id,
        payment_order_id=payment.payment_order_id,
    )
