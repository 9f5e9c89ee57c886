"""Callbacks of Pakasir: their proof, and which of them are ours."""

import hashlib
import hmac
import json

import pytest

from tests.contracts.payments import AMOUNT, ORDER_ID
from tests.drivers.payments.pakasir import TXN, V2, gateway_of

SECRET = "hook-secret-of-the-project"  # noqa: S105


BODY = b'{"order_id": "LKT1", "amount": 1000, "status": "completed"}'


HMAC = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({}, False),
        ({"X-Secret": SECRET}, True),
        ({"X-Secret": SECRET + "x"}, False),
        ({"X-Secret": SECRET[:-1]}, False),
        ({"X-Secret": ""}, False),
        ({"X-Secret": "rahasiä"}, False),
        ({"X-Pakasir-Signature": HMAC}, True),
        ({"X-Pakasir-Signature": HMAC.upper()}, True),
        ({"X-Pakasir-Signature": f"sha256={HMAC}"}, True),
        (
            {"X-Pakasir-Signature": HMAC[:-1] + "0" * (HMAC[-1] != "0") + "1" * (HMAC[-1] == "0")},
            False,
        ),
        ({"X-Pakasir-Signature": "2203783fc9899aa77ab8ca5482c5bc1a"}, False),
        ({"X-Pakasir-Signature": HMAC, "X-Secret": SECRET}, True),
        ({"X-Pakasir-Signature": HMAC, "X-Secret": "wrong"}, False),
        ({"X-Pakasir-Signature": "wrong", "X-Secret": SECRET}, False),
    ],
)
def test_the_proof_of_a_callback(headers: dict[str, str], wanted: bool) -> None:
    assert gateway_of(**V2, webhook_secret=SECRET).verify_hook(headers, BODY) is wanted
    assert gateway_of(**V2).verify_hook(headers, BODY) is True


def test_the_signature_is_of_the_raw_bytes() -> None:
    gateway = gateway_of(**V2, webhook_secret=SECRET)
    rewritten = json.dumps(json.loads(BODY), separators=(",", ":")).encode()
    assert not gateway.verify_hook({"X-Pakasir-Signature": HMAC}, rewritten)


def test_a_callback_of_another_project_is_not_ours() -> None:
    data = {"order_id": ORDER_ID, "amount": AMOUNT, "status": "completed", "project": "other"}
    assert gateway_of(**V2).parse_hook(json.dumps(data).encode()) is None


def test_a_v2_callback_names_no_project_but_the_transaction() -> None:
    data = {"txn_id": TXN, "order_id": ORDER_ID, "amount": AMOUNT, "status": "completed"}
    notice = gateway_of(**V2).parse_hook(json.dumps(data).encode())
    assert notice is not None and notice.reference == TXN
