"""Evolution API: requests, errors of many shapes, the key taken out of callbacks, JWT."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any, ClassVar

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from portal.core.driverkit import DriverError, Misconfigured, Permanent, RateLimited, Retryable
from portal.infra.http import Http
from portal.messaging.drivers.base import Group, Media, MessageDriver
from portal.messaging.drivers.events import (
    DeliveryEvent,
    DeviceEvent,
    InboundMessage,
    UnknownEvent,
)
from portal.messaging.drivers.evolution import Evolution
from tests.contracts.messaging import MessageDriverContract, Sample, outgoing
from tests.drivers.messaging.hookkit import asked, events, sample, shaped

BASE = "https://evo.test"
KEY = "3EB0B430B6F8F1D0E053AC"
SENT = {
    "key": {"remoteJid": "6281234567890@s.whatsapp.net", "fromMe": True, "id": KEY},
    "message": {"conversation": "Halo"},
    "messageTimestamp": "1717689097",
    "status": "PENDING",
}


def refusal(status: int, message: Any, error: str = "Bad Request") -> Sample:
    body = {"status": status, "error": error, "response": {"message": message}}
    return Sample(status, json.dumps(body))


NOBODY = [{"jid": "6281234567890@s.whatsapp.net", "exists": False, "number": "6281234567890"}]


class TestEvolution(MessageDriverContract):
    kind = "evolution"
    config: ClassVar = {
        "base_url": BASE,
        "api_key": "instance-token",
        "instance": "nusa link",
        "hook_auth": "header",
        "hook_header": "X-Loket",
        "hook_secret": "header-secret",
    }
    url = f"{BASE}/message/sendText/nusa%20link"
    accepted = Sample(201, json.dumps(SENT))
    refused: ClassVar = {
        Permanent: refusal(400, NOBODY),
        Misconfigured: refusal(401, "Unauthorized", "Unauthorized"),
        RateLimited: refusal(429, ["Too many"], "Too Many Requests"),
    }
    garbage = Sample(201, '{"status": "PENDING"}')

    def sent(self) -> Any:
        request = responses.calls[0].request
        assert request.headers["apikey"] == "instance-token"
        return json.loads(request.body)  # type: ignore[arg-type]

    @responses.activate
    def test_a_text(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        assert driver.send(outgoing()).provider_id == KEY
        assert self.sent() == {
            "number": "6281234567890",
            "text": "Halo Budi, pembayaran Rp165.000 kami terima.",
        }

    @responses.activate
    def test_a_group(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        driver.send(outgoing(to="120363025246125486@g.us"))
        assert self.sent()["number"] == "120363025246125486@g.us"

    @pytest.mark.parametrize(
        ("media", "expected"),
        [
            (Media("image", "https://l.example/a.png", "image/png"),
             {"mediatype": "image", "mimetype": "image/png", "media": "https://l.example/a.png",
              "fileName": "gambar.jpg"}),
            (Media("document", "https://l.example/a", "application/pdf", "a.pdf",
                   lambda: b"PDF"),
             {"mediatype": "document", "mimetype": "application/pdf", "media": "UERG",
              "fileName": "a.pdf"}),
        ],
    )  # fmt: skip
    @responses.activate
    def test_files(self, driver: MessageDriver, media: Media, expected: dict[str, str]) -> None:
        url = f"{BASE}/message/sendMedia/nusa%20link"
        responses.add("POST", url, json=SENT, status=201)
        driver.send(outgoing(media=media))
        caption = "Halo Budi, pembayaran Rp165.000 kami terima."
        assert self.sent() == {"number": "6281234567890", "caption": caption, **expected}
        assert "UERG" not in repr(driver.payload(outgoing(media=media)))

    @pytest.mark.parametrize(
        ("answer", "error", "unknown"),
        [
            (refusal(404, ['The "x" instance does not exist'], "Not Found"), Misconfigured, False),
            (refusal(404, ["Cannot POST /message"], "Not Found"), Misconfigured, False),
            (refusal(400, ["Error: Connection Closed"]), Misconfigured, False),
            (refusal(500, "Connection Closed", "Internal Server Error"), Misconfigured, False),
            (refusal(400, [['requires property "text"']]), Permanent, False),
            (refusal(400, ["Error: Timed Out"]), Retryable, True),
            (refusal(500, "Internal Server Error", "Internal Server Error"), Retryable, True),
            (Sample(200, json.dumps(SENT)), Retryable, True),
        ],
    )
    @responses.activate
    def test_what_an_answer_means(
        self, driver: MessageDriver, answer: Sample, error: type[DriverError], unknown: bool
    ) -> None:
        self.means(driver, answer, error, unknown)

    @pytest.mark.parametrize(
        ("state", "ok"), [("open", True), ("connecting", False), ("close", False)]
    )
    @responses.activate
    def test_health(self, driver: MessageDriver, state: str, ok: bool) -> None:
        found = {"instance": {"instanceName": "nusa link", "state": state}}
        responses.add("GET", f"{BASE}/instance/connectionState/nusa%20link", json=found)
        assert driver.check().ok is ok

    @responses.activate
    def test_groups(self, driver: MessageDriver) -> None:
        rows = [{"id": "1203@g.us", "subject": "Teknisi", "size": 3}, {"id": "x"}, None]
        responses.add("GET", f"{BASE}/group/fetchAllGroups/nusa%20link", json=rows)
        assert driver.groups() == [Group("1203@g.us", "Teknisi")]
        assert str(responses.calls[0].request.url).endswith("?getParticipants=false")

    def test_the_owners_header_proves_the_sender(self, driver: MessageDriver) -> None:
        assert driver.verify_hook(asked(b"{}", x_loket="header-secret"))
        assert not driver.verify_hook(asked(b"{}", x_loket="header-secreT"))
        assert not driver.verify_hook(asked(b"{}", apikey="header-secret"))
        unset = Evolution({**self.config, "hook_secret": ""}, Http())
        assert not unset.verify_hook(asked(b"{}", x_loket=""))

    def test_without_a_proof_the_address_is_the_secret(self) -> None:
        driver = Evolution({**self.config, "hook_auth": "none"}, Http())
        assert driver.verify_hook(asked(b"{}"))

    def test_a_jwt_of_the_key_proves_the_sender(self) -> None:
        driver = Evolution({**self.config, "hook_auth": "jwt", "hook_secret": "jwt-key"}, Http())

        def believed(token: str) -> bool:
            return driver.verify_hook(asked(b"{}", authorization=token))

        now = int(time.time())
        good = {"iat": now, "exp": now + 600, "app": "evolution", "action": "webhook"}
        assert believed("Bearer " + jwt(good))
        assert not believed(jwt(good))
        assert not believed("Bearer " + jwt(good, secret="other"))
        assert not believed("Bearer " + jwt({**good, "exp": now - 600}))
        assert not believed("Bearer " + jwt({**good, "app": "other"}))
        assert not believed("Bearer " + jwt({**good, "action": "login"}))
        assert not believed("Bearer " + jwt(good, alg="none"))
        assert not believed("Bearer " + jwt(good).rsplit(".", 1)[0] + ".")
        assert not believed("Bearer a.b.c")

    @pytest.mark.parametrize("name", ["update_delivered", "upsert_reply", "connection_close"])
    def test_the_key_is_taken_out_and_nothing_else(self, driver: MessageDriver, name: str) -> None:
        body = sample("evolution", name)
        kept = driver.redact_hook(body)
        assert b"INSTANCE-TOKEN" not in kept
        before, after = json.loads(body), json.loads(kept)
        assert after.pop("apikey") == ""
        before.pop("apikey")
        assert before == after

    @pytest.mark.parametrize(
        "body",
        [
            b'{"api_key" : "GLOBAL\\"KEY", "event": "error"}',
            b'{"APIKEY":"GLOBAL KEY"',
            b'\xff{"apikey":"GLOBAL KEY"}',
        ],
    )
    def test_the_key_is_taken_out_of_anything(self, driver: MessageDriver, body: bytes) -> None:
        assert b"GLOBAL" not in driver.redact_hook(body)

    def test_words_of_customers_stay(self, driver: MessageDriver) -> None:
        body = json.dumps({"data": {"text": 'my "apikey": "is mine"'}}).encode()
        assert driver.redact_hook(body) == body


def jwt(claims: dict[str, Any], secret: str = "jwt-key", alg: str = "HS256") -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    signed = f"{part({'alg': alg, 'typ': 'JWT'})}.{part(claims)}"
    made = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def test_delivered() -> None:
    (event,) = events("evolution", sample("evolution", "update_delivered"))
    assert isinstance(event, DeliveryEvent)
    assert (event.provider_id, event.state) == (KEY, "delivered")


@pytest.mark.parametrize(
    ("status", "state"),
    [("ERROR", "failed"), ("PENDING", None), ("SERVER_ACK", "sent"), ("PLAYED", "read")],
)
def test_states(status: str, state: str | None) -> None:
    data = {"keyId": KEY, "fromMe": True, "status": status}
    body = {"event": "MESSAGES_UPDATE", "data": [data]}
    found = events("evolution", json.dumps(body).encode())
    assert [event.state for event in found] == ([state] if state else [])


def test_an_answer() -> None:
    (event,) = events("evolution", sample("evolution", "upsert_reply"))
    assert isinstance(event, InboundMessage)
    assert (event.sender, event.name, event.text) == ("+6281234567890", "Budi", "Sudah bayar")
    assert event.reply_to == KEY


def test_groups_and_our_own_words_are_no_answers() -> None:
    for change in ({"remoteJid": "1203@g.us"}, {"fromMe": True}):
        body = json.loads(sample("evolution", "upsert_reply"))
        body["data"]["key"] |= change
        assert events("evolution", json.dumps(body).encode()) == []


def test_the_phone_went_away_and_came_back() -> None:
    (event,) = events("evolution", sample("evolution", "connection_close"))
    assert isinstance(event, DeviceEvent) and not event.connected
    back = {"event": "connection.update", "data": {"state": "open"}}
    assert events("evolution", json.dumps(back).encode()) == [DeviceEvent(True)]


def test_what_nobody_acts_on_is_counted() -> None:
    assert events("evolution", b'{"event": "chats.upsert"}') == [UnknownEvent("chats.upsert")]


NAMES = ("event", "data", "key", "keyId", "id", "remoteJid", "status", "message", "state")
WORDS = ("messages.update", "messages.upsert", "connection.update", "READ", "open")


@given(st.binary() | shaped(NAMES, WORDS).map(lambda d: json.dumps(d).encode()))
def test_callbacks_may_be_anything(body: bytes) -> None:
    for event in events("evolution", body):
        assert event
    Evolution({}, None).redact_hook(body)  # type: ignore[arg-type]
