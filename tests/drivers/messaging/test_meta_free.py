"""Free messages of Meta: text, interactive messages, files; what does not fit loses no word."""

import json
import threading
from typing import Any

import pytest
import responses

from portal.core.driverkit import DriverError, Misconfigured, Permanent, RateLimited, Retryable
from portal.core.wablock import Block, Button, Interactive, Row, Section
from portal.messaging.drivers.base import Media
from tests.contracts.messaging import outgoing
from tests.drivers.messaging.meta import MEDIA, MESSAGES, SENT, error, meta

LINK = "https://portal.example/m/abc.jpg"
IMAGE = Media("image", LINK)
YES, NO = Button("reply", "Ya", id="ya"), Button("reply", "Tidak", id="tidak")
ROWS = (Row("20", "20 Mbps", "Rp165.000"), Row("50", "50 Mbps"))


def block(text: str | None = "Sudah bayar?", **inner: Any) -> Block:
    return Block(text=text, interactive=Interactive(**inner))


def payload(said: Block | None = None, text: str = "kata lengkap", **more: Any) -> Any:
    return meta().payload(outgoing("broadcast", text=text, block=said, **more))


def test_a_broadcast_is_plain_text() -> None:
    made = payload(text="x" * 5000)
    assert made["text"] == {"preview_url": False, "body": "x" * 4096}


def test_reply_buttons() -> None:
    said = block(type="buttons", buttons=(YES, NO), header_text="Tagihan", footer="Mitra Net")
    assert payload(said)["interactive"] == {
        "type": "button",
        "header": {"type": "text", "text": "Tagihan"},
        "body": {"text": "Sudah bayar?"},
        "footer": {"text": "Mitra Net"},
        "action": {
            "buttons": [
                {"type": "reply", "reply": {"id": "ya", "title": "Ya"}},
                {"type": "reply", "reply": {"id": "tidak", "title": "Tidak"}},
            ]
        },
    }


def test_a_list() -> None:
    said = block(type="list", button_text="Lihat", sections=(Section("", ROWS),), text="Pilih")
    assert payload(said)["interactive"] == {
        "type": "list",
        "body": {"text": "Pilih"},
        "action": {
            "button": "Lihat",
            "sections": [
                {
                    "rows": [
                        {"id": "20", "title": "20 Mbps", "description": "Rp165.000"},
                        {"id": "50", "title": "50 Mbps"},
                    ]
                }
            ],
        },
    }


def test_one_link_button() -> None:
    said = block(type="template", buttons=(Button("url", "Bayar", url="https://x.example/p"),))
    assert payload(said, media=IMAGE)["interactive"] == {
        "type": "cta_url",
        "header": {"type": "image", "image": {"link": LINK}},
        "body": {"text": "Sudah bayar?"},
        "action": {
            "name": "cta_url",
            "parameters": {"display_text": "Bayar", "url": "https://x.example/p"},
        },
    }


@pytest.mark.parametrize(
    ("name", "params", "kind"),
    [
        ("cta_url", {"display_text": "Bayar", "url": "https://x.example"}, "cta_url"),
        ("quick_reply", {"display_text": "Ya", "id": "1"}, "button"),
        ("single_select", {"title": "P", "sections": [{"rows": [{"id": "1"}]}]}, "list"),
    ],
)
def test_native_flows_meta_has_too(name: str, params: Any, kind: str) -> None:
    button = Button("flow", "", id=name, params=json.dumps(params))
    assert payload(block(type="native_flow", buttons=(button,)))["interactive"]["type"] == kind


def titled(count: int) -> tuple[Button, ...]:
    return tuple(Button("reply", f"Pilihan {n}", id=str(n)) for n in range(count))


@pytest.mark.parametrize(
    "said",
    [
        block(buttons=titled(4)),
        block(buttons=(Button("reply", "x" * 21, id="1"),)),
        block(buttons=(YES, Button("reply", "Ya", id="lain"))),
        block(buttons=(YES, Button("reply", "Lain", id="ya"))),
        block(text="x" * 1025, buttons=(YES,)),
        block(text="", buttons=(YES,)),
        block(buttons=(YES,), footer="x" * 61),
        block(buttons=(YES, Button("url", "Bayar", url="https://x.example"))),
        block(buttons=(Button("url", "Bayar", url="mailto:a@b.c"),)),
        block(buttons=(Button("call", "Telepon", phone="+62812"),)),
        block(buttons=(Button("copy", "Salin", code="X"),)),
        block(buttons=(Button("flow", "", id="address_message", params="{"),)),
        block(sections=(Section("A", (Row("1", "x" * 25),)),)),
        block(sections=(Section("A", tuple(Row(str(n), f"r{n}") for n in range(11))),)),
        block(sections=(Section("", ROWS[:1]), Section("B", ROWS[1:]))),
        block(sections=(Section("A", (*ROWS, ROWS[0])),)),
        block(sections=(Section("A", ROWS),), buttons=(YES,)),
        block(sections=(Section("A", ()),)),
        block(),
    ],
)
def test_what_does_not_fit_goes_as_the_whole_words(said: Block) -> None:
    made = payload(said)
    assert made["type"] == "text"
    assert made["text"]["body"] == "kata lengkap"


def test_a_header_too_long_joins_the_body() -> None:
    made = payload(block(buttons=(YES,), header_text="x" * 61))["interactive"]
    assert "header" not in made
    assert "x" * 61 in made["body"]["text"]


