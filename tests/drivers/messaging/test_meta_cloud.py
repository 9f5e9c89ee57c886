"""The Meta driver keeps the contract of all drivers; its configuration, signature, handshake."""

import hashlib
import hmac
import json
from typing import ClassVar

import pytest

from portal.core.driverkit import (
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.infra.http import Http
from portal.messaging.drivers.base import MessageDriver
from portal.messaging.drivers.events import HookRequest
from portal.messaging.drivers.meta_cloud import MetaCloud
from tests.contracts.messaging import MessageDriverContract, Sample
from tests.drivers.messaging.meta import CONFIG, MESSAGES, SENT, error


class TestMetaCloud(MessageDriverContract):
    kind = "meta"
    config: ClassVar = CONFIG
    url = MESSAGES
    accepted = Sample(200, json.dumps(SENT))
    refused: ClassVar = {
        Permanent: error(131026, 400, "to +6281234567890"),
        Misconfigured: error(190, 401),
        RateLimited: error(130429, 400),
        Retryable: error(131000, 500),
    }
    garbage = Sample(200, '{"messages": []}')

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("phone_number_id", "+62 812"),
            ("graph_version", "25"),
            ("template_otp_code", "Kode OTP"),
            ("access_token", ""),
            ("base_url", "graph.facebook.com"),
            ("access_token", "tokén"),
            ("language", "Indonesia"),
            ("parameter_format", "mixed"),
            ("template_broadcast", "Siaran"),
            ("template_parts", "tagihan: header=media"),
            ("template_parts", "otp_code: url0=code"),
            ("template_parts", "broadcast: footer=x"),
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

    def test_during_a_change_both_secrets_are_believed(self) -> None:
        driver = MetaCloud({**self.config, "app_secret": "new-one, the-app-secret"}, Http())
        for secret in (b"new-one", b"the-app-secret"):
            assert driver.verify_hook(_hook(hmac.new(secret, b"{}", "sha256").hexdigest(), b"{}"))
        both = hmac.new(b"new-one, the-app-secret", b"{}", "sha256").hexdigest()
        assert not driver.verify_hook(_hook(both, b"{}"))

    def test_the_handshake_gives_back_exactly_the_challenge(self, driver: MessageDriver) -> None:
        asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
        token = {"hub.verify_token": "the-verify-token"}
        assert driver.answer_challenge({**asked, **token}) == "1158201444"
        assert driver.answer_challenge({**asked, "hub.verify_token": "é\ud800"}) is None
        assert driver.answer_challenge({**asked, **token, "hub.mode": "unsubscribe"}) is None
        assert (
            MetaCloud({**self.config, "verify_token": ""}, Http()).answer_challenge(asked) is None
        )

    def test_without_an_app_secret_nothing_is_believed(self) -> None:
        driver = MetaCloud({**self.config, "app_secret": ""}, Http())
        digest = hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
        assert not driver.verify_hook(_hook(digest, b"{}"))


def _hook(digest: str, body: bytes) -> HookRequest:
    headers = {"X-Hub-Signature-256": f"sha256={digest}"}
    return HookRequest("https://portal.example/webhook/whatsapp/meta", headers, body)
