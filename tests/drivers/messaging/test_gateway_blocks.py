"""The PHPNuxBill style gateway: blocks with buttons, their fallback to text, contacts, headers."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from portal.core.driverkit import Capability, DriverError, Misconfigured, Permanent, Retryable
from portal.core.wablock import parse, spelled_out
from portal.infra.http import Http
from portal.messaging.drivers.base import Media, OutgoingMessage
from portal.messaging.drivers.gateway import Gateway
from tests.contracts.messaging import outgoing
from tests.drivers.messaging.test_gateway import NOT_REGISTERED

FORM = """[[wa]]
[type](template)
Tagihan Anda Rp165.000
[button](url|Bayar|https://loket.test/p/1)
[session_id](cabang)
[[/wa]]"""
NO_BUTTONS = '{"ok": false, "code": "INTERACTIVE_NOT_SUPPORTED", "message": "no buttons here"}'
POSTED = "https://wa.test/ext/abc/wa"


def gateway(**config: str) -> Gateway:
    return Gateway({"url": POSTED, **config}, Http())


def message(text: str, **changes: object) -> OutgoingMessage:
    """A message with the block of that text, as the engine hands it over."""
    block = parse(text)
    words = spelled_out(block) if block else text
    return outgoing(**{"text": words, "block": block, **changes})


def sent() -> list[dict[str, Any]]:
    return [json.loads(call.request.body) for call in responses.calls]  # type: ignore[arg-type]


class TestBlocks:
    @responses.activate
    def test_a_block_goes_out_with_its_buttons(self) -> None:
        responses.add("POST", POSTED, body='{"ok": true}')
        gateway().send(message(FORM))
        assert sent() == [
            {
                "action": "send",
                "to": "6281234567890",
                "interactive": {
                    "type": "template",
                    "text": "Tagihan Anda Rp165.000",
                    "buttons": [{"type": "url", "text": "Bayar", "url": "https://loket.test/p/1"}],
                },
                "session_id": "cabang",
                "queue": False,
                "auto_retry": False,
                "idempotency_key": "payment_confirmation:42",
            }
        ]

    def test_every_documented_field_passes(self) -> None:
        given = {
            "text": "Halo",
            "message": {"any": "object"},
            "requestPhoneNumber": True,
            "allowEmptyText": True,
            "sessionId": "s",
            "thread_id": "t",
            "queue": True,
            "autoRetry": True,
            "contacts": [{"name": "Budi", "phone": "0812-345"}],
            "idempotency_key": "the same for everybody",
        }
        data = gateway().payload(message(json.dumps(given)))
        assert data == {
            "action": "send",
            "to": "6281234567890",
            "text": "Halo",
            "message": {"any": "object"},
            "requestPhoneNumber": True,
            "allowEmptyText": True,
            "session_id": "s",
            "thread_id": "t",
            "queue": True,
            "auto_retry": True,
            "contacts": [{"name": "Budi", "phone": "62812345"}],
            "idempotency_key": "payment_confirmation:42",
        }

    @pytest.mark.parametrize(
        "text", ["[[wa]]\nHai\n[to](0899)\n[[/wa]]", '{"to":"0899","text":"x"}']
    )
    def test_a_block_cannot_send_a_message_to_somebody_else(self, text: str) -> None:
        assert gateway().payload(message(text))["to"] == "6281234567890"

    def test_groups_keep_their_id(self) -> None:
        group = "120363012345678901@g.us"
        assert gateway().payload(message(FORM, to=group))["to"] == group

    @pytest.mark.parametrize(("kind", "header"), [("image", 2), ("video", 3), ("document", 4)])
    def test_a_file_is_the_header_of_an_interactive_message(self, kind: str, header: int) -> None:
        media = Media(kind, "https://loket.test/m/1")
        interactive = gateway().payload(message(FORM, media=media))["interactive"]
        assert interactive["headerType"] == header
        assert interactive["headerMedia"] == {"type": kind, "url": "https://loket.test/m/1"}

    def test_without_buttons_a_file_is_a_link_in_the_text(self) -> None:
        data = gateway().payload(outgoing(media=Media("image", "https://loket.test/m/1")))
        assert data["text"].endswith("\n\nhttps://loket.test/m/1")

    @responses.activate
    def test_by_get_only_words_go_out_with_all_links(self) -> None:
        responses.add("GET", "https://old.test/", body="ok")
        driver = gateway(mode="get", get_url="https://old.test/?n=[number]&t=[text]")
        assert driver.capabilities == {Capability.TEXT, Capability.GROUP}
        driver.send(message(FORM))
        query = parse_qs(urlsplit(responses.calls[0].request.url or "").query)
        assert query["t"] == ["Tagihan Anda Rp165.000\n\nBayar: https://loket.test/p/1"]

    @pytest.mark.parametrize("mode", ["post", "get"])
    @responses.activate
    def test_nothing_is_not_sent(self, mode: str) -> None:
        driver = gateway(mode=mode, get_url="https://old.test/?n=[number]&t=[text]")
        with pytest.raises(Permanent):
            driver.send(message("[[wa]]\n# nothing\n[[/wa]]"))
        assert not responses.calls


class TestFallback:
    @pytest.mark.parametrize("status", [200, 400, 422, 500])
    @responses.activate
    def test_refused_buttons_are_followed_by_their_words_once(self, status: int) -> None:
        responses.add("POST", POSTED, body=NO_BUTTONS, status=status)
        responses.add("POST", POSTED, body='{"ok": true, "id": "m-2"}')
        receipt = gateway().send(message(FORM))

        first, second = sent()
        assert "interactive" in first
        assert second == {
            "action": "send",
            "to": "6281234567890",
            "text": "Tagihan Anda Rp165.000\n\nBayar: https://loket.test/p/1",
            "session_id": "cabang",
            "queue": False,
            "auto_retry": False,
            "idempotency_key": "payment_confirmation:42:text",
        }
        headers = [call.request.headers["Idempotency-Key"] for call in responses.calls]
        assert headers == [first["idempotency_key"], second["idempotency_key"]]
        assert receipt.provider_id == "m-2"
        assert receipt.answer.startswith("Tombol ditolak, dikirim sebagai teks.")

    @responses.activate
    def test_a_repeated_try_repeats_both_keys(self) -> None:
        for _ in range(4):
            responses.add("POST", POSTED, body=NO_BUTTONS, status=400)
        for _ in range(2):
            with pytest.raises(Permanent):
                gateway().send(message(FORM, key="broadcast:" + "k" * 300))
        keys = [data["idempotency_key"] for data in sent()]
        assert keys[:2] == keys[2:]
        assert keys[0] != keys[1]
        assert [len(key) for key in keys] == [128] * 4

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (503, "<html>down</html>"),
            (200, "what?"),
            (500, '{"ok": false, "message": "upstream timed out"}'),
            (409, '{"ok": false}'),
            (200, NOT_REGISTERED),
            (401, '{"ok": false, "message": "Unauthorized"}'),
            (429, '{"ok": false}'),
            (200, '{"ok": false, "message": "device disconnected"}'),
        ],
    )
    @responses.activate
    def test_what_may_have_arrived_or_has_another_reason_is_not_repeated(
        self, status: int, body: str
    ) -> None:
        responses.add("POST", POSTED, body=body, status=status)
        with pytest.raises(DriverError):
            gateway().send(message(FORM))
        assert len(responses.calls) == 1

    @responses.activate
    def test_a_plain_text_is_not_repeated(self) -> None:
        responses.add("POST", POSTED, body=NO_BUTTONS, status=400)
        with pytest.raises(Permanent):
            gateway().send(outgoing())
        assert len(responses.calls) == 1

    @responses.activate
    def test_an_open_end_of_the_second_is_an_open_end(self) -> None:
        responses.add("POST", POSTED, body=NO_BUTTONS, status=400)
        responses.add("POST", POSTED, body="<html>", status=502)
        with pytest.raises(Retryable) as caught:
            gateway().send(message(FORM))
        assert caught.value.outcome_unknown


class TestContacts:
    @responses.activate
    def test_upsert_and_delete(self) -> None:
        responses.add("POST", POSTED, body='{"ok": true}')
        gateway().upsert_contacts([{"name": "Budi", "phone": "0812 345"}], "contacts-1")
        gateway().delete_contacts([{"id": "c-1"}, {"phone": "+62812345"}], "contacts-2")
        assert sent() == [
            {
                "action": "upsert",
                "contacts": [{"name": "Budi", "phone": "62812345"}],
                "idempotency_key": "contacts-1",
            },
            {
                "action": "delete",
                "contacts": [{"id": "c-1"}, {"phone": "62812345"}],
                "idempotency_key": "contacts-2",
            },
        ]

    def test_get_knows_no_contacts(self) -> None:
        with pytest.raises(Permanent):
            gateway(mode="get").upsert_contacts([], "k")

    def test_it_says_that_it_cannot_list_groups(self) -> None:
        with pytest.raises(Permanent, match="ID grup"):
            gateway().groups()


@pytest.mark.parametrize(
    "config",
    [
        {"url": "https://wa.test/ext/{secret}/wa"},
        {"url": "https://wa.test"},
        {"url": ""},
        {"auth": "basic", "username": "u"},
        {"auth": "header", "token": "t"},
        {"auth": "jwt"},
        {"auth": "digest"},
        {"mode": "get", "get_url": "https://wa.test/?n=[number]"},
    ],
)
@responses.activate
def test_nothing_leaves_with_half_a_configuration(config: dict[str, str]) -> None:
    with pytest.raises(Misconfigured):
        gateway(**config).send(outgoing())
    assert not responses.calls


@pytest.mark.parametrize("value", ["t\r\nX-Evil: 1", "t\nX: 1", "t\0"])
@responses.activate
def test_a_header_never_carries_a_line_break(value: str) -> None:
    """Also where a value never went through the form, such as the environment's."""
    responses.add("POST", POSTED, body='{"ok": true}')
    for config in (
        {"auth": "jwt", "token": value},
        {"auth": "header", "header_name": "X-K", "token": value},
        {"auth": "header", "header_name": value, "token": "t"},
    ):
        driver = gateway(**config)
        with pytest.raises(Misconfigured):
            driver.send(outgoing())
    gateway().send(outgoing(key=f"k{value}"))
    assert len(responses.calls) == 1
    assert responses.calls[0].request.headers["Idempotency-Key"].isprintable()
