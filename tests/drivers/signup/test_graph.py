"""The calls of connecting a number, against the shapes Meta documents."""

import json
import logging
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from portal.core.driverkit import DriverError, Misconfigured, RateLimited, Retryable
from portal.infra.http import Http
from portal.messaging.meta_app import App
from portal.signup.graph import Graph
from portal.signup.graph_values import CodeRefused

VALUES = {
    "app_id": "77",
    "app_secret": "newest-secret,old-secret",
    "config_id": "88",
    "system_token": "EAAsystem",
    "business_id": "900",
    "system_user_id": "901",
}
BASE = "https://graph.facebook.com/v25.0"
EXCHANGE = f"{BASE}/oauth/access_token"


def graph(**values: str) -> Graph:
    return Graph(App({**VALUES, **values}), Http())


def error(code: int, message: str = "no", subcode: int = 0) -> dict[str, Any]:
    return {
        "error": {
            "message": message,
            "type": "OAuthException",
            "code": code,
            "error_subcode": subcode,
            "fbtrace_id": "A1",
        }
    }


def query(number: int = 0) -> dict[str, list[str]]:
    return parse_qs(urlsplit(responses.calls[number].request.url or "").query)


@responses.activate
def test_a_code_is_exchanged_with_the_newest_secret() -> None:
    responses.get(EXCHANGE, json={"access_token": "EAAbiz", "expires_in": 5183944})
    token = graph().exchange("the-code")
    assert (token.value, token.seconds) == ("EAAbiz", 5183944)
    assert query() == {
        "client_id": ["77"],
        "client_secret": ["newest-secret"],
        "code": ["the-code"],
    }


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [
        (400, error(100, "This authorization code has expired.", 36007), CodeRefused),
        (400, error(100, "This authorization code has been used.", 36009), CodeRefused),
        (400, error(190, "bad code"), CodeRefused),
        (400, error(1, "Error validating client secret."), Misconfigured),
        (400, error(101, "Error validating application."), Misconfigured),
        (400, error(4), Retryable),
        (500, error(2), Retryable),
        (500, "<html>", Retryable),
        (200, {}, Retryable),
        (200, "[]", Retryable),
    ],
)
def test_why_a_code_was_not_exchanged(
    status: int, body: Any, raised: type[DriverError], caplog: pytest.LogCaptureFixture
) -> None:
    said = body if isinstance(body, str) else json.dumps(body)
    responses.get(EXCHANGE, body=said, status=status)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(raised) as caught:
        graph().exchange("the-code")
    told = f"{caught.value} {caught.value.detail} {caught.value.__cause__} {caplog.text}"
    assert not [word for word in ("newest-secret", "old-secret", "the-code") if word in told]


@responses.activate
def test_a_lost_connection_names_no_address(caplog: pytest.LogCaptureFixture) -> None:
    import requests

    where = f"{EXCHANGE}?client_secret=newest-secret&code=the-code"
    responses.get(EXCHANGE, body=requests.exceptions.ReadTimeout(where))
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Retryable) as caught:
        graph().exchange("the-code")
    assert "newest-secret" not in f"{caught.value!r} {caught.value.detail} {caplog.text}"


@responses.activate
@pytest.mark.parametrize(
    ("granular", "accounts"),
    [
        ([{"scope": "whatsapp_business_management", "target_ids": ["2", "1"]}], ("2", "1")),
        ([{"scope": "whatsapp_business_management", "target_ids": []}], ()),
        ([{"scope": "whatsapp_business_management"}], None),
        ([{"scope": "other", "target_ids": ["3"]}], ()),
        (None, None),
        ("odd", ()),
    ],
)
def test_what_a_permission_is_for(granular: Any, accounts: Any) -> None:
    data = {"is_valid": True, "app_id": "77", "expires_at": 1767225600, "scopes": ["a", "b"]}
    if granular is not None:
        data["granular_scopes"] = granular
    responses.get(f"{BASE}/debug_token", json={"data": data})
    grant = graph().inspect("EAAbiz")
    assert grant.accounts == accounts
    assert grant.expires_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert grant.valid and grant.scopes == {"a", "b"}
    assert query() == {"input_token": ["EAAbiz"]}
    assert responses.calls[0].request.headers["Authorization"] == "Bearer EAAsystem"


@responses.activate
def test_without_a_system_user_the_app_itself_asks() -> None:
    responses.get(f"{BASE}/debug_token", json={"data": {"is_valid": True, "expires_at": 0}})
    grant = graph(system_token="").inspect("EAAbiz")
    assert grant.expires_at is None
    assert responses.calls[0].request.headers["Authorization"] == "Bearer 77|newest-secret"


@responses.activate
def test_numbers_of_every_page() -> None:
    first = {
        "data": [{"id": "1", "display_phone_number": "+62 1", "status": "CONNECTED",
                  "platform_type": "CLOUD_API"}],
        "paging": {"cursors": {"after": "c1"}, "next": f"{BASE}/x"},
    }  # fmt: skip
    second = {"data": [{"id": 2}, {"no": "id"}, "odd"], "paging": {"cursors": {"after": "c2"}}}
    responses.get(f"{BASE}/100/phone_numbers", json=first)
    responses.get(f"{BASE}/100/phone_numbers", json=second)
    found = graph().numbers("EAAbiz", "100")
    assert [(one.id, one.registered) for one in found] == [("1", True), ("2", False)]
    assert query(1)["after"] == ["c1"]


