"""Twilio's callbacks: its signature by its own vectors, its statuses, customers' answers."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from portal.infra.http import Http
from portal.messaging.drivers import _twilio_signature
from portal.messaging.drivers.events import (
    DeliveryEvent,
    HookRequest,
    InboundMessage,
    UnknownEvent,
)
from portal.messaging.drivers.twilio import Twilio

DATA = Path(__file__).parents[2] / "data" / "twilio"
SID = "SM5f1a2b3c4d5e6f708192a3b4c5d6e7f8"

# The vectors of Twilio's documentation and helper libraries; key 12345.
ADDRESS = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMETERS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
JSON_BODY = b'{"property": "value", "boolean": true}'
JSON_ADDRESS = (
    f"{ADDRESS}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
)
JSON = {"Content-Type": "application/json"}


def believed(
    url: str,
    signature: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    **config: str,
) -> bool:
    body = urlencode(PARAMETERS).encode() if body is None else body
    said = CaseInsensitiveDict({**(headers or FORM), "x-twilio-signature": signature})
    driver = Twilio({"auth_token": "12345", **config}, Http())
    return driver.verify_hook(HookRequest(url, said, body))


@pytest.mark.parametrize(
    "url",
    [ADDRESS, ADDRESS.replace(".com/", ".com:443/"), ADDRESS.replace(".com/", ".com:8443/")],
)
def test_twilios_own_vector(url: str) -> None:
    assert believed(url, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


def test_the_vector_with_a_port() -> None:
    assert believed(ADDRESS, "kvajT1Ptam85bY51eRf/AJRuM3w=")
    assert believed(ADDRESS.replace(".com/", ".com:443/"), "kvajT1Ptam85bY51eRf/AJRuM3w=")


def test_the_vector_of_a_json_body() -> None:
    signature = "a9nBmqA0ju/hNViExpshrM61xv4="
    assert believed(JSON_ADDRESS, signature, JSON_BODY, JSON)
    assert not believed(JSON_ADDRESS, signature, JSON_BODY + b" ", JSON)
    assert not believed(ADDRESS, signature, JSON_BODY, JSON)


def test_the_vector_of_a_shared_key() -> None:
    settings = {**FORM, "X-Twilio-Webhooks-Signature-Settings": "key=k1,algorithm=HMAC_SHA256"}
    signature = "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s="
    assert believed(ADDRESS, signature, headers=settings)
    assert believed(ADDRESS, signature, headers=settings, auth_token="x", signing_key="12345")
    assert not believed(ADDRESS, signature)
    unknown = {**FORM, "X-Twilio-Webhooks-Signature-Settings": "algorithm=MD5"}
    assert not believed(ADDRESS, signature, headers=unknown)


def test_the_host_we_gave_twilio_counts() -> None:
    """Behind a proxy our own idea of the address may name another host."""
    inside = ADDRESS.replace("https://mycompany.com", "http://127.0.0.1:8000")
    assert not believed(inside, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    assert believed(
        inside, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", status_callback="https://mycompany.com/anything"
    )


@pytest.mark.parametrize(
    ("url", "body", "config"),
    [
        (ADDRESS.replace("https", "http"), None, {}),
        (ADDRESS + "&x=1", None, {}),
        (ADDRESS, b"CallSid=other", {}),
        (ADDRESS, urlencode({**PARAMETERS, "Added": ""}).encode(), {}),
        (ADDRESS, None, {"auth_token": "54321"}),
        (ADDRESS, None, {"auth_token": ""}),
    ],
)
def test_anything_else_is_not_believed(
    url: str, body: bytes | None, config: dict[str, str]
) -> None:
    assert not believed(url, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", body, **config)


def test_all_parameters_are_signed_whatever_they_are() -> None:
    """Twilio adds parameters without notice; a name may come twice, empty ones count."""
    body = b"b=2&b=1&b=2&a=&z=%C3%A9+%26"
    signed = _twilio_signature.signature("12345", ADDRESS + "ab1b2z\u00e9 &")
    assert believed(ADDRESS, signed, body)


def events(name: str) -> list[Any]:
    return Twilio({}, None).parse_hook((DATA / f"{name}.txt").read_bytes())  # type: ignore[arg-type]


def test_delivered() -> None:
    (event,) = events("delivered")
    assert isinstance(event, DeliveryEvent)
    assert (event.provider_id, event.state, event.key) == (SID, "delivered", "")


def test_a_failure_says_what_to_do() -> None:
    (event,) = events("undelivered")
    assert event.state == "failed"
    assert "24 jam" in event.reason and "63016" in event.reason


def test_a_customers_answer() -> None:
    (event,) = events("inbound")
    assert isinstance(event, InboundMessage)
    assert (event.sender, event.name, event.form) == ("+6281234567890", "Budi Santoso", "button")
    assert (event.text, event.payload) == ("Sudah bayar & lunas", "PAID")
    assert event.reply_to == SID


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"MessageSid={SID}&MessageStatus=sent", "sent"),
        (f"MessageSid={SID}&MessageStatus=read", "read"),
        (f"MessageSid={SID}&MessageStatus=failed&ErrorCode=1", "failed"),
        (f"MessageSid={SID}&MessageStatus=&EventType=READ", "read"),
        (f"MessageSid={SID}&MessageStatus=queued", None),
        (f"MessageSid={SID}&MessageStatus=sending", None),
        ("MessageStatus=sent", None),
    ],
)
def test_states(body: str, expected: str | None) -> None:
    found = Twilio({}, None).parse_hook(body.encode())  # type: ignore[arg-type]
    assert [event.state for event in found] == ([expected] if expected else [])  # type: ignore[union-attr]


def test_a_status_nobody_knows_is_counted() -> None:
    (event,) = Twilio({}, None).parse_hook(f"MessageSid={SID}&MessageStatus=melted".encode())  # type: ignore[arg-type]
    assert event == UnknownEvent("status melted")


NAMES = ("MessageSid", "MessageStatus", "SmsStatus", "From", "Body", "ErrorCode", "EventType")


@given(
    st.binary()
    | st.dictionaries(st.sampled_from(NAMES), st.text()).map(lambda d: urlencode(d).encode())
    | st.dictionaries(
        st.sampled_from(NAMES), st.none() | st.integers() | st.text() | st.lists(st.text())
    ).map(lambda d: json.dumps(d).encode())
)
def test_callbacks_may_be_anything(body: bytes) -> None:
    for event in Twilio({}, None).parse_hook(body):  # type: ignore[arg-type]
        assert event
    believed(ADDRESS, "x", body)


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_what_twilio_signs_is_believed(values: dict[str, str]) -> None:
    body = urlencode(values, errors="replace").encode()
    pairs = sorted(set(parse_qsl(body.decode(), keep_blank_values=True)))
    text = ADDRESS + "".join(name + value for name, value in pairs)
    assert believed(ADDRESS, _twilio_signature.signature("12345", text), body)
