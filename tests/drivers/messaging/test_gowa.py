"""GoWA 9: JIDs, JSON and multipart as published, its codes told apart, signed receipts."""

import base64
import email
import json
from datetime import UTC, datetime
from email.message import Message
from typing import Any, ClassVar

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from portal.core.driverkit import DriverError, Misconfigured, Permanent, RateLimited, Retryable
from portal.infra.http import Http
from portal.messaging.drivers.base import Group, Media, MessageDriver
from portal.messaging.drivers.events import DeliveryEvent, InboundMessage, UnknownEvent
from portal.messaging.drivers.gowa import Gowa
from tests.contracts.messaging import MessageDriverContract, Sample, outgoing
from tests.drivers.messaging.hookkit import asked, events, hex_hmac, sample, shaped

BASE = "https://gowa.test/base"
SENT = {"code": "SUCCESS", "message": "sent", "results": {"message_id": "3EB0B4", "status": "ok"}}
SECRET = "a-secret-of-our-own"


def refusal(status: int, code: str, message: str = "refused") -> Sample:
    body = {"code": code, "message": message, "results": None}
    return Sample(status, json.dumps(body))


class TestGowa(MessageDriverContract):
    kind = "gowa"
    config: ClassVar = {
        "base_url": BASE,
        "username": "loket",
        "password": "basic-password",
        "device_id": "org_2",
        "webhook_secret": SECRET,
    }
    url = f"{BASE}/send/message"
    accepted = Sample(200, json.dumps(SENT))
    refused: ClassVar = {
        Permanent: refusal(400, "INVALID_JID", "user 6281234567890 is not registered"),
        Misconfigured: refusal(401, "AUTHENTICATION_ERROR", "you are not logged in"),
        RateLimited: refusal(429, "WA_REACHOUT_TIMELOCK"),
        Retryable: refusal(500, "UPLOAD_MEDIA_ERROR"),
    }
    garbage = Sample(200, '{"code": "SUCCESS", "results": {}}')

    @responses.activate
    def test_a_text(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        receipt = driver.send(outgoing())

        request = responses.calls[0].request
        assert json.loads(request.body) == {  # type: ignore[arg-type]
            "phone": "6281234567890@s.whatsapp.net",
            "message": "Halo Budi, pembayaran Rp165.000 kami terima.",
        }
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["X-Device-Id"] == "org_2"
        basic = base64.b64encode(b"loket:basic-password").decode()
        assert request.headers["Authorization"] == f"Basic {basic}"
        assert receipt.provider_id == "3EB0B4"

    @responses.activate
    def test_without_password_or_device_nothing_is_claimed(self) -> None:
        self.answer(self.accepted)
        Gowa({"base_url": BASE + "/"}, Http()).send(outgoing())
        headers = responses.calls[0].request.headers
        assert "Authorization" not in headers and "X-Device-Id" not in headers

    @responses.activate
    def test_a_device_name_of_any_letters_travels_encoded(self) -> None:
        self.answer(self.accepted)
        Gowa({**self.config, "device_id": "toko é+1"}, Http()).send(outgoing())
        assert responses.calls[0].request.headers["X-Device-Id"] == "toko%20%C3%A9%2B1"

    @responses.activate
    def test_a_group_keeps_its_id(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        driver.send(outgoing(to="120363025246125486@g.us"))
        body = json.loads(responses.calls[0].request.body)  # type: ignore[arg-type]
        assert body["phone"] == "120363025246125486@g.us"

    @pytest.mark.parametrize(
        ("media", "path", "field", "mime"),
        [
            (Media("image", "https://l.example/a.png", "image/png", "a.png", lambda: b"PNG"),
             "image", "image", "image/png"),
            (Media("image", "https://l.example/a", "image/webp", "a.webp", lambda: b"W"),
             "file", "file", "image/webp"),
            (Media("video", "https://l.example/a.mp4", "video/mp4", "a.mp4", lambda: b"V"),
             "video", "video", "video/mp4"),
            (Media("document", "https://l.example/a.pdf", "application/pdf", "a.pdf",
                   lambda: b"PDF"), "file", "file", "application/pdf"),
        ],
    )  # fmt: skip
    @responses.activate
    def test_our_own_file_is_uploaded(
        self, driver: MessageDriver, media: Media, path: str, field: str, mime: str
    ) -> None:
        responses.add("POST", f"{BASE}/send/{path}", json=SENT)
        receipt = driver.send(outgoing(media=media))

        parts = parts_of(responses.calls[0].request)
        assert set(parts) == {"phone", "caption", field}
        assert parts["phone"].get_payload() == "6281234567890@s.whatsapp.net"
        assert parts["caption"].get_payload().startswith("Halo Budi")
        assert parts[field].get_filename() == media.filename
        assert parts[field].get_content_type() == mime
        assert parts[field].get_payload(decode=True) == media.load()  # type: ignore[misc]
        assert receipt.provider_id == "3EB0B4"

    @responses.activate
    def test_a_file_of_others_goes_by_its_address(self, driver: MessageDriver) -> None:
        responses.add("POST", f"{BASE}/send/file", json=SENT)
        driver.send(outgoing(media=Media("document", "https://other.example/a.pdf")))
        request = responses.calls[0].request
        assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
        parts = parts_of(request)
        assert set(parts) == {"phone", "caption", "file_url"}
        assert parts["file_url"].get_payload() == "https://other.example/a.pdf"
        assert parts["file_url"].get_filename() is None

    @pytest.mark.parametrize(
        ("answer", "error", "unknown"),
        [
            (Sample(401, "Unauthorized"), Misconfigured, False),
            (refusal(404, "DEVICE_NOT_FOUND"), Misconfigured, False),
            (refusal(400, "DEVICE_ID_REQUIRED"), Misconfigured, False),
            (refusal(400, "VALIDATION_ERROR"), Permanent, False),
            (Sample(404, "Not Found"), Misconfigured, False),
            (Sample(302, ""), Misconfigured, False),
            (refusal(500, "INVALID_WA_CLI"), Misconfigured, False),
            (refusal(500, "INTERNAL_SERVER_ERROR", "you are not loggin"), Misconfigured, False),
            (refusal(500, "INTERNAL_SERVER_ERROR", "websocket not connected"),
             Misconfigured, False),
            (refusal(500, "INTERNAL_SERVER_ERROR", "failed to download image from URL"),
             Permanent, False),
            (refusal(500, "INTERNAL_SERVER_ERROR", "server returned error 479"),
             Retryable, False),
            (refusal(500, "INTERNAL_SERVER_ERROR", "timed out waiting for response"),
             Retryable, True),
            (refusal(408, "CONTEXT_ERROR"), Retryable, True),
            (refusal(504, "GATEWAY_TIMEOUT"), Retryable, True),
            (refusal(503, "DEVICE_MANAGER_UNAVAILABLE"), Retryable, False),
            (Sample(200, '{"code": "ERROR", "results": {"message_id": "x"}}'), Retryable, True),
        ],
    )  # fmt: skip
    @responses.activate
    def test_what_an_answer_means(
        self, driver: MessageDriver, answer: Sample, error: type[DriverError], unknown: bool
    ) -> None:
        self.means(driver, answer, error, unknown)

    @responses.activate
    def test_401_tells_password_from_phone(self, driver: MessageDriver) -> None:
        self.answer(Sample(401, "Unauthorized"))
        with pytest.raises(Misconfigured, match="kata sandi"):
            driver.send(outgoing())
        responses.reset()
        self.answer(self.refused[Misconfigured])
        with pytest.raises(Misconfigured, match="QR"):
            driver.send(outgoing())

    @responses.activate
    def test_the_timelock_is_not_tried_again_soon(self, driver: MessageDriver) -> None:
        self.answer(self.refused[RateLimited])
        with pytest.raises(RateLimited) as caught:
            driver.send(outgoing())
        assert caught.value.retry_after >= 3600

    @pytest.mark.parametrize(
        ("results", "ok"),
        [
            ({"is_connected": True, "is_logged_in": True, "jid": "628@s.whatsapp.net"}, True),
            ({"is_connected": False, "is_logged_in": True}, False),
            ({"is_connected": True, "is_logged_in": False, "jid": ""}, False),
            ({}, False),
        ],
    )
    @responses.activate
    def test_health(self, driver: MessageDriver, results: dict[str, Any], ok: bool) -> None:
        responses.add("GET", f"{BASE}/app/status", json={"code": "SUCCESS", "results": results})
        assert driver.check().ok is ok

    @responses.activate
    def test_health_hides_most_of_the_number(self, driver: MessageDriver) -> None:
        found = {"is_connected": True, "is_logged_in": True, "jid": "6281280001111@s.whatsapp.net"}
        responses.add("GET", f"{BASE}/app/status", json={"code": "SUCCESS", "results": found})
        assert driver.check().details == {"nomor": "+6281••••111"}

    @responses.activate
    def test_groups(self, driver: MessageDriver) -> None:
        rows = [{"JID": "120363@g.us", "Name": "Teknisi"}, {"JID": "628@s.whatsapp.net"}, "x"]
        answer = {"code": "SUCCESS", "results": {"data": rows}}
        responses.add("GET", f"{BASE}/user/my/groups", json=answer)
        assert driver.groups() == [Group("120363@g.us", "Teknisi")]

    @responses.activate
    def test_groups_with_thousands_of_participants(self, driver: MessageDriver) -> None:
        people = [{"JID": f"62812{n:08}@s.whatsapp.net", "LID": "x" * 40} for n in range(9000)]
        row = {"JID": "120363@g.us", "Name": "Pelanggan", "Participants": people}
        answer = {"code": "SUCCESS", "results": {"data": [row]}}
        responses.add("GET", f"{BASE}/user/my/groups", json=answer)
        assert driver.groups() == [Group("120363@g.us", "Pelanggan")]

    def test_only_a_signed_callback_is_believed(self, driver: MessageDriver) -> None:
        body = sample("gowa", "ack_delivered")
        good = "sha256=" + hex_hmac(SECRET, body)
        assert driver.verify_hook(asked(body, x_hub_signature_256=good))
        assert not driver.verify_hook(asked(body + b" ", x_hub_signature_256=good))
        assert not driver.verify_hook(asked(body, x_hub_signature_256="sha256="))
        assert not driver.verify_hook(asked(body, x_hub_signature_256="sha256=\u00e9"))

    @pytest.mark.parametrize("secret", ["", "secret", "Secret"])
    def test_the_published_secret_proves_nothing(self, secret: str) -> None:
        body = sample("gowa", "ack_delivered")
        driver = Gowa({**self.config, "webhook_secret": secret}, Http())
        good = "sha256=" + hex_hmac(secret, body)
        assert not driver.verify_hook(asked(body, x_hub_signature_256=good))
        if secret:
            assert "webhook_secret" in Gowa.check_config({**self.config, "webhook_secret": secret})

    def test_a_password_needs_a_name(self) -> None:
        assert "username" in Gowa.check_config({"base_url": BASE, "password": "p"})


def parts_of(request: Any) -> dict[str, Message]:
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    whole = email.message_from_bytes(head + request.body)
    found = {}
    for part in whole.get_payload():
        assert isinstance(part, Message)
        found[str(part.get_param("name", header="content-disposition"))] = part
    return found


def test_a_receipt_is_one_event_an_id() -> None:
    found = events("gowa", sample("gowa", "ack_delivered"))
    at = datetime(2025, 11, 20, 20, 44, 20, tzinfo=UTC)
    assert found == [
        DeliveryEvent("3EB00106E8BE0F407E88EC", "", "delivered", at),
        DeliveryEvent("3EB0B430B6F8F1D0E053AC", "", "delivered", at),
    ]


@pytest.mark.parametrize(
    ("receipt", "state"),
    [("read", "read"), ("played", "read"), ("retry", None), ("sender", None), ("read-self", None)],
)
def test_receipts(receipt: str, state: str | None) -> None:
    body = {"event": "message.ack", "payload": {"ids": ["A"], "receipt_type": receipt}}
    found = events("gowa", json.dumps(body).encode())
    assert [event.state for event in found] == ([state] if state else [])


def test_an_answer() -> None:
    (event,) = events("gowa", sample("gowa", "message_reply"))
    assert isinstance(event, InboundMessage)
    assert (event.sender, event.name) == ("+6281234567890", "Budi")
    assert (event.text, event.reply_to) == ("Sudah saya bayar", "3EB00106E8BE0F407E88EC")
    assert event.at == datetime(2025, 11, 21, 3, 45, tzinfo=UTC)


def test_talk_in_groups_and_our_own_words_are_no_answers() -> None:
    assert events("gowa", sample("gowa", "message_group")) == []
    own = json.loads(sample("gowa", "message_reply"))
    own["payload"]["is_from_me"] = True
    assert events("gowa", json.dumps(own).encode()) == []


def test_a_hidden_number_keeps_its_own_name() -> None:
    hidden = json.loads(sample("gowa", "message_reply"))
    hidden["payload"]["from"] = "251556368777322@lid"
    (event,) = events("gowa", json.dumps(hidden).encode())
    assert (event.sender, event.user_id) == ("", "251556368777322@lid")


def test_what_nobody_acts_on_is_counted() -> None:
    assert events("gowa", sample("gowa", "chat_presence")) == [UnknownEvent("chat_presence")]


NAMES = ("event", "payload", "ids", "receipt_type", "timestamp", "id", "from", "chat_id", "body")


@given(
    st.binary()
    | shaped(NAMES, ("message", "message.ack", "read")).map(lambda d: json.dumps(d).encode())
)
def test_callbacks_may_be_anything(body: bytes) -> None:
    for event in events("gowa", body):
        assert event
