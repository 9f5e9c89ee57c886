"""Asking the gateway about orders: who asks, when, and what a failed question means.

The gateway is called in the middle, so this commits by itself: claim and commit, ask with
nothing open, record and commit. What an answer does to the books is in `settlement.py`.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import OperationalError

from portal.core.driverkit import DriverError, Misconfigured, Permanent, RateLimited
from portal.extensions import db
from portal.infra import queue
from portal.infra.database import end_read, updated
from portal.infra.locks import LEASE
from portal.infra.timekeeping import now, today, wall
from portal.payments import timing
from portal.payments.attention import raise_item
from portal.payments.gateways.base import ChargeStatus
from portal.payments.models import PaymentOrder
from portal.payments.registry import gateway
from portal.payments.settlement import settle

log = logging.getLogger(__name__)

APART = timedelta(seconds=4)
"""Pakasir answers one question per transaction in this time; two people need not ask more."""
TRIES = 3
UNSETTLED = ("pending", "expired", "cancelled")


def due_orders(limit: int = 50) -> list[int]:
    """Ids of orders to ask about now; for the poller."""
    return list(
        db.session.scalars(
            select(PaymentOrder.id)
            .where(PaymentOrder.state.in_(UNSETTLED), PaymentOrder.next_check_at <= wall())
            .order_by(PaymentOrder.next_check_at)
            .limit(limit)
        )
    )


def poll(limit: int = 50) -> int:
    """Ring for the orders whose hour has come; returns how many. The caller commits."""
    found = due_orders(limit)
    for order_pk in found:
        queue.ring(queue.CHECK_ORDER, order_pk)
    return len(found)


def ask_soon(order_pk: int) -> None:
    """Have the poller check the order as soon as it may be; the caller commits.

    Stays in force when another check is under way: that one may have asked too early.
    """
    last = db.session.scalar(select(PaymentOrder.checked_at).where(PaymentOrder.id == order_pk))
    at = max(wall(), last + APART) if last is not None else wall()
    updated(
        update(PaymentOrder)
        .where(
            PaymentOrder.id == order_pk,
            PaymentOrder.state != "settled",
            or_(PaymentOrder.next_check_at.is_(None), PaymentOrder.next_check_at > at),
        )
        .values(next_check_at=at)
    )


def check_now(order_pk: int) -> str:
    """Somebody wants to know: check at once, or in a moment when somebody just did. Commits."""
    ask_soon(order_pk)
    db.session.commit()
    return check_order(order_pk)


def check_order(order_pk: int) -> str:
    """Ask the gateway, with our amount, when the order's hour has come. Commits.

    One asker at a time: the claim moves `next_check_at` by a guarded UPDATE. Returns what
    happened in a word: settled, wait, expire, cancel, ignore, refused, retry, nothing.
    """
    lease = _claim(order_pk)
    if lease is None:
        return "nothing"
    order = db.session.get_one(PaymentOrder, order_pk, populate_existing=True)
    order_id, amount, reference, kind = order.order_id, order.amount, order.reference, order.gateway
    end_read()
    try:
        status = gateway(kind).fetch(order_id, amount, reference)
    except DriverError as error:
        _ask_again(order_pk, lease, error)
        db.session.commit()
        return "retry"
    return _settle_surely(order_pk, status, lease)


def _settle_surely(order_pk: int, status: ChargeStatus, lease: datetime) -> str:
    """Settle and commit; a deadlock or a busy database is tried again while we know the answer."""
    for left in reversed(range(TRIES)):
        try:
            outcome = settle(order_pk, status, lease)
            db.session.commit()
        except OperationalError as error:
            db.session.rollback()
            log.warning("order %s: settling met %s", order_pk, type(error.orig).__name__)
            if not left:
                raise
        else:
            return outcome
    raise AssertionError("unreachable")


def _claim(order_pk: int) -> datetime | None:
    """Take the right to ask until the returned time, or None; commits."""
    at = wall()
    taken = updated(
        update(PaymentOrder)
        .where(
            PaymentOrder.id == order_pk,
            PaymentOrder.state != "settled",
            PaymentOrder.next_check_at <= at,
            or_(PaymentOrder.checked_at.is_(None), PaymentOrder.checked_at <= at - APART),
        )
        .values(next_check_at=at + LEASE, checked_at=at, checks=PaymentOrder.checks + 1)
    )
    db.session.commit()
    return at + LEASE if taken == 1 else None


def _ask_again(order_pk: int, lease: datetime, error: DriverError) -> None:
    """The gateway could not be asked: later, unless somebody wants it sooner anyway.

    Orders are never given up because of our own trouble, only when the gateway refuses the
    question for good and the plan is through.
    """
    order = db.session.get_one(PaymentOrder, order_pk, with_for_update=True, populate_existing=True)
    if order.state == "settled":
        return
    age = (now() - order.created_at).total_seconds()
    wait = timing.retry_after(age, order.checks)
    if isinstance(error, RateLimited):
        wait = error.retry_after
    order.last_answer = error.sentence[:500]
    if isinstance(error, Misconfigured):
        _tell_staff(order, error)
    if order.next_check_at != lease:
        return
    if isinstance(error, Permanent) and timing.past_plan(age):
        order.next_check_at = None
        if order.state == "pending":
            order.state = "expired"
        return
    order.next_check_at = wall() + timedelta(seconds=wait)


def _tell_staff(order: PaymentOrder, error: DriverError) -> None:
    """Once a day: nothing can be confirmed until a person repairs the configuration."""
    raise_item(
        f"gateway:{order.gateway}:{today()}",
        "gateway_refused",
        f"Pembayaran online tidak dapat diperiksa: {error.sentence}",
        payment_order_id=order.id,
    )
