"""One project at Pakasir in both versions of its API, and the gateway that speaks to it."""

from typing import Any

from portal.infra.http import Http
from portal.payments.gateways.pakasir import Pakasir
from portal.payments.registry import REGISTRY
from tests.contracts.payments import AMOUNT, ORDER_ID

BASE = "https://app.pakasir.com"


KEY = "xxx123-very-secret-key"


V2 = {"slug": "depodomain", "api_key": KEY}


V1 = {**V2, "api": "v1"}


TXN = "txn_9f2c"


def gateway_of(**config: str) -> Pakasir:
    made = REGISTRY.get("pakasir")(config, Http())
    assert isinstance(made, Pakasir)
    return made


def v1_payment(method: str, **changed: Any) -> dict[str, Any]:
    """What v1 answers to `transactioncreate`, in the document's shape."""
    return {
        "project": "depodomain",
        "order_id": ORDER_ID,
        "amount": AMOUNT,
        "fee": 1650,
        "total_payment": AMOUNT + 1650,
        "payment_method": method,
        "payment_number": "00020101021226" if method == "qris" else "8808123456789012",
        "expired_at": "2026-11-22T01:18:49.678622564Z",
        **changed,
    }


def v2_charge(method: str, **changed: Any) -> dict[str, Any]:
    """What v2 answers to `create-transaction`: flat, with a field of its own per form."""
    body = v1_payment(method)
    number = body.pop("payment_number")
    del body["project"]
    body["qr_string" if method == "qris" else "va_number"] = number
    return {"txn_id": TXN, "status": "pending", "is_sandbox": False, **body, **changed}
