"""Pakasir's order book: one for v1 and v2, keyed by project and order id. Fees and webhooks."""

import json
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
V1_ONLY = ("atm_bersama_va", "retail", "paypal")
"""What v1 opens besides; v2 never heard of them."""


def lifetime() -> timedelta:
    """How long a charge may be paid; SIM_PAKASIR_LIFETIME in seconds."""
    return timedelta(seconds=float(os.environ.get("SIM_PAKASIR_LIFETIME", "86400")))


def sandbox(order: Doc | None = None) -> bool:
    """Whether the project is in sandbox mode (SIM_PAKASIR_SANDBOX=1), or was for this order."""
    return os.environ.get("SIM_PAKASIR_SANDBOX") == "1" or bool((order or {}).get("sandbox"))


def key_of(project: str, order_id: str) -> str:
    return f"{project}/{order_id}"


def fee(method: str, amount: int) -> int:
    """QRIS 0.7 % + 310 up to 105,000, above 1 %, rounded up; virtual accounts flat."""
    if method in VA or method in {"atm_bersama_va", "retail"}:
        return VA_FEES.get(method, 3500)
    if method == "paypal":
        return max(-(-amount // 100), 3000)
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


def named(order_id: str) -> Doc | None:
    """The order of that id; of several projects' ones the one that was opened last."""
    order = store().ending("order", f"/{order_id}")
    return find(order["project"], order_id) if order else None


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
        "expires_at": (datetime.now(UTC) + lifetime()).isoformat(),
        "completed_at": None,
        "txn_id": txn_id,
        "version": version,
        # What it was opened for; the customer may still choose on the hosted page.
        "opened_for": method,
    }
    store().put("txn", txn_id, {"project": project, "order_id": order_id})
    store().put("order", key_of(project, order_id), order)
    return order


def cancel(order: Doc) -> None:
    """Take a pending order back; money that came meanwhile stays."""

    def close(current: Doc | None) -> Doc:
        current = dict(current or order)
        return current | {"status": "canceled"} if current["status"] == "pending" else current

    store().change("order", key_of(order["project"], order["order_id"]), close)


def make_sandbox(order: Doc) -> None:
    """Have the gateway call this order a test, whatever the project is."""
    place = key_of(order["project"], order["order_id"])
    store().change("order", place, lambda current: {**(current or order), "sandbox": True})


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
    payload: Doc = {
        "amount": amount,
        "order_id": order["order_id"],
        "status": "completed",
        "completed_at": order["completed_at"],
    }
    if order["version"] == "v1":
        payload |= {"project": order["project"], "payment_method": order["method"]}
        if sandbox(order):
            payload["is_sandbox"] = True
    else:
        payload |= {"txn_id": order["txn_id"], "is_sandbox": sandbox(order)}
    body = json.dumps(payload, separators=(",", ":")).encode()
    headers = _proof(order["version"], body)
    webhooks.send_body(store(), "/webhooks/pakasir", body, headers, delay, times)


def _proof(version: str, body: bytes) -> dict[str, str]:
    """The header of each version, when the portal has a secret: signed, or the secret itself."""
    secret = os.environ.get("PAKASIR_WEBHOOK_SECRET", "")
    if not secret:
        return {}
    if version == "v1":
        return {"X-Pakasir-Signature": webhooks.sign(secret, body)}
    return {"X-Secret": secret}


def payment_number(method: str, amount: int, order_id: str) -> str:
    """The QRIS string, or a virtual account number."""
    if method == "paypal":
        return f"https://www.sandbox.paypal.com/checkoutnow?token={order_id}"
    if method != "qris":
        return "8808" + f"{sum(map(ord, order_id)) * 7919 % 10**12:012d}"
    return qris(amount + fee(method, amount), order_id)


def nine_digits(stamp: str) -> str:
    """UTC with nine fractional digits and Z, as v1 writes it."""
    moment = datetime.fromisoformat(stamp).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "622Z"
