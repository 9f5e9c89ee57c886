"""The PHPNuxBill style gateway, POST and GET: addresses, keys, and what an answer means."""

import base64
import json
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from portal.core.driverkit import (
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.infra.http import Http, Reply
from portal.messaging.drivers import _gateway_answers
from portal.messaging.drivers._gateway_address import build_url, get_address
from portal.messaging.drivers.base import MessageDriver
from portal.messaging.drivers.gateway import Gateway
from tests.contracts.messaging import MessageDriverContract, Sample, outgoing

NOT_REGISTERED = '{"ok": false, "code": "NUMBER_NOT_REGISTERED", "message": "no such user"}'


class TestPost(MessageDriverContract):
    kind = "gateway"
    config: ClassVar = {
        "mode": "post",
        "url": "https://wa.test/ext/{secret}/wa",
        "secret": "s3cr3t/x",
    }
    url = "https://wa.test/ext/s3cr3t%2Fx/wa"
    accepted = Sample(200, '{"ok": true, "id": "msg-1"}')
    refused: ClassVar = {
        Permanent: Sample(200, NOT_REGISTERED),
        Misconfigured: Sample(401, '{"ok": false, "message": "Unauthorized"}'),
        RateLimited: Sample(429, '{"ok": false}', {"Retry-After": "9"}),
        Retryable: Sample(503, '{"ok": false, "message": "device busy"}'),
    }
    garbage = Sample(200, "<<<%%% lorem ipsum")

    @responses.activate
    def test_the_body_and_the_key(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        receipt = driver.send(outgoing())

        request = responses.calls[0].request
        assert json.loads(request.body) == {  # type: ignore[arg-type]
            "action": "send",
            "to": "6281234567890",
            "text": "Halo Budi, pembayaran Rp165.000 kami terima.",
            "idempotency_key": "payment_confirmation:42",
            "queue": False,
            "auto_retry": False,
        }
        assert request.headers["Idempotency-Key"] == "payment_confirmation:42"
        assert request.headers["Content-Type"] == "application/json"
        assert receipt.provider_id == "msg-1"

    @responses.activate
    def test_the_key_is_the_same_at_every_try_and_fits(self, driver: MessageDriver) -> None:
        for _ in range(3):
            self.answer(self.accepted)
            driver.send(outgoing(key="broadcast:" + "k" * 300))
        keys = {call.request.headers["Idempotency-Key"] for call in responses.calls}
        bodies = {json.loads(call.request.body)["idempotency_key"] for call in responses.calls}  # type: ignore[arg-type]
        assert keys == bodies
        assert [len(key) for key in keys] == [128]

    @pytest.mark.parametrize(
        ("auth", "header", "value"),
        [
            ({"auth": "none"}, "Authorization", None),
            (
                {"auth": "basic", "username": "u", "password": "p:w"},
                "Authorization",
                "Basic " + base64.b64encode(b"u:p:w").decode(),
            ),
            ({"auth": "header", "header_name": "X-Api-Key", "token": "t0k"}, "X-Api-Key", "t0k"),
            ({"auth": "jwt", "token": "a.b.c"}, "Authorization", "Bearer a.b.c"),
        ],
    )
    @responses.activate
    def test_authentication(self, auth: dict[str, str], header: str, value: str | None) -> None:
        self.answer(self.accepted)
        Gateway({**self.config, **auth}, Http()).send(outgoing())
        assert responses.calls[0].request.headers.get(header) == value

    @pytest.mark.parametrize(
        "name",
        ["Host", "Cookie", "Content-Length", "X-Forwarded-For", "Idempotency-Key", "a b", "a\r\nb"],
    )
    def test_headers_that_would_do_harm_are_refused(self, name: str) -> None:
        config = {**self.config, "auth": "header", "header_name": name, "token": "t"}
        assert "header_name" in Gateway.check_config(config)

    def test_a_token_cannot_inject_a_header(self) -> None:
        config = {**self.config, "auth": "jwt", "token": "t\r\nX-Evil: 1"}
        assert "token" in Gateway.check_config(config)

    def test_a_missing_secret_is_noticed_when_saving(self) -> None:
        assert "secret" in Gateway.check_config({"url": "https://wa.test/ext/{secret}/wa"})
        assert "secret" in Gateway.check_config({"url": "https://wa.test"})
        assert Gateway.check_config({"url": "https://wa.test/ext/abc/wa"}) == {}
        assert "url" in Gateway.check_config({"url": "ftp://wa.test/ext/a/wa"})

    def test_whether_repeats_are_dropped_is_the_owners_word(self) -> None:
        assert not Gateway(self.config, Http()).idempotent
        assert Gateway({**self.config, "dedupes": "yes"}, Http()).idempotent
        assert not Gateway({"mode": "get", "dedupes": "yes"}, Http()).idempotent


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/ext/{secret}/wa", "https://h/ext/a%2Fb/wa"),
        ("https://h/ext/:secret/wa", "https://h/ext/a%2Fb/wa"),
        ("https://h/ext/[secret]/wa", "https://h/ext/a%2Fb/wa"),
        ("https://h/ext/{secret}/:secret/wa", "https://h/ext/a%2Fb/:secret/wa"),
        ("https://h/{secret}/{secret}", "https://h/a%2Fb/a%2Fb"),
        ("https://h/ext/ready/wa", "https://h/ext/ready/wa"),
        ("https://h/api/wa", "https://h/api/wa"),
        ("https://h", "https://h/ext/a%2Fb/wa"),
        ("https://h/", "https://h/ext/a%2Fb/wa"),
        ("https://h/base/?x=1", "https://h/base/ext/a%2Fb/wa?x=1"),
        # Only the path counts: a host that begins with "wa" is no finished address.
        ("https://wa.example.com/", "https://wa.example.com/ext/a%2Fb/wa"),
        ("https://wa.example.com", "https://wa.example.com/ext/a%2Fb/wa"),
        # And only whole words.
        ("https://h/wallet", "https://h/wallet/ext/a%2Fb/wa"),
        ("https://h/api/wablas/", "https://h/api/wablas/ext/a%2Fb/wa"),
        ("https://h/?next=/wa", "https://h/ext/a%2Fb/wa?next=/wa"),
        ("https://h/WA", "https://h/WA"),
        ("https://h/wa2/send", "https://h/wa2/send"),
        ("https://h/wa.php?x=1", "https://h/wa.php?x=1"),
        ("https://h/#top", "https://h/ext/a%2Fb/wa"),
        ("  https://h/ext/{secret}/wa ", "https://h/ext/a%2Fb/wa"),
    ],
)
def test_addresses(url: str, expected: str) -> None:
    assert build_url(url, "a/b") == expected


