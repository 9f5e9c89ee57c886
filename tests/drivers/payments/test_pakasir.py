"""Pakasir v1 and v2 over recorded answers: the contract, the URLs, the settings."""

import json
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from portal.core.driverkit import DriverError, Misconfigured, Permanent, RateLimited, Retryable
from portal.payments.gateways.base import ChargeRequest, PaymentGateway
from portal.payments.gateways.pakasir import Pakasir
from tests.contracts.payments import AMOUNT, ORDER_ID, REQUEST, PaymentGatewayContract
from tests.drivers.payments.pakasir import (
    BASE,
    KEY,
    TXN,
    V1,
    V2,
    gateway_of,
    v1_payment,
    v2_charge,
)

DETAIL = f"{BASE}/api/transactiondetail"
STATUS = f"{BASE}/api/v2/transaction-status/depodomain/{TXN}"
CREATE = f"{BASE}/api/v2/create-transaction/depodomain/{ORDER_ID}"

REFUSALS: dict[type[DriverError], tuple[int, dict[str, Any], dict[str, str]]] = {
    Misconfigured: (401, {"error": f"invalid api key {KEY}"}, {}),
    Permanent: (409, {"message": f"order_id already used {KEY}"}, {}),
    RateLimited: (429, {"error": "too many requests"}, {"Retry-After": "7"}),
    Retryable: (503, {"message": "down"}, {}),
}


@pytest.fixture(autouse=True)
def _recorded() -> Any:
    with responses.mock:
        yield


