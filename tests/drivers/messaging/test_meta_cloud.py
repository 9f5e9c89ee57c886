"""The Meta driver against recorded answers and the shapes Meta documents."""

import hashlib
import hmac
import json
from typing import Any, ClassVar

import pytest
import responses

from portal.core.driverkit import (
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.infra.http import Http
from portal.messaging.drivers import _meta_errors
from portal.messaging.drivers.base import MessageDriver
from portal.messaging.drivers.events import HookRequest
from portal.messaging.drivers.meta_cloud import MetaCloud
from tests.contracts.messaging import CODE, MessageDriverContract, Sample, outgoing

SENT = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "+6281234567890", "wa_id": "6281234567890"}],
    "messages": [{"id": "wamid.HBgM", "message_status": "accepted"}],
}


def error(code: int, status: int, details: Any = "see details") -> Sample:
    body = {
        "error": {
            "message": f"(#{code}) something",
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": details},
            "fbtrace_id": "Az8",
        }
    }
    return Sample(status, json.dumps(body))


class TestMetaCloud(MessageDriverContract):
    kind = "meta"
    config: ClassVar = {
        "access_token": "EAAx-very-secret-token",
        "phone_number_id": "123456789012345",
        "waba_id": "987654321098765",
        "app_secret": "the-app-secret",
        "verify_token": "the-verify-token",
    }
    url = "https://graph.facebook.com/v25.0/123456789012345/messages"
    accepted = Sample(200, json.dumps(SENT))
    refused: ClassVar = {
        Permanent: error(131026, 400),
        Misconfigured: error(190, 401),
        RateLimited: error(130429, 400),
        Retryable: error(131000, 500),
    }
    garbage = Sample(200, '{"messages": []}')

    @responses.activate
    def test_a_template_goes_out_in_positional_form(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        receipt = driver.send(outgoing())

        request = responses.calls[0].request
        assert request.headers["Authorization"] == "Bearer EAAx-very-secret-token"
        assert json.loads(request.body) == {  # type: ignore[arg-type]
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "+6281234567890",
            "biz_opaque_callback_data": "payment_confirmation:42",
            "type": "template",
            "template": {
                "name": "payment_confirmation",
                "language": {"code": "id"},
                "components": [
                    {
                        "type": "body",
                        "parameters": [
                            {"type": "text", "text": value}
                            for value in ("Budi", "165.000", "PAY-1", "21 Nov 2026 10.00", "Lunas")
                        ],
                    }
                ],
            },
        }
        assert receipt.provider_id == "wamid.HBgM"

    def test_a_login_code_is_in_the_body_and_in_the_button(self, driver: MessageDriver) -> None:
        template = driver.payload(outgoing("otp_code"))["template"]  # type: ignore[index]
        code = [{"type": "text", "text": CODE}]
        assert template["components"] == [
            {"type": "body", "parameters": code},
            {"type": "button", "sub_type": "url", "index": "0", "parameters": code},
        ]

    def test_a_broadcast_is_plain_text(self, driver: MessageDriver) -> None:
        payload: Any = driver.payload(outgoing("broadcast", text="x" * 5000))
        assert payload["type"] == "text"
        assert payload["text"] == {"preview_url": False, "body": "x" * 4096}

    def test_parameters_meta_would_refuse_are_repaired(self, driver: MessageDriver) -> None:
        payload: Any = driver.payload(outgoing(params=["a\nb\tc", "d      e", "", "  ", "f"]))
        values = [p["text"] for p in payload["template"]["components"][0]["parameters"]]
        assert values == ["a b c", "d e", "-", "-", "f"]

    def test_own_template_names_version_and_address(self) -> None:
        config = {
            **self.config,
            "template_payment_confirmation": "bayar_v2",
            "graph_version": "v26.0",
            "base_url": "http://127.0.0.1:8100/graph/",
        }
        driver = MetaCloud(config, Http())
        assert driver.payload(outgoing())["template"]["name"] == "bayar_v2"
        with responses.RequestsMock() as mock:
            url = "http://127.0.0.1:8100/graph/v26.0/123456789012345/messages"
            mock.add("POST", url, body=self.accepted.body)
            driver.send(outgoing())

    @responses.activate
    def test_a_paused_template_was_not_sent(self, driver: MessageDriver) -> None:
        held = {**SENT, "messages": [{"id": "wamid.1", "message_status": "paused"}]}
        self.answer(Sample(200, json.dumps(held)))
        with pytest.raises(Permanent):
            driver.send(outgoing())

    @pytest.mark.parametrize(
        ("code", "status", "expected"),
        [
            (0, 401, Misconfigured),
            (3, 500, Misconfigured),
            (4, 400, RateLimited),
            (10, 403, Misconfigured),
            (100, 400, Permanent),
            (200, 403, Misconfigured),
            (299, 403, Misconfigured),
            (368, 403, Misconfigured),
            (80007, 400, RateLimited),
            (131016, 500, Retryable),
            (131042, 400, Misconfigured),
            (131047, 400, Permanent),
            (131048, 400, RateLimited),
            (131056, 400, RateLimited),
            (132001, 404, Permanent),
            (132015, 400, Permanent),
            (133010, 400, Misconfigured),
            (999999, 400, Permanent),
        ],
    )
    @responses.activate
    def test_the_code_decides_not_the_status(
        self, driver: MessageDriver, code: int, status: int, expected: type[DriverError]
    ) -> None:
        self.answer(error(code, status))
        with pytest.raises(DriverError) as caught:
            driver.send(outgoing())
        assert type(caught.value) is expected
        assert caught.value.code == str(code)
        assert "see details" in caught.value.detail
        assert "fbtrace_id Az8" in caught.value.detail

    @responses.activate
    def test_error_data_may_be_a_plain_string(self, driver: MessageDriver) -> None:
        body = {"error": {"message": "m", "code": 100, "error_data": "plain words"}}
        self.answer(Sample(400, json.dumps(body)))
        with pytest.raises(Permanent) as caught:
            driver.send(outgoing())
        assert "plain words" in caught.value.detail

    @responses.activate
    def test_retry_after_is_obeyed(self, driver: MessageDriver) -> None:
        self.answer(Sample(429, "slow down", {"Retry-After": "17"}))
        with pytest.raises(RateLimited) as caught:
            driver.send(outgoing())
        assert caught.value.retry_after == 17

    def test_every_code_tells_the_operator_what_to_do(self) -> None:
        for code, (kind, words, seconds) in _meta_errors.CODES.items():
            assert words.endswith("."), code
            assert (seconds > 0) == (kind == _meta_errors.RATE), code

    @responses.activate
    def test_health_names_the_number(self, driver: MessageDriver) -> None:
        responses.add(
            "GET",
            "https://graph.facebook.com/v25.0/123456789012345",
            json={"verified_name": "Mitra Net", "quality_rating": "GREEN", "id": "1"},
        )
        health = driver.check()
        assert health.ok
        assert "Mitra Net" in health.sentence
        assert health.details["quality_rating"] == "GREEN"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("phone_number_id", "+62 812"),
            ("graph_version", "25"),
            ("template_otp_code", "Kode OTP"),
            ("access_token", ""),
            ("base_url", "graph.facebook.com"),
        ],
    )
    def test_bad_values_are_refused_before_saving(self, field: str, value: str) -> None:
        assert field in MetaCloud.check_config({**self.config, field: value})

    def test_a_signature_is_over_the_raw_bytes(self, driver: MessageDriver) -> None:
        body = '{"a": "\\u00e9", "b":   "é"}'.encode()
        digest = hmac.new(b"the-app-secret", body, hashlib.sha256).hexdigest()
        assert driver.verify_hook(_hook(digest, body))
        assert not driver.verify_hook(_hook(digest, body + b" "))
        assert not driver.verify_hook(_hook("é", body))

    def test_without_an_app_secret_nothing_is_believed(self) -> None:
        driver = MetaCloud({**self.config, "app_secret": ""}, Http())
        digest = hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
        assert not driver.verify_hook(_hook(digest, b"{}"))


def _hook(digest: str, body: bytes) -> HookRequest:
    headers = {"X-Hub-Signature-256": f"sha256={digest}"}
    return HookRequest("https://portal.example/webhook/whatsapp/meta", headers, body)