class TestGet(MessageDriverContract):
    kind = "gateway"
    config: ClassVar = {
        "mode": "get",
        "get_url": "https://old.test/send?number=[number]&text=[text]&key=k3y",
    }
    url = "https://old.test/send"
    method = "GET"
    accepted = Sample(200, "Message queued")
    refused: ClassVar = {
        Permanent: Sample(200, '{"status": false, "reason": "target invalid"}'),
        Misconfigured: Sample(403, "nope"),
        RateLimited: Sample(429, "too many"),
    }
    garbage = Sample(200, "<html>Login required</html>")

    @responses.activate
    def test_number_and_text_are_encoded_into_the_address(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        driver.send(outgoing(text="a&b=c #1\n[number]+ü"))

        query = parse_qs(urlsplit(responses.calls[0].request.url or "").query)
        assert query["number"] == ["6281234567890"]
        assert query["text"] == ["a&b=c #1\n[number]+ü"]
        assert query["key"] == ["k3y"]

    @pytest.mark.parametrize(
        "url",
        [
            "https://old.test/send?text=[text]",
            "https://old.test/send?number=[number]",
            "https://[number].test/?text=[text]",
            "https://old.test/#[number][text]",
            "old.test/?n=[number]&t=[text]",
            "",
        ],
    )
    def test_an_address_without_its_places_is_refused(self, url: str) -> None:
        assert "get_url" in Gateway.check_config({"mode": "get", "get_url": url})

    @responses.activate
    def test_an_empty_yes_is_a_yes_here(self, driver: MessageDriver) -> None:
        self.answer(Sample(200, ""))
        assert driver.send(outgoing()).provider_id is None

    @given(text=st.text(max_size=80), number=st.integers(10**9, 10**14))
    def test_nothing_in_a_message_moves_the_host(self, text: str, number: int) -> None:
        text = text.encode("utf-8", "ignore").decode()
        address = get_address(self.config["get_url"], str(number), text)
        parts = urlsplit(address)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "old.test", "/send")
        assert parse_qs(parts.query, keep_blank_values=True)["text"] == [text]