def query_of(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


class PakasirContract(PaymentGatewayContract):
    def answer(self, url: str, body: Any, status: int = 200, **headers: str) -> None:
        for method in ("GET", "POST"):
            responses.remove(method, url)
            responses.add(method, url, json=body, status=status, headers=headers)

    def hook(self, **about: Any) -> bytes:
        data = {
            "amount": AMOUNT,
            "order_id": ORDER_ID,
            "project": "depodomain",
            "status": "completed",
            "payment_method": "qris",
            "completed_at": "2026-11-21T10:07:08.819+07:00",
            **about,
        }
        return json.dumps(data).encode()


class TestV1(PakasirContract):
    config: ClassVar[dict[str, str]] = V1
    creates_by_call = False

    @pytest.fixture
    def gateway(self) -> PaymentGateway:
        return gateway_of(**V1)

    def opens(self, gateway: PaymentGateway) -> None:
        pass

    def says(self, gateway: PaymentGateway, state: str, **about: Any) -> None:
        transaction = {
            "amount": about.get("amount", AMOUNT),
            "order_id": about.get("order_id", ORDER_ID),
            "project": "somebody-else" if about.get("foreign") else "depodomain",
            "status": state,
            "payment_method": "qris",
            "completed_at": "2026-11-21T10:07:08.819+07:00" if state == "completed" else "",
        }
        if about.get("sandbox"):
            transaction["is_sandbox"] = True
        self.answer(DETAIL, {"transaction": transaction})

    def refuses(self, gateway: PaymentGateway, error: type[DriverError]) -> None:
        status, body, headers = REFUSALS[error]
        self.answer(DETAIL, body, status, **headers)

    def opens_method(self, gateway: PaymentGateway, method: str) -> None:
        self.answer(f"{BASE}/api/transactioncreate/{method}", {"payment": v1_payment(method)})

    def test_the_pay_link(self) -> None:
        url = gateway_of(**V1).create_charge(REQUEST).pay_url
        assert url.startswith(f"{BASE}/pay/depodomain/165000?order_id={ORDER_ID}&redirect=https%3A")
        assert query_of(url) == {"order_id": [ORDER_ID], "redirect": [REQUEST.return_url]}

    def test_it_asks_with_our_amount(self) -> None:
        gateway = gateway_of(**V1)
        self.says(gateway, "completed")
        status = self.fetch(gateway)
        assert query_of(responses.calls[0].request.url or "") == {
            "project": ["depodomain"],
            "amount": ["165000"],
            "order_id": [ORDER_ID],
            "api_key": [KEY],
        }
        assert status.completed_at == datetime(2026, 11, 21, 3, 7, 8, 819_000, UTC)
        assert status.method == "qris"

    @pytest.mark.parametrize("status", [400, 404, 422])
    def test_what_is_not_found_is_pending(self, status: int) -> None:
        """Nobody opened the link yet, or paid another amount: the amount is part of the key."""
        self.answer(DETAIL, {"message": "Transaction not found"}, status)
        found = self.fetch(gateway_of(**V1))
        assert (found.state, found.order_id, found.amount) == ("pending", ORDER_ID, None)

    @pytest.mark.parametrize("failure", [requests.ReadTimeout, requests.ConnectionError])
    def test_the_key_in_the_query_never_reaches_an_error(
        self, failure: type[requests.RequestException], caplog: pytest.LogCaptureFixture
    ) -> None:
        responses.add("GET", DETAIL, body=failure(f"{DETAIL}?api_key={KEY}"))
        with pytest.raises(Retryable) as caught:
            self.fetch(gateway_of(**V1))
        error: BaseException | None = caught.value
        while error is not None:
            assert KEY not in repr(error)
            error = None if error.__suppress_context__ else error.__context__
        assert KEY not in caplog.text


class TestV2(PakasirContract):
    config: ClassVar[dict[str, str]] = V2
    reference = TXN

    @pytest.fixture
    def gateway(self) -> PaymentGateway:
        return gateway_of(**V2)

    def opens(self, gateway: PaymentGateway) -> None:
        link = f"{BASE}/pay-v2/{TXN}"
        self.answer(CREATE, {"txn_id": TXN, "payment_link": link})

    def says(self, gateway: PaymentGateway, state: str, **about: Any) -> None:
        body = {
            "txn_id": TXN,
            "order_id": about.get("order_id", ORDER_ID),
            "amount": about.get("amount", AMOUNT),
            "is_sandbox": about.get("sandbox", False),
            "status": state,
            "completed_at": "2026-11-21T03:07:08.123456789Z" if state == "completed" else None,
        }
        if about.get("foreign"):
            body["project"] = "somebody-else"
        self.answer(STATUS, body)

    def refuses(self, gateway: PaymentGateway, error: type[DriverError]) -> None:
        status, body, headers = REFUSALS[error]
        self.answer(STATUS, body, status, **headers)
        self.answer(CREATE, body, status, **headers)

    def opens_method(self, gateway: PaymentGateway, method: str) -> None:
        self.answer(CREATE, v2_charge(method))

    def test_the_request_and_the_page(self) -> None:
        gateway = gateway_of(**V2)
        self.opens(gateway)
        charge = gateway.create_charge(REQUEST)
        sent = responses.calls[0].request
        assert sent.headers["X-Api-Key"] == KEY
        assert json.loads(sent.body or b"") == {"method": "payment_link", "amount": AMOUNT}
        assert charge.reference == TXN
        assert urlsplit(charge.pay_url).path == f"/pay-v2/{TXN}"
        assert query_of(charge.pay_url) == {"redirect": [REQUEST.return_url]}

    def test_the_fee_and_the_expiry_are_read_not_computed(self) -> None:
        body = {
            "txn_id": TXN,
            "payment_link": f"{BASE}/pay-v2/{TXN}",
            "total_payment": 166_650,
            "expired_at": "2026-11-22T03:00:00.123456622Z",
        }
        self.answer(CREATE, body)
        charge = gateway_of(**V2).create_charge(REQUEST)
        assert charge.total == 166_650
        assert charge.expires_at == datetime(2026, 11, 22, 3, 0, 0, 123_456, UTC)

    @pytest.mark.parametrize(
        "body",
        [{}, {"txn_id": TXN}, {"payment_link": f"{BASE}/x"}, {"txn_id": TXN, "payment_link": 5}]
        + [
            {"txn_id": TXN, "payment_link": link}
            for link in ("javascript:alert(1)", "", "http://[")
        ],
    )
    def test_a_page_that_is_none_is_an_error(self, body: dict[str, Any]) -> None:
        self.answer(CREATE, body)
        with pytest.raises(Retryable) as caught:
            gateway_of(**V2).create_charge(REQUEST)
        assert caught.value.outcome_unknown

    def test_without_a_reference_nobody_is_asked(self) -> None:
        assert gateway_of(**V2).fetch(ORDER_ID, AMOUNT, "").state == "pending"
        assert len(responses.calls) == 0

    def test_the_rate_limit_says_how_long(self) -> None:
        self.refuses(gateway_of(**V2), RateLimited)
        with pytest.raises(RateLimited) as caught:
            self.fetch(gateway_of(**V2))
        assert caught.value.retry_after == 7
        self.answer(STATUS, {}, 429, **{"Retry-After": "Sat, 21 Nov 2026 03:00:00 GMT"})
        with pytest.raises(RateLimited) as caught:
            self.fetch(gateway_of(**V2))
        assert caught.value.retry_after == 5

    @pytest.mark.parametrize(
        "body", ["<html>gateway</html>", "", "[]", "null", '"text"', "[" * 99_999]
    )
    def test_garbage_is_no_answer(self, body: str) -> None:
        responses.add("GET", STATUS, body=body)
        with pytest.raises(Retryable):
            self.fetch(gateway_of(**V2))

    @pytest.mark.parametrize("word", ["canceled", "cancelled", "CANCELLED", "failed"])
    def test_both_spellings(self, word: str) -> None:
        self.says(gateway_of(**V2), word)
        assert self.fetch(gateway_of(**V2)).state == "canceled"

    def test_a_redirect_is_not_followed(self) -> None:
        responses.add("GET", STATUS, status=302, headers={"Location": "https://evil.example/"})
        with pytest.raises(DriverError):
            self.fetch(gateway_of(**V2))
        assert len(responses.calls) == 1


@pytest.mark.parametrize("config", [V1, V2], ids=["v1", "v2"])
def test_the_own_domain_replaces_the_host_of_the_link_only(config: dict[str, str]) -> None:
    gateway = gateway_of(**config, public_domain="https://pots.my.id/", qris_only="1")
    responses.add(
        "POST", CREATE, json={"txn_id": TXN, "payment_link": f"{BASE}/pay-v2/{TXN}?from=api"}
    )
    responses.add("GET", DETAIL, json={"message": "none"}, status=404)
    responses.add("GET", STATUS, json={"error": "none"}, status=404)
    url = gateway.create_charge(REQUEST).pay_url
    assert url.startswith("https://pots.my.id/pay")
    assert query_of(url)["qris_only"] == ["1"]
    assert query_of(url)["redirect"] == [REQUEST.return_url]
    gateway.fetch(ORDER_ID, AMOUNT, TXN)
    assert all((call.request.url or "").startswith(BASE) for call in responses.calls)


def test_a_base_with_a_path_is_kept() -> None:
    gateway = gateway_of(**V1, base_url="http://127.0.0.1:8100/pakasir/")
    url = gateway.create_charge(ChargeRequest("LKTX", 500, "http://localhost/")).pay_url
    assert url.startswith("http://127.0.0.1:8100/pakasir/pay/depodomain/500?order_id=LKTX")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "a/b"),
        ("slug", "../x"),
        ("api", "v3"),
        ("base_url", "app.pakasir.com"),
        ("base_url", "javascript:alert(1)"),
        ("base_url", "http://["),
        ("public_domain", "pots.my.id"),
        ("qris_only", "ya"),
    ],
)
def test_a_bad_setting_is_a_sentence(field: str, value: str) -> None:
    assert Pakasir.check_config({**V2, field: value})[field]


def test_v2_is_the_default_and_nothing_falls_back() -> None:
    responses.add("POST", CREATE, json={"error": "gone"}, status=500)
    with pytest.raises(Retryable):
        gateway_of(**V2).create_charge(REQUEST)
    assert [call.request.url for call in responses.calls] == [CREATE]
