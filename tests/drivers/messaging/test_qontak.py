"""Qontak: direct broadcasts by template, both ways in, a log that can be asked."""

import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from portal.core.driverkit import DriverError, Misconfigured, Permanent, RateLimited, Retryable
from portal.infra.http import Http
from portal.messaging.drivers.base import MessageDriver
from portal.messaging.drivers.events import DeliveryEvent, InboundMessage, UnknownEvent
from portal.messaging.drivers.qontak import Qontak, signed_line
from tests.contracts.messaging import CODE, MessageDriverContract, Sample, outgoing
from tests.drivers.messaging.hookkit import events, sample, shaped

ID = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
TEMPLATE = "11111111-2222-3333-4444-555555555555"
CHANNEL = "99999999-8888-7777-6666-555555555555"
ROOT = "https://service-chat.qontak.com/api/open/v1"
SENT = {"status": "success", "data": {"id": ID, "execute_status": "todo"}}


def refusal(status: int, *messages: str) -> Sample:
    body = {"status": "error", "error": {"code": status, "messages": list(messages)}}
    return Sample(status, json.dumps(body))


class TestQontak(MessageDriverContract):
    kind = "qontak"
    config: ClassVar = {
        "access_token": "qontak-token",
        "channel_integration_id": CHANNEL,
        "template_payment_confirmation": TEMPLATE,
        "template_otp_code": TEMPLATE,
    }
    url = f"{ROOT}/broadcasts/whatsapp/direct"
    accepted = Sample(201, json.dumps(SENT))
    refused: ClassVar = {
        Permanent: refusal(422, "Phone number 6281234567890 is invalid"),
        Misconfigured: refusal(401, "Token is expired"),
        RateLimited: refusal(429, "Too many requests"),
        Retryable: refusal(503, "maintenance"),
    }
    garbage = Sample(201, '{"status": "success", "data": {}}')
    # Qontak signs nothing: the token in the address is what keeps strangers out.
    open_hook = True

    def sent(self) -> Any:
        return json.loads(responses.calls[0].request.body)  # type: ignore[arg-type]

    @responses.activate
    def test_a_broadcast(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        receipt = driver.send(outgoing(params=["Budi\nSantoso", "165.000", ""]))
        assert receipt.provider_id == ID
        request = responses.calls[0].request
        assert request.headers["Authorization"] == "Bearer qontak-token"
        assert self.sent() == {
            "to_number": "6281234567890",
            "to_name": "Budi Santoso",
            "message_template_id": TEMPLATE,
            "channel_integration_id": CHANNEL,
            "language": {"code": "id"},
            "parameters": {
                "body": [
                    {"key": "1", "value": "param_1", "value_text": "Budi Santoso"},
                    {"key": "2", "value": "param_2", "value_text": "165.000"},
                    {"key": "3", "value": "param_3", "value_text": "-"},
                ]
            },
        }

    @responses.activate
    def test_a_login_code_is_in_the_button_too(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        driver.send(outgoing("otp_code"))
        assert self.sent()["to_name"] == "Pelanggan"
        assert self.sent()["parameters"]["buttons"] == [
            {"index": "0", "type": "url", "value": CODE}
        ]

    @responses.activate
    def test_a_kind_without_a_template_leaves_elsewhere(self, driver: MessageDriver) -> None:
        for message in (outgoing("broadcast"), outgoing(to="1203@g.us")):
            with pytest.raises(Permanent) as caught:
                driver.send(message)
            assert caught.value.elsewhere
        assert len(responses.calls) == 0

    @responses.activate
    def test_mekaris_gateway_is_signed(self) -> None:
        url = "https://api.mekari.com/qontak/chat/v1/broadcasts/whatsapp/direct"
        responses.add("POST", url, json=SENT, status=201)
        config = {
            **self.config,
            "auth": "hmac",
            "access_token": "",
            "client_id": "client-1",
            "client_secret": "client-secret",
        }
        assert Qontak.check_config(config) == {}
        Qontak(config, Http()).send(outgoing())

        headers = responses.calls[0].request.headers
        date = headers["Date"]
        assert date.endswith(" GMT") and parsedate_to_datetime(date).tzinfo
        path = "/qontak/chat/v1/broadcasts/whatsapp/direct"
        said = re.fullmatch(
            r'hmac username="client-1", algorithm="hmac-sha256", '
            r'headers="date request-line", signature="([^"]+)"',
            headers["Authorization"],
        )
        assert said is not None
        assert said[1] == signed_line("client-secret", date, "POST", path)

    def test_the_signed_line(self) -> None:
        """Computed with openssl over the text of Mekari's description."""
        made = signed_line("secret", "Wed, 10 Nov 2021 07:24:29 GMT", "POST", "/v2/x")
        assert made == "2qM4fXody6cnSsV3ttLPfn39HfcEcZ6dh5Zkni4Zs9g="

    @pytest.mark.parametrize(
        ("answer", "error", "unknown"),
        [
            (refusal(422, "Insufficient balance"), Misconfigured, False),
            (refusal(404, "Channel integration not found"), Misconfigured, False),
            (refusal(422, "Message template not found"), Permanent, False),
            (refusal(422, "Params length is not match"), Permanent, False),
            (refusal(422, "something else"), Permanent, False),
            (Sample(404, "<html>"), Misconfigured, False),
            (Sample(201, '{"status": "error"}'), Retryable, True),
            (Sample(200, json.dumps(SENT)), Retryable, True),
        ],
    )
    @responses.activate
    def test_what_an_answer_means(
        self, driver: MessageDriver, answer: Sample, error: type[DriverError], unknown: bool
    ) -> None:
        self.means(driver, answer, error, unknown)

    @responses.activate
    def test_health(self, driver: MessageDriver) -> None:
        url = f"{ROOT}/templates/whatsapp"
        responses.add("GET", url, json={"status": "success", "data": [{"id": TEMPLATE}]})
        health = driver.check()
        assert health.ok and health.details == {"template": "1"}

    @responses.activate
    def test_the_log_of_a_broadcast(self, driver: MessageDriver) -> None:
        url = f"{ROOT}/broadcasts/{ID}/whatsapp/log"
        row = {"status": "failed", "whatsapp_error_message": "131026 undeliverable"}
        responses.add("GET", url, json={"status": "success", "data": [row]})
        event = driver.status(ID)
        assert event is not None
        assert event.state == "failed" and "131026" in event.reason

        for answer, status in (({"data": []}, 200), ({"data": [{"status": "todo"}]}, 200),
                               ({"status": "error"}, 404)):  # fmt: skip
            responses.reset()
            responses.add("GET", url, json=answer, status=status)
            assert driver.status(ID) is None
        assert driver.status("../x") is None

    @pytest.mark.parametrize(
        "change",
        [{"access_token": ""}, {"channel_integration_id": "x"}, {"template_otp_code": "otp"}],
    )
    def test_what_qontak_would_refuse_is_refused_when_saving(self, change: dict[str, str]) -> None:
        assert set(Qontak.check_config({**self.config, **change})) == set(change)


def test_the_status_of_a_broadcast() -> None:
    (event,) = events("qontak", sample("qontak", "broadcast_log"))
    at = datetime(2025, 11, 21, 3, 0, 5, tzinfo=UTC)
    assert event == DeliveryEvent(ID, "", "delivered", at)


def test_an_answer() -> None:
    (event,) = events("qontak", sample("qontak", "from_customer"))
    assert isinstance(event, InboundMessage)
    assert (event.sender, event.name, event.text) == ("+6281234567890", "Budi", "Sudah bayar")


def test_what_nobody_knows_is_counted() -> None:
    found = events("qontak", b'{"data_event": "room_resolved", "id": "x"}')
    assert found == [UnknownEvent("room_resolved")]
    assert events("qontak", b'{"a": 1}') == [UnknownEvent("tidak dikenal")]
    assert events("qontak", b"{}") == []


NAMES = ("data_event", "data", "id", "broadcast_id", "status", "room", "sender", "text", "type")
WORDS = ("receive_message_from_customer", "delivered", "failed", "customer")


@given(st.binary() | shaped(NAMES, WORDS).map(lambda d: json.dumps(d).encode()))
def test_callbacks_may_be_anything(body: bytes) -> None:
    for event in events("qontak", body):
        assert event