@pytest.mark.parametrize(
    ("mode", "status", "body", "expected", "unknown"),
    [
        ("post", 200, {"ok": True}, None, False),
        ("post", 200, {"success": "true"}, None, False),
        ("post", 200, {"status": "sent"}, None, False),
        ("post", 200, {"status": True}, None, False),
        ("post", 201, {"result": "queued"}, None, False),
        ("post", 200, {"code": "SUCCESS"}, None, False),
        ("post", 200, {"ok": True, "status": "error"}, None, False),
        ("post", 200, "OK", None, False),
        ("post", 200, {"ok": False}, Permanent, False),
        ("post", 200, {"status": False, "reason": "target invalid"}, Permanent, False),
        ("post", 200, {"error": "device disconnected"}, Misconfigured, False),
        ("post", 200, {"code": "NUMBER_NOT_REGISTERED"}, Permanent, False),
        ("post", 200, {"success": False, "message": "Invalid token"}, Misconfigured, False),
        ("post", 200, {"success": False, "message": "rate limit"}, RateLimited, False),
        ("post", 200, {"success": False, "message": "could not be generated"}, Permanent, False),
        ("post", 200, {"data": {}}, Retryable, True),
        ("post", 200, {"status": "1003"}, Retryable, True),
        ("post", 200, "", Retryable, True),
        ("post", 200, "some words", Retryable, True),
        ("post", 200, [1, 2], Retryable, True),
        ("post", 302, "", Misconfigured, False),
        ("post", 400, "bad", Permanent, False),
        ("post", 404, "not found", Misconfigured, False),
        ("post", 408, "", Retryable, True),
        ("post", 409, {"ok": False, "message": "duplicate key"}, Retryable, True),
        ("post", 500, {"ok": False, "message": "boom"}, Retryable, False),
        ("post", 500, {"ok": False, "message": "upstream timed out"}, Retryable, True),
        ("post", 500, {"ok": True}, Retryable, True),
        ("post", 503, "<html>down</html>", Retryable, True),
        ("get", 200, "anything nice", None, False),
        ("get", 200, {"data": {"x": 1}}, None, False),
        ("get", 200, "ERROR: failed", Retryable, True),
        ("get", 200, {"status": False}, Permanent, False),
        ("get", 500, "", Retryable, True),
    ],
)
@responses.activate
def test_what_an_answer_means(
    mode: str, status: int, body: Any, expected: type[DriverError] | None, unknown: bool
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    if mode == "post":
        driver, url = Gateway({"url": "https://h.test/ext/x/wa"}, Http()), "https://h.test/ext/x/wa"
        responses.add("POST", url, body=text, status=status)
    else:
        config = {"mode": "get", "get_url": "https://h.test/?n=[number]&t=[text]"}
        driver = Gateway(config, Http())
        responses.add("GET", "https://h.test/", body=text, status=status)

    if expected is None:
        assert driver.send(outgoing()).http_status == status
        return
    with pytest.raises(DriverError) as caught:
        driver.send(outgoing())
    assert type(caught.value) is expected
    assert caught.value.outcome_unknown is unknown


ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["ok", "success", "status", "result", "code", "error", "message", "id"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(
    status=st.sampled_from([200, 201, 204, 301, 400, 401, 404, 408, 409, 422, 429, 500, 503]),
    body=ANSWERS.map(lambda answer: json.dumps(answer).encode()) | st.binary(max_size=60),
    plain_text=st.booleans(),
)
def test_any_answer_is_a_receipt_or_one_of_our_errors(
    status: int, body: bytes, plain_text: bool
) -> None:
    """And nothing but a 2xx is ever a yes, nor an open end after a clear refusal."""
    try:
        receipt = _gateway_answers.judge(Reply(status, {}, body), plain_text=plain_text)
    except DriverError as error:
        assert error.sentence
        assert error.http_status == status
        assert not (error.outcome_unknown and status in {400, 401, 404, 422, 429})
    else:
        assert 200 <= status < 300
        assert receipt.provider_id is None or receipt.provider_id
