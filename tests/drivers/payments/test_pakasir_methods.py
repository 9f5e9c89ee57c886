"""Pakasir by method: what is sent in each version, what is made of the answers, cancelling."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from portal.core.driverkit import DriverError, Misconfigured, Permanent, RateLimited, Retryable
from portal.payments.gateways.base import PAGE
from portal.payments.gateways.pakasir import Pakasir
from tests.contracts.payments import AMOUNT, ORDER_ID, REQUEST
from tests.drivers.payments.pakasir import BASE, KEY, TXN, V1, V2, gateway_of, v1_payment, v2_charge

QRIS = replace(REQUEST, method="qris")
V1_CREATE = f"{BASE}/api/transactioncreate/qris"
V2_CREATE = f"{BASE}/api/v2/create-transaction/depodomain/{ORDER_ID}"
V1_CANCEL = f"{BASE}/api/transactioncancel"
V2_CANCEL = f"{BASE}/api/v2/cancel-transaction/depodomain/{TXN}"
FEES = f"{BASE}/api/v2/payment-fee/{AMOUNT}"
BODY = {"project": "depodomain", "order_id": ORDER_ID, "amount": AMOUNT, "api_key": KEY}


@pytest.fixture(autouse=True)
def _recorded() -> Any:
    with responses.mock:
        yield


def sent(number: int = 0) -> Any:
    return json.loads(responses.calls[number].request.body or b"null")


def keys(config: dict[str, str], amount: int = AMOUNT, **more: str) -> list[str]:
    return [way.key for way in gateway_of(**config, **more).methods(amount)]


def test_what_each_version_offers() -> None:
    v1, v2 = keys(V1), keys(V2)
    assert v2[0] == v1[0] == "qris" and v2[-1] == v1[-1] == PAGE
    assert set(v1) - set(v2) == {"atm_bersama_va", "retail", "paypal"}
    assert set(v2) - {"qris", PAGE} == {
        "bri_va",
        "bni_va",
        "cimb_niaga_va",
        "permata_va",
        "maybank_va",
        "bnc_va",
        "sampoerna_va",
        "artha_graha_va",
    }


@pytest.mark.parametrize(
    ("amount", "there", "missing"),
    [
        (500, {"qris", PAGE}, {"bri_va", "paypal"}),
        (9_999, {"qris"}, {"bri_va"}),
        (10_000, {"qris", "bri_va"}, set()),
        (10_000_001, {"bri_va", PAGE}, {"qris"}),
    ],
)
def test_limits_by_amount(amount: int, there: set[str], missing: set[str]) -> None:
    found = set(keys(V2, amount))
    assert there <= found and not missing & found


def test_the_owners_choice() -> None:
    assert keys(V2, methods="bri_va, qris") == ["qris", "bri_va", PAGE]
    assert keys(V2, qris_only="1", methods="bri_va") == ["qris", PAGE]
    assert Pakasir.check_config({**V2, "methods": "qris,climb_niaga_va"})["methods"]
    assert Pakasir.check_config({**V2, "methods": "qris bri_va"}) == {}


def test_v1_creates() -> None:
    responses.add("POST", V1_CREATE, json={"payment": v1_payment("qris")})
    charge = gateway_of(**V1).create_charge(QRIS)
    assert sent() == BODY and "X-Api-Key" not in responses.calls[0].request.headers
    assert (charge.code, charge.total, charge.reference) == ("00020101021226", AMOUNT + 1650, "")
    assert charge.expires_at == datetime(2026, 11, 22, 1, 18, 49, 678_622, UTC)
    assert charge.pay_url == "" and not charge.sandbox


def test_v2_creates() -> None:
    responses.add("POST", V2_CREATE, json=v2_charge("qris", is_sandbox=True))
    charge = gateway_of(**V2).create_charge(QRIS)
    assert sent() == {"method": "qris", "amount": AMOUNT}
    assert responses.calls[0].request.headers["X-Api-Key"] == KEY
    assert (charge.code, charge.reference, charge.sandbox) == ("00020101021226", TXN, True)


def test_paypal_is_a_link_of_v1() -> None:
    url = gateway_of(**V1).create_charge(replace(REQUEST, method="paypal")).pay_url
    assert url.startswith(f"{BASE}/paypal/depodomain/165000?order_id={ORDER_ID}&redirect=")
    own = gateway_of(**V1, public_domain="https://bayar.contoh.id")
    assert own.create_charge(replace(REQUEST, method="paypal")).pay_url.startswith(
        "https://bayar.contoh.id/paypal/"
    )


WRONG: list[dict[str, Any]] = [
    {"order_id": "LKTOTHER"},
    {"amount": 1},
    {"amount": "165000"},
    {"amount": None},
    {"payment_method": "bri_va"},
]


@pytest.mark.parametrize("changed", WRONG)
@pytest.mark.parametrize("config", [V1, V2], ids=["v1", "v2"])
def test_another_charge_is_refused(config: dict[str, str], changed: dict[str, Any]) -> None:
    responses.add("POST", V1_CREATE, json={"payment": v1_payment("qris", **changed)})
    responses.add("POST", V2_CREATE, json=v2_charge("qris", **changed))
    with pytest.raises(Permanent):
        gateway_of(**config).create_charge(QRIS)


@pytest.mark.parametrize("number", [None, "", "  ", 8808, [], "9" * 513])
@pytest.mark.parametrize("config", [V1, V2], ids=["v1", "v2"])
def test_an_answer_without_a_number_is_none(config: dict[str, str], number: Any) -> None:
    responses.add("POST", V1_CREATE, json={"payment": v1_payment("qris", payment_number=number)})
    responses.add("POST", V2_CREATE, json=v2_charge("qris", qr_string=number))
    with pytest.raises(Retryable) as caught:
        gateway_of(**config).create_charge(QRIS)
    assert caught.value.outcome_unknown


def test_a_total_below_the_amount_is_no_answer() -> None:
    responses.add("POST", V2_CREATE, json=v2_charge("qris", total_payment=AMOUNT - 1))
    with pytest.raises(Retryable):
        gateway_of(**V2).create_charge(QRIS)


@pytest.mark.parametrize("body", [{}, {"payment": []}, {"payment": None}, []])
def test_v1_answers_in_its_envelope(body: Any) -> None:
    responses.add("POST", V1_CREATE, json=body)
    with pytest.raises(Retryable):
        gateway_of(**V1).create_charge(QRIS)


@pytest.mark.parametrize("txn", [None, "", True, [], {}])
def test_v2_without_a_transaction_number_cannot_be_asked_about(txn: Any) -> None:
    responses.add("POST", V2_CREATE, json=v2_charge("qris", txn_id=txn))
    with pytest.raises(Retryable):
        gateway_of(**V2).create_charge(QRIS)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Permanent),
        (401, Misconfigured),
        (403, Misconfigured),
        (429, RateLimited),
        (500, Retryable),
    ],
)
@pytest.mark.parametrize("config", [V1, V2], ids=["v1", "v2"])
def test_refusals(config: dict[str, str], status: int, error: type[DriverError]) -> None:
    for url in (V1_CREATE, V2_CREATE):
        responses.add("POST", url, json={"message": f"no, {KEY}"}, status=status)
    with pytest.raises(error) as caught:
        gateway_of(**config).create_charge(QRIS)
    assert type(caught.value) is error and KEY not in caught.value.detail


def test_fees_are_read() -> None:
    said = {"qris": 1650, "bri_va": 3500, "bni_va": 0, "x": "3500", "y": -1, "z": True, "w": 1.5}
    responses.add("GET", FEES, json=said)
    assert gateway_of(**V2).fees(AMOUNT) == {"qris": 1650, "bri_va": 3500, "bni_va": 0}
    assert gateway_of(**V1).fees(AMOUNT) == {} and len(responses.calls) == 1


def test_cancelling() -> None:
    responses.add("POST", V1_CANCEL, json={"success": True})
    responses.add("POST", V2_CANCEL, json={"success": True})
    assert gateway_of(**V1).cancel(ORDER_ID, AMOUNT, "") and sent() == BODY
    assert gateway_of(**V2).cancel(ORDER_ID, AMOUNT, TXN)
    assert not gateway_of(**V2).cancel(ORDER_ID, AMOUNT, ""), "nothing was opened"
    assert len(responses.calls) == 2


@pytest.mark.parametrize("status", [400, 404, 405, 409])
def test_what_cannot_be_cancelled_is_no_error(status: int) -> None:
    """Paid meanwhile, or an endpoint that two of three sources deny."""
    for url in (V1_CANCEL, V2_CANCEL):
        responses.add("POST", url, json={"error": "no"}, status=status)
    assert not gateway_of(**V1).cancel(ORDER_ID, AMOUNT, "")
    assert not gateway_of(**V2).cancel(ORDER_ID, AMOUNT, TXN)


def test_simulating_is_v1s() -> None:
    url = f"{BASE}/api/paymentsimulation"
    responses.add("POST", url, json={"success": True})
    v1, v2 = gateway_of(**V1), gateway_of(**V2)
    assert v1.simulates and not v2.simulates
    v1.simulate(ORDER_ID, AMOUNT, "")
    assert sent() == BODY
    with pytest.raises(Permanent):
        v2.simulate(ORDER_ID, AMOUNT, TXN)
    assert len(responses.calls) == 1
