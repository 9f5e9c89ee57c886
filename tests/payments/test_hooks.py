"""POST /webhooks/pakasir: stored raw and answered at once, whatever it says."""

import hashlib
import hmac
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.extensions import db
from portal.infra.inbox import InboundHook
from portal.payments.models import AttentionItem, Payment
from tests import factories

URL = "/webhooks/pakasir"
BODY = b'{"amount":1,"order_id":"LKTX","project":"x","status":"completed"}'


def hooks() -> list[InboundHook]:
    return factories.every(InboundHook)


@pytest.mark.parametrize("body", [BODY, b"", b"not json", b"\xff\x00", b"{}", b"x" * 65_536])
def test_everything_is_stored_as_it_came_and_acted_on_later(
    client: FlaskClient, body: bytes
) -> None:
    answer = client.post(URL, data=body, content_type="application/json")
    assert (answer.status_code, answer.json) == (200, {"ok": True})
    (hook,) = hooks()
    assert (hook.source, hook.body, hook.state) == ("pakasir", body, "received")
    assert factories.every(Payment) == [] and factories.every(AttentionItem) == []


def test_the_same_bytes_are_one_row(client: FlaskClient) -> None:
    for _ in range(10):
        assert client.post(URL, data=BODY).status_code == 200
    assert [hook.repeats for hook in hooks()] == [9]


def test_it_needs_no_csrf_token_and_no_session(app: Flask) -> None:
    assert app.config.get("WTF_CSRF_ENABLED", True)
    assert app.test_client().post(URL, data=BODY).status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post(client: FlaskClient, method: str) -> None:
    assert getattr(client, method)(URL).status_code == 405
    assert hooks() == []


def test_too_large(client: FlaskClient) -> None:
    assert client.post(URL, data=b"x" * 65_537).status_code == 413
    assert hooks() == []


def test_too_large_without_saying_so(app: Flask) -> None:
    """A chunked body has no length; the cap holds all the same."""
    from io import BytesIO

    answer = app.test_client().post(
        URL,
        input_stream=BytesIO(b"x" * 200_000),
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert answer.status_code == 413
    assert hooks() == []


def test_headers_with_secrets_are_not_kept(client: FlaskClient) -> None:
    client.post(URL, data=BODY, headers={"X-Secret": "geheim", "Authorization": "Bearer geheim"})
    assert "geheim" not in repr(hooks()[0].headers)


def test_a_database_that_cannot_store_is_said_so_that_it_comes_again(
    app: Flask, client: FlaskClient
) -> None:
    db.session.execute(text("ALTER TABLE inbound_hook RENAME TO away"))
    db.session.commit()
    try:
        assert client.post(URL, data=BODY).status_code in {500, 503}
    finally:
        db.session.execute(text("ALTER TABLE away RENAME TO inbound_hook"))
        db.session.commit()
    assert client.post(URL, data=BODY).status_code == 200


def test_it_answers_fast(client: FlaskClient) -> None:
    """No outside call and no settling: many answers a second, even on a busy machine."""
    client.post(URL, data=BODY)
    started = time.perf_counter()
    for number in range(20):
        client.post(URL, data=BODY + b" " * number)
    assert (time.perf_counter() - started) / 20 < 0.25


class TestWithASecret:
    @pytest.fixture
    def extra_env(self) -> dict[str, str]:
        return {"PAKASIR_WEBHOOK_SECRET": "rahasia proyek"}

    def test_strangers_are_turned_away(self, client: FlaskClient) -> None:
        wrong = {"X-Secret": "rahasia"}
        for headers in ({}, wrong, {"X-Pakasir-Signature": "00"}):
            assert client.post(URL, data=BODY, headers=headers).status_code == 401
        assert hooks() == []

    def test_the_secret_or_the_signature_opens(self, client: FlaskClient) -> None:
        signed = hmac.new(b"rahasia proyek", BODY, hashlib.sha256).hexdigest()
        for headers in ({"x-secret": "rahasia proyek"}, {"x-pakasir-signature": signed}):
            assert client.post(URL, data=BODY, headers=headers).status_code == 200
        assert len(hooks()) == 1
