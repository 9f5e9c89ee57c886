"""Taking an order back: by the customer, or because another one takes its place.

Only we forget it at once. The gateway is told when it can be, and asked to the end of the
plan all the same: money that comes for a cancelled order is recorded (`settlement.py`).
"""

import logging
from collections.abc import Sequence

from sqlalchemy import update

from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import end_read, updated
from portal.payments import orders
from portal.payments.models import PaymentOrder
from portal.payments.registry import gateway

log = logging.getLogger(__name__)


def cancel(order_pk: int, reason: str) -> bool:
    """Cancel a pending order and tell the gateway; False when it was over. Commits."""
    end_read()
    done = _close(order_pk, reason)
    db.session.commit()
    if done:
        tell_gateway([order_pk])
    return done


def close_others(found: Sequence[PaymentOrder]) -> list[int]:
    """Cancel these orders for one that takes their place; those to tell the gateway about.

    In the caller's transaction, under the customer's lock.
    """
    shown = [order.id for order in found if order.pay_url or order.pay_code]
    closed = [order.id for order in found if _close(order.id, "diganti cara bayar lain")]
    return [order_pk for order_pk in shown if order_pk in closed]


def _close(order_pk: int, reason: str) -> bool:
    done = updated(
        update(PaymentOrder)
        .where(PaymentOrder.id == order_pk, PaymentOrder.state == "pending")
        .values(state="cancelled"),
        refresh=True,
    )
    if done != 1:
        return False
    orders.ask_soon(order_pk)  # it may have been paid a moment ago
    audit.record("order.cancel", f"order:{order_pk}", reason=reason)
    return True


def tell_gateway(order_pks: Sequence[int]) -> None:
    """Best effort, with no transaction open: a gateway that fails changes nothing here."""
    for order_pk in order_pks:
        order = db.session.get_one(PaymentOrder, order_pk)
        about = (order.order_id, order.amount, order.reference)
        kind = order.gateway
        end_read()
        try:
            gateway(kind).cancel(*about)
        except DriverError as error:
            log.info("order %s: not cancelled at the gateway: %s", order_pk, error.sentence)
