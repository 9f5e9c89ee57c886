"""Twilio: the form that leaves, its error codes, its signature by its own vectors, callbacks."""

import json
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
import responses

from portal.core.driverkit import Misconfigured, Permanent, RateLimited, Retryable
from portal.infra.http import Http
from portal.messaging.drivers.base import Media, MessageDriver
from portal.messaging.drivers.twilio import Twilio
from tests.contracts.messaging import CODE, MessageDriverContract, Sample, outgoing

DATA = Path(__file__).parents[2] / "data" / "twilio"
ACCOUNT = "AC0123456789abcdef0123456789abcdef"
SID = "SM5f1a2b3c4d5e6f708192a3b4c5d6e7f8"
CONTENT = "HX0123456789abcdef0123456789abcdef"
BASE = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}"
SENT = {"sid": SID, "status": "queued", "error_code": None, "to": "whatsapp:+6281234567890"}


def refusal(code: int, status: int = 400) -> Sample:
    body = {
        "code": code,
        "message": "The 'To' number whatsapp:+6281234567890 is not right",
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return Sample(status, json.dumps(body))


class TestTwilio(MessageDriverContract):
    kind = "twilio"
    config: ClassVar = {
        "account_sid": ACCOUNT,
        "auth_token": "the-auth-token-12345",
        "from_number": "+6281280001111",
        "content_otp_code": CONTENT,
    }
    url = f"{BASE}/Messages.json"
    accepted = Sample(201, json.dumps(SENT))
    refused: ClassVar = {
        Permanent: refusal(21211),
        Misconfigured: refusal(20003, 401),
        RateLimited: refusal(20429, 429),
        Retryable: refusal(20503, 503),
    }
    garbage = Sample(200, "<html>not json</html>")

    def form(self) -> dict[str, list[str]]:
        request = responses.calls[0].request
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        return parse_qs(str(request.body), keep_blank_values=True)

    @responses.activate
    def test_free_text_is_a_body(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        receipt = driver.send(outgoing())

        assert receipt.provider_id == SID
        assert self.form() == {
            "To": ["whatsapp:+6281234567890"],
            "From": ["whatsapp:+6281280001111"],
            "Body": ["Halo Budi, pembayaran Rp165.000 kami terima."],
        }

    @responses.activate
    def test_a_content_goes_without_a_body(self) -> None:
        self.answer(self.accepted)
        config = {**self.config, "content_payment_confirmation": CONTENT}
        Twilio(config, Http()).send(outgoing(params=["Budi\nSantoso", "165.000", ""]))

        form = self.form()
        assert form["ContentSid"] == [CONTENT]
        assert json.loads(form["ContentVariables"][0]) == {
            "1": "Budi Santoso",
            "2": "165.000",
            "3": "-",
        }
        assert set(form) == {"To", "From", "ContentSid", "ContentVariables"}

    def test_a_login_code_is_the_only_variable(self, driver: MessageDriver) -> None:
        form: Any = driver.payload(outgoing("otp_code"))
        assert json.loads(form["ContentVariables"]) == {"1": CODE}

    def test_a_content_without_values_names_none(self) -> None:
        form = Twilio(self.config, Http()).payload(outgoing("otp_code", params=[]))
        assert "ContentVariables" not in form

    @responses.activate
    def test_a_messaging_service_an_api_key_and_a_callback(self) -> None:
        self.answer(self.accepted)
        config = {
            "account_sid": ACCOUNT,
            "auth": "key",
            "key_sid": "SK" + "a" * 32,
            "key_secret": "key-secret",
            "sender": "service",
            "messaging_service_sid": "MG" + "b" * 32,
            "status_callback": "https://loket.example/hooks/messaging/t0ken",
        }
        assert Twilio.check_config(config) == {}
        Twilio(config, Http()).send(outgoing())

        form = self.form()
        assert form["MessagingServiceSid"] == ["MG" + "b" * 32]
        assert form["StatusCallback"] == ["https://loket.example/hooks/messaging/t0ken"]
        assert "From" not in form
        authorization = responses.calls[0].request.headers["Authorization"]
        assert authorization == requests_basic("SK" + "a" * 32, "key-secret")

    @responses.activate
    def test_an_image_goes_by_its_address(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        driver.send(outgoing(media=Media("image", "https://loket.example/m/1.png", "image/png")))
        form = self.form()
        assert form["MediaUrl"] == ["https://loket.example/m/1.png"]
        assert form["Body"] == ["Halo Budi, pembayaran Rp165.000 kami terima."]

    def test_a_document_keeps_its_words(self, driver: MessageDriver) -> None:
        """Twilio sends documents without a caption: the words would be lost."""
        media = Media("document", "https://loket.example/m/1.pdf", "application/pdf")
        form: Any = driver.payload(outgoing(media=media))
        assert "MediaUrl" not in form
        assert form["Body"].endswith("kami terima.\nhttps://loket.example/m/1.pdf")

    @pytest.mark.parametrize(
        ("code", "error"),
        [
            (21654, Permanent),
            (63016, Permanent),
            (63018, RateLimited),
            (63021, Permanent),
            (63024, Permanent),
            (63032, Permanent),
            (21408, Permanent),
            (21606, Misconfigured),
            (63007, Misconfigured),
            (99999, Permanent),
        ],
    )
    @responses.activate
    def test_codes(self, driver: MessageDriver, code: int, error: type[Exception]) -> None:
        self.answer(refusal(code))
        with pytest.raises(error) as caught:
            driver.send(outgoing())
        assert type(caught.value) is error
        assert caught.value.code == str(code)  # type: ignore[attr-defined]

    @responses.activate
    def test_outside_the_window_another_channel_may(self, driver: MessageDriver) -> None:
        self.answer(refusal(63016))
        with pytest.raises(Permanent) as caught:
            driver.send(outgoing())
        assert caught.value.elsewhere

    @responses.activate
    def test_accepted_without_an_id_is_unknown(self, driver: MessageDriver) -> None:
        self.answer(Sample(201, "{}"))
        with pytest.raises(Retryable) as caught:
            driver.send(outgoing())
        assert caught.value.outcome_unknown

    @responses.activate
    def test_health(self, driver: MessageDriver) -> None:
        responses.add("GET", f"{BASE}.json", json={"status": "active", "friendly_name": "Nusa"})
        assert driver.check().ok
        responses.reset()
        responses.add("GET", f"{BASE}.json", json={"status": "suspended"})
        assert not driver.check().ok

    @responses.activate
    def test_a_status_can_be_asked_for(self, driver: MessageDriver) -> None:
        responses.add("GET", f"{BASE}/Messages/{SID}.json", json={**SENT, "status": "read"})
        event = driver.status(SID)
        assert event is not None
        assert (event.provider_id, event.state) == (SID, "read")

        responses.reset()
        failed = {**SENT, "status": "undelivered", "error_code": 63024}
        responses.add("GET", f"{BASE}/Messages/{SID}.json", json=failed)
        event = driver.status(SID)
        assert event is not None
        assert event.state == "failed" and "63024" in event.reason

        responses.reset()
        responses.add("GET", f"{BASE}/Messages/{SID}.json", json=SENT)
        assert driver.status(SID) is None
        assert driver.status("../../Accounts") is None

        responses.reset()
        responses.add("GET", f"{BASE}/Messages/{SID}.json", json={"code": 20404}, status=404)
        assert driver.status(SID) is None

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("account_sid", "AC123"),
            ("from_number", "0812"),
            ("status_callback", "https://my_host.example/x"),
            ("status_callback", "ftp://x"),
            ("content_otp_code", "welcome"),
            ("auth_token", ""),
        ],
    )
    def test_what_twilio_would_refuse_is_refused_when_saving(self, name: str, value: str) -> None:
        assert name in Twilio.check_config({**self.config, name: value})


def requests_basic(name: str, password: str) -> str:
    import base64

    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@responses.activate
def test_free_text_outside_the_window_is_refused_here() -> None:
    driver = Twilio({**TestTwilio.config, "content_broadcast": ""}, Http())
    with pytest.raises(Permanent) as caught:
        driver.send(outgoing("broadcast", window=False))
    assert (caught.value.code, caught.value.elsewhere) == ("63016", True)
    assert len(responses.calls) == 0
