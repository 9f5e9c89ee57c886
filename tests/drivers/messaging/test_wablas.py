"""Wablas: a server of one's own, ids in objects and lists, and callbacks without a signature."""

import json
from datetime import UTC, datetime
from pathlib import Path
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
from portal.infra.http import Http
from portal.messaging.drivers.base import Media
from portal.messaging.drivers.events import (
    DeliveryEvent,
    DeviceEvent,
    InboundMessage,
    UnknownEvent,
)
from portal.messaging.drivers.wablas import Wablas
from tests.contracts.messaging import MessageDriverContract, Sample, outgoing
from tests.drivers.messaging.anything import BODIES, JSON, keepable

DATA = Path(__file__).parents[2] / "data" / "wablas"
CONFIG = {"base_url": "https://bdg.wablas.com", "token": "t0k3nValue", "secret_key": "s3cr3tK"}
API = "https://bdg.wablas.com/api/"
PDF = Media("document", "https://portal.test/f/abc", "application/pdf", "tagihan.pdf")
TEXT = "Halo Budi, pembayaran Rp165.000 kami terima."


def recorded(name: str) -> str:
    return (DATA / name).read_text()


def wablas(**config: str) -> Wablas:
    return Wablas({**CONFIG, **config}, Http())


def posted(*paths: str, driver: Wablas | None = None, **changes: object) -> list[dict[str, str]]:
    """The forms posted to these paths, in this order, by one send."""
    with responses.RequestsMock() as mock:
        for path in paths:
            mock.add("POST", API + path, body=recorded("send_ok.json"))
        (driver or wablas()).send(outgoing(**changes))  # type: ignore[arg-type]
        assert [call.request.url for call in mock.calls] == [API + path for path in paths]
        return [
            {name: values[0] for name, values in parse_qs(str(call.request.body)).items()}
            for call in mock.calls
        ]


class TestContract(MessageDriverContract):
    kind = "wablas"
    config: ClassVar = CONFIG
    url = API + "send-message"
    accepted = Sample(200, recorded("send_ok.json"))
    refused: ClassVar = {
        Permanent: Sample(200, '{"status":false,"message":"phone 6281234567890 invalid"}'),
        Misconfigured: Sample(500, recorded("bad_token.json")),
        RateLimited: Sample(429, "", {"Retry-After": "9"}),
    }
    garbage = Sample(200, "<html>maintenance</html>")
    open_hook = True


def test_a_text() -> None:
    assert posted("send-message") == [
        {"phone": "6281234567890", "message": TEXT, "ref_id": "payment_confirmation:42"}
    ]


@pytest.mark.parametrize(
    ("config", "header"), [({}, "t0k3nValue.s3cr3tK"), ({"secret_key": ""}, "t0k3nValue")]
)
@responses.activate
def test_token_and_secret_go_together(config: dict[str, str], header: str) -> None:
    responses.add("POST", API + "send-message", body=recorded("send_ok.json"))
    wablas(**config).send(outgoing())
    request = responses.calls[0].request
    assert request.headers["Authorization"] == header
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_login_code_does_not_queue() -> None:
    (form,) = posted("send-message", kind="otp_code", text="493817", key="otp_code:1")
    assert form["priority"] == "true"


def test_a_group_is_told_without_its_suffix() -> None:
    (form,) = posted("send-message", to="120363046375778543@g.us")
    assert (form["phone"], form["isGroup"]) == ("120363046375778543", "true")


@pytest.mark.parametrize("kind", ["image", "video"])
def test_pictures_carry_the_words_with_them(kind: str) -> None:
    (form,) = posted(f"send-{kind}", media=Media(kind, "https://portal.test/f/x"))
    assert (form[kind], form["caption"]) == ("https://portal.test/f/x", TEXT)


def test_a_documents_caption_is_its_name_so_the_words_go_first() -> None:
    text, file = posted("send-message", "send-document", media=PDF)
    assert text["message"] == TEXT
    assert (file["document"], file["caption"]) == (PDF.url, "tagihan.pdf")
    assert "message" not in file


@responses.activate
def test_words_sent_and_a_file_refused_is_for_a_person() -> None:
    responses.add("POST", API + "send-message", body=recorded("send_ok.json"))
    responses.add("POST", API + "send-document", body='{"status":false,"message":"max size 2MB"}')
    with pytest.raises(Retryable) as caught:
        wablas().send(outgoing(media=PDF))
    assert caught.value.outcome_unknown, "a repetition would bring the words twice"
    assert "2 MB" in caught.value.sentence


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("send_ok.json", "5be46e84-650c-4ba1-a1a6-5647d358c43a"),
        ("send_two_devices.json", "8ad7ecc7-d019-4305-9bc9-550605e5b816"),
        ("send_message_name.json", "a8435a2e-f0a9-43ac-8f3e-816ec750796c"),
    ],
)
@responses.activate
def test_the_id_wherever_it_is(name: str, expected: str) -> None:
    responses.add("POST", API + "send-message", body=recorded(name))
    assert wablas().send(outgoing()).provider_id == expected


@pytest.mark.parametrize(
    "data",
    ['{"messages":[]}', "{}", '"queued"', "null", '{"id":"7"}', '{"messages":[{"id":null}]}'],
)
@responses.activate
def test_a_yes_without_a_message_is_unknown(data: str) -> None:
    responses.add("POST", API + "send-message", body=f'{{"status":true,"data":{data}}}')
    with pytest.raises(Retryable) as caught:
        wablas().send(outgoing())
    assert caught.value.outcome_unknown