def test_a_file_with_words_under_it() -> None:
    assert payload(media=IMAGE)["image"] == {"link": LINK, "caption": "kata lengkap"}
    pdf = Media("document", "https://x.example/a.pdf", filename="tagihan.pdf")
    assert payload(media=pdf, text="")["document"] == {
        "link": "https://x.example/a.pdf",
        "filename": "tagihan.pdf",
    }


@pytest.mark.parametrize("bad", ["file:///etc/passwd", "", "https://x y"])
def test_a_file_that_cannot_go_with_it_is_a_link_in_the_words(bad: str) -> None:
    assert payload(media=IMAGE, text="x" * 1025)["text"]["body"].endswith(f"x\n\n{LINK}")
    assert payload(media=Media("audio", LINK))["text"]["body"] == f"kata lengkap\n\n{LINK}"
    webp = Media("image", LINK, "image/webp", load=lambda: b"RIFF")
    assert payload(media=webp)["text"]["body"] == f"kata lengkap\n\n{LINK}"
    made = payload(media=Media("image", bad))
    assert made["text"]["body"] == f"kata lengkap\n\n{bad}".strip()


def test_the_file_of_a_block_goes_by_its_link() -> None:
    said = block(buttons=(YES,), header_type=2, header_media=LINK)
    header = {"type": "image", "image": {"link": LINK}}
    assert payload(said)["interactive"]["header"] == header
    as_list = block(sections=(Section("A", ROWS),), header_type=2, header_media=LINK)
    assert payload(as_list)["image"] == {"link": LINK, "caption": "kata lengkap"}
    odd = block(buttons=(YES,), header_media="gambar.jpg")
    assert payload(odd)["interactive"]["body"]["text"] == "Sudah bayar?\n\ngambar.jpg"


def loaded(content: bytes = b"%PDF-1.7", calls: list[int] | None = None) -> Media:
    def load() -> bytes:
        if calls is not None:
            calls.append(1)
        return content

    return Media("document", "https://x.example/a.pdf", "application/pdf", "tagihan.pdf", load)


@responses.activate
def test_a_file_of_ours_is_uploaded_once_for_many_messages() -> None:
    responses.add("POST", MEDIA, json={"id": "4490709327384033"})
    responses.add("POST", MESSAGES, json=SENT)
    driver, calls = meta(), []  # type: ignore[var-annotated]
    threads = [
        threading.Thread(
            target=driver.send, args=(outgoing("broadcast", media=loaded(calls=calls)),)
        )
        for _n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    uploads = [call.request for call in responses.calls if call.request.url == MEDIA]
    sent = [json.loads(c.request.body) for c in responses.calls if c.request.url == MESSAGES]  # type: ignore[arg-type]
    assert len(uploads) == len(calls) == 1
    form: Any = uploads[0].body
    assert uploads[0].headers["Authorization"] == "Bearer EAAx-very-secret-token"
    for part in (
        b'name="messaging_product"\r\n\r\nwhatsapp',
        b'name="type"\r\n\r\napplication/pdf',
    ):
        assert part in form
    assert b'filename="tagihan.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7' in form
    assert [one["document"]["id"] for one in sent] == ["4490709327384033"] * 8


@responses.activate
def test_a_file_the_message_has_no_room_for_is_not_uploaded() -> None:
    responses.add("POST", MESSAGES, json=SENT)
    meta().send(outgoing(media=loaded()))
    meta().send(outgoing("broadcast", text="x" * 1025, media=loaded()))
    assert len(responses.calls) == 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(131053, 400), Permanent),
        (error(190, 401), Misconfigured),
        (error(80007, 400), RateLimited),
        (error(131000, 500), Retryable),
    ],
)
@responses.activate
def test_a_refused_file_leaves_nothing_in_doubt(answer: Any, expected: type[DriverError]) -> None:
    responses.add("POST", MEDIA, body=answer.body, status=answer.status)
    driver = meta()
    for _again in range(2):
        with pytest.raises(expected) as caught:
            driver.send(outgoing("broadcast", media=loaded()))
        assert not caught.value.outcome_unknown
    assert len(responses.calls) == 1


@pytest.mark.parametrize("body", ["<html>", "{}", "[]", '{"id": {}}'])
@responses.activate
def test_an_upload_answered_with_nonsense_sent_nothing(body: str) -> None:
    responses.add("POST", MEDIA, body=body, status=200 if body != "<html>" else 502)
    with pytest.raises(Retryable) as caught:
        meta().send(outgoing("broadcast", media=loaded()))
    assert not caught.value.outcome_unknown


def gone() -> bytes:
    raise FileNotFoundError


@pytest.mark.parametrize(
    "media",
    [Media("image", LINK, load=gone), loaded(b""), Media("image", "", load=lambda: b"x" * 5242881)],
)
def test_a_file_that_is_gone_empty_or_too_large(media: Media) -> None:
    with pytest.raises(Permanent) as caught:
        meta().send(outgoing("broadcast", media=media))
    assert "Unggah" in caught.value.sentence


@responses.activate
def test_outside_the_window_free_text_is_refused_here_and_a_template_goes() -> None:
    with pytest.raises(Permanent) as caught:
        meta().send(outgoing("broadcast", window=False))
    assert (caught.value.code, caught.value.elsewhere) == ("131047", True)
    assert len(responses.calls) == 0
    named = meta(template_broadcast="kabar")
    assert named.payload(outgoing("broadcast", window=False))["type"] == "template"
    assert named.payload(outgoing("broadcast", window=None))["type"] == "template"
    # Inside it the words go as they were written, with their buttons, and free of charge.
    assert named.payload(outgoing("broadcast", window=True))["type"] == "text"
