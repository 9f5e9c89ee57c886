"""Pakasir's order book: one for v1 and v2, keyed by project and order id. Fees and webhooks."""

import os
import secrets
from datetime import UTC, datetime, timedelta, timezone

from portal.simulators import faults, webhooks
from portal.simulators.qris import qris
from portal.simulators.store import Doc, now, store

WIB = timezone(timedelta(hours=7))
VA_FEES = {"sampoerna_va": 2000, "artha_graha_va": 2000}
VA = (
    "bri_va",
    "bni_va",
    "cimb_niaga_va",
    "permata_va",
    "maybank_va",
    "bnc_va",
    "artha_graha_va",
    "sampoerna_va",
)
LIFETIME = timedelta(hours=24)


def key_of(project: str, order_id: str) -> str:
    return f"{project}/{order_id}"


def fee(method: str, amount: int) -> int:
    """QRIS 0.7 % + 310 up to 105,000, above 1 %, rounded up; virtual accounts flat."""
    if method in VA:
        return VA_FEES.get(method, 3500)
    thousandths = amount * 7 + 310_000 if amount <= 105_000 else amount * 10
    return -(-thousandths // 1000)


def find(project: str, order_id: str) -> Doc | None:
    """The order, expired by now if its time is over."""
    order = store().get("order", key_of(project, order_id))
    if order is None:
        return None
    over = datetime.fromisoformat(order["expires_at"]) < datetime.now(UTC)
    if order["status"] == "pending" and over:
        order["status"] = "canceled"
        store().put("order", key_of(project, order_id), order)
    return order


def by_txn(project: str, txn_id: str) -> Doc | None:
    """The order of a v2 transaction."""
    link = store().get("txn", txn_id)
    return find(project, link["order_id"]) if link and link["project"] == project else None


def open_order(project: str, order_id: str, amount: int, version: str, method: str = "") -> Doc:
    """Find the order or open it."""
    known = find(project, order_id)
    if known is not None:
        return known
    txn_id = "txn" + secrets.token_hex(10)
    order: Doc = {
        "order_id": order_id,
        "amount": amount,
        "project": project,
        "status": "pending",
        "method": method,
        "created_at": now(),
        "expires_at": (datetime.now(UTC) + LIFETIME).isoformat(),
        "completed_at": None,
        "txn_id": txn_id,
        "version": version,
    }
    store().put("txn", txn_id, {"project": project, "order_id": order_id})
    store().put("order", key_of(project, order_id), order)
    return order


def pay(
    order: Doc, method: str, *, hook: bool = True, times: int = 1, said: int | None = None
) -> Doc:
    """Complete the order (once) and fire the webhook; `said` lies about the amount in it."""

    def complete(current: Doc | None) -> Doc:
        current = dict(current or order)
        if current["status"] != "completed":
            stamp = datetime.now(WIB).isoformat(timespec="milliseconds")
            current |= {"status": "completed", "method": method, "completed_at": stamp}
        return current

    paid = store().change("order", key_of(order["project"], order["order_id"]), complete)
    fault = faults.active("pakasir_webhook")
    if hook and not fault.get("no_webhook"):
        if fault.get("wrong_amount"):
            said = paid["amount"] + 1
        times = max(times, int(fault.get("duplicate", 1)))
        fire(paid, paid["amount"] if said is None else said, times, float(fault.get("delay", 0)))
    return paid


def fire(order: Doc, amount: int, times: int, delay: float) -> None:
    """Send the webhook in the shape of the order's version."""
    if order["version"] == "v1":
        payload: Doc = {
            "amount": amount,
            "order_id": order["order_id"],
            "project": order["project"],
            "status": "completed",
            "payment_method": order["method"],
            "completed_at": order["completed_at"],
        }
    else:
        payload = {
            "txn_id": order["txn_id"],
            "order_id": order["order_id"],
            "amount": amount,
            "is_sandbox": False,
            "status": "completed",
            "completed_at": order["completed_at"],
        }
    secret = os.environ.get("PAKASIR_WEBHOOK_SECRET", "")
    headers = {"X-Secret": secret} if secret else {}
    webhooks.send(store(), "/webhooks/pakasir", payload, headers, delay, times)


def payment_number(method: str, amount: int, order_id: str) -> str:
    """The QRIS string, or a virtual account number."""
    if method in VA:
        return "8808" + f"{sum(map(ord, order_id)) * 7919 % 10**12:012d}"
    return qris(amount + fee(method, amount), order_id)


def nine_digits(stamp: str) -> str:
    """UTC with nine fractional digits and Z, as v1 writes it."""
    moment = datetime.fromisoformat(stamp).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "622Z"
