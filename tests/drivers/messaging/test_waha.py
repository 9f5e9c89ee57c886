"""WAHA: requests as its OpenAPI has them, answers of each engine, acks, signed where asked."""

import json
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from portal.core.driverkit import DriverError, Misconfigured, Permanent, RateLimited, Retryable
from portal.infra.http import Http
from portal.messaging.drivers.base import Group, Media, MessageDriver
from portal.messaging.drivers.events import DeviceEvent, InboundMessage, UnknownEvent
from portal.messaging.drivers.waha import Waha
from tests.contracts.messaging import CODE, MessageDriverContract, Sample, outgoing
from tests.drivers.messaging.hookkit import asked, events, hex_hmac, sample, shaped

BASE = "https://waha.test"
LONG = "true_6281234567890@c.us_3EB0B4"
OFFLINE = {
    "error": "Session status is not as expected. Try again later or restart the session",
    "session": "default",
    "status": "SCAN_QR_CODE",
    "expected": ["WORKING"],
}


def crash(message: str) -> Sample:
    """An unexpected error of WAHA repeats the request, text and number included."""
    request = {"path": "/api/sendText", "body": {"chatId": "6281234567890@c.us", "text": CODE}}
    exception = {"message": message, "name": "Error", "stack": f"Error: {CODE}"}
    return Sample(500, json.dumps({"statusCode": 500, "exception": exception, "request": request}))


def nest(status: int, message: Any) -> Sample:
    return Sample(status, json.dumps({"message": message, "statusCode": status}))


