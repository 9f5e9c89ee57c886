"""What the pay page of a waiting order shows; reads only."""

from typing import Any

from flask import current_app

from portal.config import Settings
from portal.infra.timekeeping import wall
from portal.payments import foresight, queries
from portal.payments.models import PaymentOrder
from portal.payments.registry import gateway
from portal.payments.steps import steps


def shown(order: PaymentOrder) -> dict[str, Any]:
    """The form of the order's method, what to pay with, the fee, the time left."""
    driver = gateway(order.gateway, check=False)
    way = driver.describe(order.method)
    settings: Settings = current_app.extensions["loket.settings"]
    left = _seconds_left(order)
    waiting = order.state == "pending"
    here = waiting and bool(order.pay_code)
    return {
        "way": way,
        "here": here,
        "total": order.amount if order.total is None else order.total,
        "fee": None if order.total is None else order.total - order.amount,
        "left": left,
        "over": waiting and left is not None and left <= 0,
        "steps": steps(order.method, way.form) if here else (),
        "by_hand": driver.by_hand,
        "account": (order.pay_code.split("|") + ["", ""])[:3],
        "proof": queries.last_proof(order.id) if driver.by_hand else None,
        "can_simulate": waiting and not settings.production and driver.simulates,
    }


def about(order: PaymentOrder) -> dict[str, Any]:
    """What the order pays and what its money will do, beside `shown`."""
    waiting = order.state == "pending"
    return {
        "effect": foresight.of_order(order) if waiting else None,
        "ahead_line": foresight.line_of(order),
        "again": again(order),
    }


def again(order: PaymentOrder) -> dict[str, Any]:
    """The arguments of the page to choose the same things on once more."""
    wanted: dict[str, Any] = {"invoice": [link.invoice_id for link in order.invoices]}
    if order.ahead is not None:
        wanted |= {"line": order.ahead.subscription_id, "months": order.ahead.months}
    return wanted


def _seconds_left(order: PaymentOrder) -> int | None:
    if order.expires_at is None:
        return None
    return int((order.expires_at - wall()).total_seconds())


def qr_code(order: PaymentOrder) -> str:
    """The string to draw, or empty when this order has none that may still be paid."""
    found = shown(order)
    drawn = found["here"] and found["way"].form == "qris" and not found["over"]
    return order.pay_code if drawn else ""
