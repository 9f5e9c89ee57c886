"""Callbacks of Pakasir: their proof, and which of them are ours."""

import hashlib
import hmac
import json

import pytest

from tests.contracts.payments import AMOUNT, ORDER_ID
from tests.drivers.payments.pakasir import BASE, TXN, V1, V2, gateway_of

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


def test_what_the_opener_wrote_beside_it_is_read_and_odd_forms_are_not() -> None:
    said = {"order_id": "tg12345-250910HDE7C9", "amount": 22_000, "status": "completed"}
    about = {"telegram_id": 12345, "telegram_username": "ghost_user"}
    for metadata, wanted in ((about, about), (None, {}), ("x", {}), ([1], {}), (7, {})):
        body = json.dumps({**said, "metadata": metadata}).encode()
        notice = gateway_of(**V2).parse_hook(body)
        assert notice is not None and notice.metadata == wanted


def test_only_a_secret_proves_where_a_callback_came_from() -> None:
    assert not gateway_of(**V2).proves_hooks
    assert gateway_of(**V2, webhook_secret=SECRET).proves_hooks


def test_the_link_for_a_browser_is_on_the_own_domain_and_for_qris_alone() -> None:
    order, domain = "tg12345-250910HDE7C9", "https://pots.my.id"
    v1 = gateway_of(**V1, public_domain=domain)
    assert (
        v1.browser_link(order, 22_000, "")
        == f"{domain}/pay/depodomain/22000?order_id={order}&qris_only=1"
    )
    v2 = gateway_of(**V2, public_domain=domain)
    assert v2.browser_link(order, 22_000, TXN) == f"{domain}/pay-v2/{TXN}?qris_only=1"
    assert v2.browser_link(order, 22_000, "") == "", "nobody could ever ask about it"
    assert gateway_of(**V2).browser_link(order, 22_000, TXN).startswith(BASE)