@responses.activate
def test_a_yes_to_a_rejected_message_is_a_no() -> None:
    body = '{"status":true,"data":{"messages":[{"id":"a","status":"reject"}]}}'
    responses.add("POST", API + "send-message", body=body)
    with pytest.raises(Permanent):
        wablas().send(outgoing())


@pytest.mark.parametrize(
    ("status", "message", "error", "part"),
    [
        (400, "token invalid or device expired", Misconfigured, "token"),
        (500, "token invalid or device expired", Misconfigured, "token"),
        (200, "secret key invalid", Misconfigured, "secret key"),
        (500, "device disconnected, need to scan qr code again", Misconfigured, "QR"),
        (200, "your quota is not enough", Misconfigured, "Kuota"),
        (200, "phone number is not registered", Permanent, "Nomor tujuan"),
        (200, "file max size 2MB", Permanent, "2 MB"),
        (200, "url not valid", Permanent, "internet"),
        (200, "too many request", RateLimited, "menunggu"),
        (200, "something new", Permanent, "rinciannya"),
        (403, "", Misconfigured, "kunci"),
        (404, "", Misconfigured, "Alamat"),
    ],
)
@responses.activate
def test_refusals(status: int, message: str, error: type[DriverError], part: str) -> None:
    body = json.dumps({"status": False, "message": message})
    responses.add("POST", API + "send-message", body=body, status=status)
    with pytest.raises(DriverError) as caught:
        wablas().send(outgoing())
    assert type(caught.value) is error and part in caught.value.sentence
    assert not caught.value.outcome_unknown


@responses.activate
def test_a_server_error_in_json_is_still_unknown() -> None:
    body = '{"status":false,"message":"Internal server error"}'
    responses.add("POST", API + "send-message", body=body, status=500)
    with pytest.raises(Retryable) as caught:
        wablas().send(outgoing())
    assert caught.value.outcome_unknown


@responses.activate
def test_the_device_is_asked_with_the_token_in_query_and_header() -> None:
    responses.add("GET", API + "device/info", body=recorded("device.json"))
    health = wablas().check()
    assert health.ok and health.details["Kuota"] == "91"
    request = responses.calls[0].request
    assert parse_qs(urlsplit(str(request.url)).query) == {"token": ["t0k3nValue.s3cr3tK"]}
    assert request.headers["Authorization"] == "t0k3nValue.s3cr3tK"

    for old, new, part in (
        ('"connected"', '"disconnected"', "QR"),
        ("true,", "false,", "tidak aktif"),
    ):
        responses.reset()
        head, mark, tail = recorded("device.json").partition('"data"')
        responses.add("GET", API + "device/info", body=head + mark + tail.replace(old, new))
        health = wablas().check()
        assert not health.ok and part in health.sentence


def test_it_says_how_to_find_a_groups_id() -> None:
    with pytest.raises(Permanent, match="Group ID"):
        wablas().groups()


def test_every_account_has_its_own_server() -> None:
    assert "base_url" in Wablas.check_config({**CONFIG, "base_url": ""})
    assert "base_url" in Wablas.check_config({**CONFIG, "base_url": "bdg.wablas.com"})
    assert "token" in Wablas.check_config({**CONFIG, "token": "a\nb"})
    assert Wablas.check_config({**CONFIG, "secret_key": ""}) == {}


def hook(body: bytes) -> Any:
    (event,) = Wablas({}, None).parse_hook(body)  # type: ignore[arg-type]
    return event


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("pending", "accepted"),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("received", "delivered"),
        ("Read", "read"),
        ("cancel", "failed"),
        ("reject", "failed"),
        ("rejected", "failed"),
    ],
)
def test_statuses(word: str, state: str) -> None:
    event = hook(recorded("hook_tracking.json").replace('"delivered"', f'"{word}"').encode())
    assert isinstance(event, DeliveryEvent)
    assert event.provider_id == "5be46e84-650c-4ba1-a1a6-5647d358c43a"
    assert event.state == state
    assert bool(event.reason) == (state == "failed")


def test_other_callbacks() -> None:
    rejected = hook(recorded("hook_rejected.json").encode())
    assert "offline" in rejected.reason and "6281234567890" not in rejected.reason
    message = hook(recorded("hook_message.json").encode())
    assert isinstance(message, InboundMessage)
    assert (message.sender, message.text) == ("+6281234567890", "berhenti")
    assert (message.name, message.form) == ("Marina Karina", "text")
    assert message.at == datetime(2026, 3, 31, 2, 15, 45, tzinfo=UTC)
    assert hook(recorded("hook_group.json").encode()) == UnknownEvent("pesan grup")
    assert hook(b'{"message":"x","isFromMe":true}') == UnknownEvent("pesan keluar")
    away = hook(recorded("hook_device.json").encode())
    assert away == DeviceEvent(False, "whatsapp sender not connected, need scan qr code again")
    assert hook(b'{"deviceId":"A","status":"connected"}') == DeviceEvent(True)
    assert hook(b'{"id":"1","status":"puzzled"}') == UnknownEvent("status puzzled")


NAMES = st.sampled_from(["id", "status", "note", "message", "phone", "timestamp", "isGroup"])


@given(BODIES | st.dictionaries(NAMES | st.text(), JSON, max_size=8).map(json.dumps))
def test_any_callback_is_read_without_a_sound(body: Any) -> None:
    raw = body.encode() if isinstance(body, str) else body
    assert all(keepable(event) for event in Wablas({}, None).parse_hook(raw))  # type: ignore[arg-type]