@responses.activate
def test_a_list_that_never_ends_does() -> None:
    page = {"data": [], "paging": {"cursors": {"after": "same"}, "next": "x"}}
    responses.get(f"{BASE}/100/phone_numbers", json=page)
    assert graph().numbers("EAAbiz", "100") == []
    assert len(responses.calls) == 2


@responses.activate
def test_our_own_subscription_among_others() -> None:
    data = [
        {"whatsapp_business_api_data": {"id": "1"}, "override_callback_uri": "https://other"},
        {"whatsapp_business_api_data": {"id": "77"}, "override_callback_uri": "https://ours"},
    ]
    responses.get(f"{BASE}/100/subscribed_apps", json={"data": data})
    found = graph().subscribed("EAAbiz", "100")
    assert found is not None and found.callback == "https://ours"
    assert graph(app_id="5").subscribed("EAAbiz", "100") is None


@responses.activate
def test_subscribing_and_registering_say_what_meta_wants() -> None:
    responses.post(f"{BASE}/100/subscribed_apps", json={"success": True})
    responses.post(f"{BASE}/200/register", json={"success": True})
    graph().subscribe("EAAbiz", "100")
    graph().subscribe("EAAbiz", "100", "https://ours", "vt")
    graph().register("EAAbiz", "200", "012345")
    bodies = [call.request.body for call in responses.calls]
    assert bodies[0] is None
    assert json.loads(bodies[1] or "") == {
        "override_callback_uri": "https://ours",
        "verify_token": "vt",
    }
    assert json.loads(bodies[2] or "") == {"messaging_product": "whatsapp", "pin": "012345"}


@responses.activate
def test_the_credit_line_of_a_partner() -> None:
    responses.get(f"{BASE}/900/extendedcredits", json={"data": [{"id": "1"}]})
    responses.get(
        f"{BASE}/1/owning_credit_allocation_configs", json={"data": [{"id": "5"}, {"id": ""}]}
    )
    share = f"{BASE}/1/whatsapp_credit_sharing_and_attach"
    responses.post(share, json={"allocation_config_id": "6", "waba_id": "100"})
    responses.get(f"{BASE}/6", json={"receiving_credential": {"id": "9"}, "id": "6"})
    responses.get(f"{BASE}/100", json={"primary_funding_id": "9"})
    client = graph()
    assert client.credit_line() == "1"
    assert client.allocations("1", "300") == ["5"]
    assert client.share("1", "100", "IDR") == "6"
    assert query(2) == {"waba_id": ["100"], "waba_currency": ["IDR"]}
    assert client.credit_arrived("6", "100") and client.funded("100")
    assert {call.request.headers["Authorization"] for call in responses.calls} == {
        "Bearer EAAsystem"
    }


@responses.activate
@pytest.mark.parametrize(
    ("credential", "funding"), [({"id": "9"}, "8"), ({}, ""), (None, None), ("9", ["9"])]
)
def test_credit_that_did_not_arrive(credential: Any, funding: Any) -> None:
    responses.get(f"{BASE}/6", json={"receiving_credential": credential})
    responses.get(f"{BASE}/100", json={"primary_funding_id": funding})
    assert not graph().credit_arrived("6", "100")


@responses.activate
def test_a_business_without_a_credit_line() -> None:
    responses.get(f"{BASE}/900/extendedcredits", json={"data": []})
    with pytest.raises(Misconfigured):
        graph().credit_line()


@responses.activate
@pytest.mark.parametrize(
    ("code", "raised"),
    [(133005, Misconfigured), (80008, RateLimited), (133004, Retryable), (190, Misconfigured)],
)
def test_meta_says_no_by_code(code: int, raised: type[DriverError]) -> None:
    responses.post(f"{BASE}/200/register", json=error(code), status=400)
    with pytest.raises(raised) as caught:
        graph().register("EAAbiz", "200", "123456")
    assert caught.value.code == str(code) and "123456" not in caught.value.detail


@responses.activate
def test_a_success_that_is_none() -> None:
    responses.post(f"{BASE}/200/register", json={"success": False})
    with pytest.raises(DriverError):
        graph().register("EAAbiz", "200", "123456")


@responses.activate
def test_a_token_that_meta_repeats_is_not_kept() -> None:
    """It does so of one that was typed wrong."""
    said = {"error": {"code": 190, "message": "Malformed access token EAAbizEAAbiz4711x"}}
    responses.get(f"{BASE}/100", status=400, json=said)
    with pytest.raises(DriverError) as caught:
        graph().account("EAAbizEAAbiz4711x", "100")
    assert "Malformed access token" in caught.value.detail
    assert "EAAbiz" not in f"{caught.value.detail}{caught.value.sentence}"
