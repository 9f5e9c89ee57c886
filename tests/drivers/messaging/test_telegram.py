"""Telegram's Bot API: the requests on the wire, its codes, its updates, and safe HTML."""

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from portal.core import recipients, wablock
from portal.core.driverkit import (
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.infra.http import Http
from portal.messaging.drivers.base import Media, OutgoingMessage
from portal.messaging.drivers.events import HookRequest, InboundMessage, UnknownEvent
from portal.messaging.drivers.telegram import SECRET_HEADER, Telegram
from tests.contracts.messaging import MessageDriverContract, Sample, outgoing

DATA = Path(__file__).parents[2] / "data" / "telegram"
TOKEN = "7000000001:AAH0nlyForTestsNoRealBotHasThis_-"
API = f"https://api.telegram.org/bot{TOKEN}/"
TO = "tg:123456789"
PNG = b"\x89PNG\r\n\x1a\nqr"


def recorded(name: str) -> str:
    return (DATA / name).read_text()


def bot(**config: str) -> Telegram:
    return Telegram({"token": TOKEN, **config}, Http())


def to_chat(**changes: Any) -> OutgoingMessage:
    return outgoing(**{"to": TO, **changes})


def no(status: int, description: str, **parameters: int) -> str:
    said: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return json.dumps({**said, "parameters": parameters} if parameters else said)


def sent(number: int = -1) -> Any:
    body = responses.calls[number].request.body
    return json.loads(body)


class TestContract(MessageDriverContract):
    kind = "telegram"
    to = TO
    config: ClassVar = {"token": TOKEN, "webhook_secret": "s3cretOfTheHook"}
    url = f"{API}sendMessage"
    accepted = Sample(200, recorded("send_ok.json"))
    refused: ClassVar = {
        Permanent: Sample(403, no(403, "Forbidden: bot was blocked by the user 81234567890")),
        Misconfigured: Sample(401, no(401, "Unauthorized")),
        RateLimited: Sample(429, no(429, "Too Many Requests: retry after 9", retry_after=9)),
    }
    garbage = Sample(200, "<html>maintenance</html>")


@responses.activate
def test_a_text_is_html_for_the_chat() -> None:
    responses.add("POST", f"{API}sendMessage", body=recorded("send_ok.json"))
    receipt = bot().send(to_chat(text="*Halo* Budi & <b>Ani</b>, _terima kasih_"))
    assert sent() == {
        "chat_id": 123456789,
        "parse_mode": "HTML",
        "text": "<b>Halo</b> Budi &amp; &lt;b&gt;Ani&lt;/b&gt;, <i>terima kasih</i>",
    }
    assert receipt.provider_id == "123456789:514"


BLOCK = wablock.parse(
    json.dumps(
        {
            "text": "Tagihan *Rp165.000*",
            "interactive": {
                "type": "template",
                "text": "",
                "buttons": [
                    {"type": "url", "text": "Bayar", "url": "https://pay.example/x?a=1&b=2"},
                    {"type": "quick", "id": "menu", "text": "Menu"},
                    {"type": "copy", "text": "Salin", "copyCode": "PLG-1"},
                    {"type": "call", "text": "Telepon", "phoneNumber": "+628111"},
                    {"type": "quick", "id": "x" * 65, "text": "Terlalu panjang"},
                ],
            },
        }
    )
)


@responses.activate
def test_buttons_are_a_keyboard_and_the_rest_stays_in_words() -> None:
    responses.add("POST", f"{API}sendMessage", body=recorded("send_ok.json"))
    bot().send(to_chat(text="all of it", block=BLOCK))
    said = sent()
    assert said["reply_markup"]["inline_keyboard"] == [
        [{"text": "Bayar", "url": "https://pay.example/x?a=1&b=2"}],
        [{"text": "Menu", "callback_data": "menu"}],
        [{"text": "Salin", "copy_text": {"text": "PLG-1"}}],
    ]
    assert said["text"] == "Tagihan <b>Rp165.000</b>\n\nTelepon: +628111\n• Terlalu panjang"


@responses.activate
def test_a_list_is_a_keyboard_too() -> None:
    responses.add("POST", f"{API}sendMessage", body=recorded("send_ok.json"))
    rows = [{"id": "plan:1", "title": "Rumah 20", "description": "20 Mbps"}, {"title": "Lain"}]
    given_ = {"interactive": {"type": "list", "text": "Pilih", "sections": [{"rows": rows}]}}
    bot().send(to_chat(block=wablock.parse(json.dumps(given_))))
    keys = sent()["reply_markup"]["inline_keyboard"]
    assert [row[0]["callback_data"] for row in keys] == ["plan:1", "Lain"]
    assert "Rumah 20: 20 Mbps" in sent()["text"]


@responses.activate
def test_a_picture_of_ours_is_uploaded_with_its_caption_and_buttons() -> None:
    responses.add("POST", f"{API}sendPhoto", body=recorded("send_ok.json"))
    picture = Media("image", "", "image/png", "qris.png", lambda: PNG)
    bot().send(to_chat(text="Pindai <ini>", media=picture, block=BLOCK))
    request = responses.calls[0].request
    assert request.headers["Content-Type"].startswith("multipart/form-data")
    body = request.body
    assert isinstance(body, bytes)
    assert PNG in body and b'name="photo"; filename="qris.png"' in body
    assert b'name="reply_markup"' in body and b'"inline_keyboard"' in body
    assert b"Tagihan <b>Rp165.000</b>" in body


@responses.activate
def test_a_file_elsewhere_is_named_by_its_address() -> None:
    responses.add("POST", f"{API}sendDocument", body=recorded("send_ok.json"))
    media = Media("document", "https://portal.test/f/a.pdf", "application/pdf", "a.pdf")
    bot().send(to_chat(media=media))
    assert sent()["document"] == "https://portal.test/f/a.pdf"
    assert sent()["caption"].startswith("Halo Budi")


@responses.activate
def test_words_too_long_for_a_caption_go_first() -> None:
    picture = Media("image", "", "image/png", "qris.png", lambda: PNG)
    responses.add("POST", f"{API}sendMessage", body=recorded("send_ok.json"))
    responses.add("POST", f"{API}sendPhoto", body=no(400, "IMAGE_PROCESS_FAILED"), status=400)
    with pytest.raises(Retryable) as caught:
        bot().send(to_chat(text="x" * 1025, media=picture))
    assert caught.value.outcome_unknown  # the words are there: nobody gets them twice


@pytest.mark.parametrize(
    ("status", "body", "error", "part"),
    [
        (403, no(403, "Forbidden: user is deactivated"), Permanent, "memblokir"),
        (403, no(403, "Forbidden: bot can't initiate conversation"), Permanent, "Mulai"),
        (400, no(400, "Bad Request: chat not found"), Permanent, "belum pernah"),
        (400, no(400, "Bad Request: BUTTON_URL_INVALID"), Permanent, "tombol"),
        (400, no(400, "Bad Request: IMAGE_PROCESS_FAILED"), Permanent, "berkas"),
        (400, no(400, "Bad Request: message is too long"), Permanent, "isi pesan"),
        (400, no(400, "Bad Request: something new"), Permanent, "rincian"),
        (404, no(404, "Not Found"), Misconfigured, "token"),
        (404, "<html>nginx</html>", Misconfigured, "Alamat"),
        (429, no(429, "Too Many Requests", retry_after=33), RateLimited, "menunggu"),
        (500, no(500, "Internal Server Error"), Retryable, "belum pasti"),
        (502, "Bad Gateway", Retryable, "belum pasti"),
        (200, '{"ok":true,"result":{}}', Retryable, "belum pasti"),
    ],
)
@responses.activate
def test_a_no_is_told_by_code_and_words(
    status: int, body: str, error: type[DriverError], part: str
) -> None:
    responses.add("POST", f"{API}sendMessage", body=body, status=status)
    with pytest.raises(error) as caught:
        bot().send(to_chat())
    assert type(caught.value) is error
    assert part in caught.value.sentence
    assert caught.value.outcome_unknown is (error is Retryable)
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == 33


@responses.activate
def test_the_check_names_the_bot_and_misses_the_webhook() -> None:
    me = {"ok": True, "result": {"id": 1, "username": "nusalink_bot"}}
    hook = {"ok": True, "result": {"url": "", "pending_update_count": 3}}
    responses.add("POST", f"{API}getMe", json=me)
    responses.add("POST", f"{API}getWebhookInfo", json=hook)
    found = bot().check()
    assert not found.ok and "webhook" in found.sentence
    hook["result"]["url"] = "https://portal.example/hooks/messaging/x"  # type: ignore[index]
    responses.replace("POST", f"{API}getWebhookInfo", json=hook)
    found = bot().check()
    assert found.ok and found.details["bot"] == "@nusalink_bot"


@responses.activate
def test_the_webhook_is_set_with_a_secret_that_is_then_asked_for() -> None:
    responses.add("POST", f"{API}setWebhook", json={"ok": True, "result": True})
    bot().set_hook("https://portal.example/hooks/messaging/abc")
    said = sent()
    assert said["url"].endswith("/abc")
    assert said["allowed_updates"] == ["message", "callback_query"]
    secret = said["secret_token"]
    assert len(secret) == 64 and TOKEN not in secret

    def asked(**headers: str) -> HookRequest:
        return HookRequest("https://portal.example/x", headers, b"{}")

    assert bot().verify_hook(asked(**{SECRET_HEADER: secret}))
    assert not bot().verify_hook(asked(**{SECRET_HEADER: secret[:-1]}))
    assert not bot().verify_hook(asked(**{SECRET_HEADER: ""}))
    assert not Telegram({}, Http()).verify_hook(asked())
    assert bot(webhook_secret="myOwnOne").verify_hook(asked(**{SECRET_HEADER: "myOwnOne"}))


def test_a_token_that_could_leave_its_place_in_the_address_is_refused() -> None:
    for bad in ("123", "7000000001:AAH/../../x", f"{TOKEN}?a=b", f"{TOKEN}\nx", "7000000001:AA H"):
        assert "token" in Telegram.check_config({"token": bad})
    assert "webhook_secret" in Telegram.check_config({"token": TOKEN, "webhook_secret": "a b"})


def test_a_message_to_a_phone_is_never_sent() -> None:
    with pytest.raises(Permanent):
        bot().send(outgoing())


def test_updates_of_private_chats_are_heard() -> None:
    (said,) = bot().parse_hook(recorded("message.json").encode())
    assert isinstance(said, InboundMessage)
    assert (said.sender, said.text, said.name) == (TO, "/start", "Budi Santoso")
    assert (said.user_id, said.provider_id) == ("budi_s", "918273645:123456789")
    (pressed,) = bot().parse_hook(recorded("callback_query.json").encode())
    assert isinstance(pressed, InboundMessage)
    assert (pressed.form, pressed.payload) == ("button", "plan:3")
    assert pressed.reply_to == "123456789:513"


def test_groups_are_told_where_to_go_and_not_heard() -> None:
    body = recorded("group_command.json").encode()
    (event,) = bot().parse_hook(body)
    assert isinstance(event, UnknownEvent)
    answer = bot().answer_hook(body)
    assert answer is not None
    assert (answer["method"], answer["chat_id"]) == ("sendMessage", -1001234567890)
    talk = body.replace(b"/start@nusalink_bot", b"halo semua")
    assert bot().answer_hook(talk) is None


def test_somebody_elses_chat_is_not_heard() -> None:
    """A press below a message of another chat names a chat that is not the person's."""
    said = json.loads(recorded("callback_query.json"))
    said["callback_query"]["from"]["id"] = 987654321
    (event,) = bot().parse_hook(json.dumps(said).encode())
    assert isinstance(event, UnknownEvent)


def test_a_press_is_answered_at_once() -> None:
    answer = bot().answer_hook(recorded("callback_query.json").encode())
    assert answer == {
        "method": "answerCallbackQuery",
        "callback_query_id": "530100000000000001",
    }
    assert bot().answer_hook(recorded("message.json").encode()) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
SHAPES = st.dictionaries(
    st.sampled_from(["update_id", "message", "callback_query", "chat", "from", "x"]),
    st.dictionaries(
        st.sampled_from(["id", "type", "text", "chat", "from", "message", "data", "date"]), JSON
    )
    | JSON,
)


@given(JSON | SHAPES)
def test_no_update_breaks_the_reading(said: Any) -> None:
    body = json.dumps(said).encode()
    for event in bot().parse_hook(body):
        assert isinstance(event, InboundMessage | UnknownEvent)
        if isinstance(event, InboundMessage):
            assert recipients.parse(event.sender) == event.sender
    bot().answer_hook(body)


@given(st.binary())
def test_no_bytes_break_the_reading(body: bytes) -> None:
    bot().parse_hook(body)
    bot().answer_hook(body)
