"""Meta's webhook at the door: handshake, signature over the raw bytes, stored once."""

import hashlib
import hmac

import pytest
from flask.testing import FlaskClient

from portal.infra.inbox import InboundHook
from tests import factories

URL = "/webhook/whatsapp/meta"
SECRET = "app secret of the test"


@pytest.fixture
def extra_env() -> dict[str, str]:
    return {"META_WA_APP_SECRET": f"{SECRET},older secret", "META_WA_VERIFY_TOKEN": "the token"}


def sign(body: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}


def test_the_handshake_answers_only_the_right_token(client: FlaskClient) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "the token", "hub.challenge": "4711"}
    good = client.get(URL, query_string=asked)
    assert (good.status_code, good.text, good.mimetype) == (200, "4711", "text/plain")

    assert client.get(URL, query_string={**asked, "hub.verify_token": "wrong"}).status_code == 403
    assert client.get(URL, query_string={**asked, "hub.mode": "other"}).status_code == 403
    assert client.get(URL).status_code == 403


@pytest.mark.parametrize("secret", [SECRET, "older secret"])
def test_a_signed_callback_is_stored_as_it_came(client: FlaskClient, secret: str) -> None:
    body = b'{"entry": [], "text": "\\u00e9\xc3\xa9"}'
    answer = client.post(URL, data=body, headers=sign(body, secret))

    assert answer.status_code == 200
    (hook,) = factories.every(InboundHook)
    assert (hook.source, hook.body, hook.state) == ("whatsapp.meta", body, "received")


def test_a_repeat_is_one_row(client: FlaskClient) -> None:
    body = b'{"entry": []}'
    for _ in range(3):
        client.post(URL, data=body, headers=sign(body))

    (hook,) = factories.every(InboundHook)
    assert hook.repeats == 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "sha256=é"},
        sign(b"another body"),
        sign(b"{}", "not the secret"),
        sign(b"{}", ""),
    ],
)
def test_a_bad_signature_is_refused_and_nothing_is_kept(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    assert client.post(URL, data=b"{}", headers=headers).status_code == 401
    assert factories.every(InboundHook) == []


def test_too_big_is_refused(client: FlaskClient) -> None:
    body = b"x" * (3 * 1024 * 1024 + 1)
    assert client.post(URL, data=body, headers=sign(body)).status_code == 413