class TestWaha(MessageDriverContract):
    kind = "waha"
    config: ClassVar = {"base_url": BASE, "api_key": "waha-key", "hmac_key": "my-secret-key"}
    url = f"{BASE}/api/sendText"
    accepted = Sample(201, json.dumps({"id": LONG, "timestamp": 1, "fromMe": True}))
    refused: ClassVar = {
        Permanent: crash("No LID for user"),
        Misconfigured: Sample(422, json.dumps(OFFLINE)),
        RateLimited: nest(429, "Too Many Requests"),
        Retryable: Sample(422, json.dumps({**OFFLINE, "status": "STARTING"})),
    }
    garbage = Sample(201, "{}")

    def sent(self) -> Any:
        request = responses.calls[0].request
        assert request.headers["X-Api-Key"] == "waha-key"
        assert request.headers["Content-Type"] == "application/json"
        return json.loads(request.body)  # type: ignore[arg-type]

    @responses.activate
    def test_a_text(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        receipt = driver.send(outgoing())
        assert self.sent() == {
            "session": "default",
            "chatId": "6281234567890@c.us",
            "text": "Halo Budi, pembayaran Rp165.000 kami terima.",
        }
        assert receipt.provider_id == "3EB0B4"

    @responses.activate
    def test_a_group_and_another_session(self) -> None:
        self.answer(self.accepted)
        Waha({**self.config, "session": "cabang-2"}, Http()).send(outgoing(to="1203@g.us"))
        assert self.sent()["chatId"] == "1203@g.us"
        assert self.sent()["session"] == "cabang-2"

    @pytest.mark.parametrize(
        ("media", "path", "file"),
        [
            (Media("image", "https://l.example/a.png", "image/png"), "sendImage",
             {"mimetype": "image/png", "url": "https://l.example/a.png"}),
            (Media("document", "https://l.example/a.pdf", "application/pdf", "a.pdf",
                   lambda: b"PDF"), "sendFile",
             {"mimetype": "application/pdf", "filename": "a.pdf", "data": "UERG"}),
            (Media("video", "https://l.example/a.mp4"), "sendFile",
             {"mimetype": "video/mp4", "url": "https://l.example/a.mp4"}),
        ],
    )  # fmt: skip
    @responses.activate
    def test_files(
        self,
        driver: MessageDriver,
        media: Media,
        path: str,
        file: dict[str, str],
    ) -> None:
        responses.add("POST", f"{BASE}/api/{path}", json={"id": LONG}, status=201)
        driver.send(outgoing(media=media))
        assert self.sent() == {
            "session": "default",
            "chatId": "6281234567890@c.us",
            "caption": "Halo Budi, pembayaran Rp165.000 kami terima.",
            "file": file,
        }

    def test_the_log_holds_no_bytes(self, driver: MessageDriver) -> None:
        media = Media("document", "https://l/a", "application/pdf", "a.pdf", lambda: b"PDF")
        assert "UERG" not in repr(driver.payload(outgoing(media=media)))

    @pytest.mark.parametrize(
        "answer",
        [
            {"id": LONG},
            {"id": {"fromMe": True, "remote": "628@c.us", "id": "3EB0B4", "_serialized": LONG}},
            {"key": {"remoteJid": "628@s.whatsapp.net", "fromMe": True, "id": "3EB0B4"}},
            {"_data": {"Info": {"ID": "3EB0B4"}}},
            {"_data": {"id": {"_serialized": LONG}}},
        ],
    )
    @responses.activate
    def test_every_engine_names_the_message(self, driver: MessageDriver, answer: Any) -> None:
        self.answer(Sample(201, json.dumps(answer)))
        assert driver.send(outgoing()).provider_id == "3EB0B4"

    @pytest.mark.parametrize(
        ("answer", "error", "unknown"),
        [
            (nest(401, "Unauthorized"), Misconfigured, False),
            (nest(404, "Session not found"), Misconfigured, False),
            (nest(422, 'Session "default" does not exist'), Misconfigured, False),
            (nest(422, "The feature is available only in Plus version."), Permanent, False),
            (nest(400, ["text must be a string"]), Permanent, False),
            (Sample(404, "Not here"), Misconfigured, False),
            (crash("rate-overlimit"), RateLimited, False),
            (crash("Evaluation failed: t"), Retryable, True),
            (Sample(200, '{"id": "true_6@c.us_A"}'), Retryable, True),
        ],
    )
    @responses.activate
    def test_what_an_answer_means(
        self, driver: MessageDriver, answer: Sample, error: type[DriverError], unknown: bool
    ) -> None:
        self.means(driver, answer, error, unknown)

    @pytest.mark.parametrize(
        ("status", "ok"), [("WORKING", True), ("SCAN_QR_CODE", False), ("FAILED", False)]
    )
    @responses.activate
    def test_health(self, driver: MessageDriver, status: str, ok: bool) -> None:
        found = {"name": "default", "status": status, "me": {"id": "6281280001111@c.us"}}
        responses.add("GET", f"{BASE}/api/sessions/default", json=found)
        health = driver.check()
        assert health.ok is ok
        assert health.details == {"status": status, "nomor": "+6281••••111"}

    @pytest.mark.parametrize(
        "answer",
        [
            [{"id": {"_serialized": "1203@g.us"}, "groupMetadata": {"subject": "Teknisi"}}],
            {"1203@g.us": {"id": "1203@g.us", "subject": "Teknisi"}},
            [{"JID": "1203@g.us", "Name": "Teknisi"}, {"JID": "x"}, 3],
        ],
    )
    @responses.activate
    def test_groups_of_every_engine(self, driver: MessageDriver, answer: Any) -> None:
        responses.add("GET", f"{BASE}/api/default/groups", json=answer)
        assert driver.groups() == [Group("1203@g.us", "Teknisi")]
        assert "exclude=participants" in str(responses.calls[0].request.url)

    @responses.activate
    def test_groups_page_by_page_and_not_for_ever(self, driver: MessageDriver) -> None:
        full = [{"id": f"{n}@g.us", "subject": "x"} for n in range(100)]
        responses.add("GET", f"{BASE}/api/default/groups", json=full)
        assert len(driver.groups()) == 100
        assert len(responses.calls) == 2

    def test_signed_where_a_key_is_set(self, driver: MessageDriver) -> None:
        """The example of WAHA's own documentation."""
        body = b'{"event":"message","session":"default","engine":"WEBJS"}'
        good = (
            "208f8a55dde9e05519e898b10b89bf0d0b3b0fdf11fdbf09b6b90476301b98d8"
            "097c462b2b17a6ce93b6b47a136cf2e78a33a63f6752c2c1631777076153fa89"
        )
        assert hex_hmac("my-secret-key", body, "sha512") == good
        assert driver.verify_hook(asked(body, x_webhook_hmac=good))
        assert not driver.verify_hook(asked(body + b" ", x_webhook_hmac=good))
        assert not driver.verify_hook(asked(body))
        assert Waha({"base_url": BASE}, Http()).verify_hook(asked(body))


def test_an_ack() -> None:
    (event,) = events("waha", sample("waha", "ack"))
    assert (event.provider_id, event.state) == ("3EB0B430B6F8F1D0E053AC", "read")
    assert event.at == datetime.fromtimestamp(1763696660.485, UTC)


def test_an_ack_of_a_group() -> None:
    (event,) = events("waha", sample("waha", "ack_group"))
    assert (event.provider_id, event.state) == ("4CC5EDD64BC22EBA6D639F2AF571346C", "delivered")


@pytest.mark.parametrize(
    ("ack", "state"),
    [(-1, "failed"), (0, None), (1, "sent"), (2, "delivered"), (3, "read"), (4, "read")],
)
def test_acks_by_number(ack: int, state: str | None) -> None:
    payload = {"id": LONG, "fromMe": True, "ack": ack}
    found = events("waha", json.dumps({"event": "message.ack", "payload": payload}).encode())
    assert [event.state for event in found] == ([state] if state else [])


def test_what_others_sent_is_not_ours_to_track() -> None:
    payload = {"id": LONG, "fromMe": False, "ack": 3}
    assert events("waha", json.dumps({"event": "message.ack", "payload": payload}).encode()) == []


def test_an_answer() -> None:
    (event,) = events("waha", sample("waha", "message"))
    assert isinstance(event, InboundMessage)
    assert (event.sender, event.name, event.text) == ("+6281234567890", "Budi", "Sudah bayar")
    assert (event.provider_id, event.reply_to) == ("A" * 20, "3EB0B430B6F8F1D0E053AC")


def test_the_session() -> None:
    (event,) = events("waha", sample("waha", "session_scan"))
    assert isinstance(event, DeviceEvent)
    assert not event.connected and "QR" in event.reason
    for status, expected in (("WORKING", [DeviceEvent(True)]), ("STARTING", [])):
        body = {"event": "session.status", "payload": {"status": status}}
        assert events("waha", json.dumps(body).encode()) == expected


def test_what_nobody_acts_on_is_counted() -> None:
    assert events("waha", b'{"event": "poll.vote"}') == [UnknownEvent("poll.vote")]


NAMES = ("event", "payload", "id", "from", "fromMe", "ack", "ackName", "body", "_data", "key")
WORDS = ("message", "message.ack", "session.status", "READ", "WORKING")


@given(st.binary() | shaped(NAMES, WORDS).map(lambda d: json.dumps(d).encode()))
def test_callbacks_may_be_anything(body: bytes) -> None:
    for event in events("waha", body):
        assert event
