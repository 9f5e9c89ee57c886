"""What a block becomes on the wire and in plain words."""

import json
from typing import Any

import pytest

from portal.core.wablock import fallback_text, parse, payload, spelled_out
from portal.core.wablock.wire import number
from tests.core.test_wablock_reading import DOCUMENTED_LIST, DOCUMENTED_TEMPLATE, block


def posted(*lines: str) -> dict[str, Any]:
    data = payload(block(*lines))
    assert data.pop("action") == "send"
    return data


def given(**data: Any) -> dict[str, Any]:
    found = parse(json.dumps(data))
    assert found is not None
    sent = payload(found)
    assert found.given == data, "the given payload was changed"
    return sent


def test_the_documented_template() -> None:
    assert payload(parse(DOCUMENTED_TEMPLATE)) == {  # type: ignore[arg-type]
        "action": "send",
        "interactive": {
            "type": "template",
            "text": "Hallooo [[name]], ini test...\n\ntest lagi,\n[[name]]\nlast test",
            "buttons": [
                {"type": "quick", "id": "1", "text": "ya"},
                {"type": "url", "text": "home", "url": "https://example.com"},
                {"type": "call", "text": "drnet", "phoneNumber": "08119806333"},
            ],
        },
    }


def test_the_documented_list() -> None:
    assert payload(parse(DOCUMENTED_LIST)) == {  # type: ignore[arg-type]
        "action": "send",
        "interactive": {
            "type": "list",
            "text": "Pilih menu berikut:",
            "title": "Menu Utama",
            "buttonText": "Lihat",
            "sections": [
                {
                    "title": "Paket",
                    "rows": [
                        {"id": "p1", "title": "Paket 1", "description": "Deskripsi"},
                        {"id": "p2", "title": "Paket 2"},
                    ],
                },
                {"title": "Support", "rows": [{"id": "cs", "title": "Hubungi CS"}]},
            ],
        },
    }


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("headerType=2", "image"),
        ("headerType=3", "video"),
        ("headerType=4", "document"),
        ("headerType=9", "image"),
        ("# no type", "image"),
    ],
)
def test_a_header_file_has_the_type_its_number_says(line: str, kind: str) -> None:
    data = posted("[headerMedia](https://x/f)", line, "[button](1|Ya)")
    assert data["interactive"]["headerMedia"] == {"type": kind, "url": "https://x/f"}


def test_every_key_of_the_interactive_part() -> None:
    lines = ("headerType=1", "headerText=H", "footer=", "title=T", "buttonText=B", "[button](1|Ya)")
    assert posted(*lines) == {
        "interactive": {
            "type": "buttons",
            "headerType": 1,
            "headerText": "H",
            "footer": "",
            "title": "T",
            "buttonText": "B",
            "buttons": [{"id": "1", "text": "Ya"}],
        }
    }


def test_keys_of_the_message() -> None:
    lines = ("Hai", "to: 0812-345", "session_id=s", "thread_id=t", "requestPhoneNumber=1")
    assert posted(*lines, "allowEmptyText=no") == {
        "text": "Hai",
        "to": "62812345",
        "session_id": "s",
        "thread_id": "t",
        "requestPhoneNumber": True,
        "allowEmptyText": False,
    }
    assert posted("Hai", "requestPhoneNumber=0", "to=") == {"text": "Hai"}


@pytest.mark.parametrize(
    ("lines", "buttons"),
    [
        (("[button](1|)",), [{"id": "1", "text": "1"}]),
        (("[button](|Ya)",), [{"id": "", "text": "Ya"}]),
        (("[button]()", "[button](1|Ya)"), [{"id": "1", "text": "Ya"}]),
        (("[button](quick|1|)",), [{"type": "quick", "id": "1", "text": "1"}]),
        (
            ("[button](url|a|HTTPS://a)", "[button](url|b|ftp://b)", "[button](url|c)"),
            [{"type": "url", "text": "a", "url": "HTTPS://a"}],
        ),
        (
            ("[button](call|a|0812)", "[button](call|b|)", "[button](x|y)"),
            [{"type": "call", "text": "a", "phoneNumber": "0812"}],
        ),
        (("[button](copy|a|C)",), [{"type": "copy", "text": "a", "copyCode": "C"}]),
        (
            ("type=native_flow", '[button](n|{"a": 1})', "[button](only a name)"),
            [{"name": "n", "buttonParamsJson": '{"a": 1}'}],
        ),
    ],
)
def test_buttons_nobody_could_press_are_left_out(
    lines: tuple[str, ...], buttons: list[dict[str, str]]
) -> None:
    assert posted(*lines)["interactive"]["buttons"] == buttons


def test_a_no_break_space_stays() -> None:
    rows = posted("row=\xa0a\xa0", "to=\xa0x")["interactive"]["sections"][0]["rows"]
    assert rows == [{"id": "\xa0a\xa0", "title": "\xa0a\xa0"}]
    assert posted("footer=F", "\xa0Hai\xa0")["text"] == "\xa0Hai\xa0\n\nF"


def test_rows_are_completed_and_empty_sections_left_out() -> None:
    lines = ("section=leer", "section=A", "row=a", "row=|b", "row=|", "row=c|C|0")
    assert posted(*lines)["interactive"]["sections"] == [
        {
            "title": "A",
            "rows": [
                {"id": "a", "title": "a"},
                {"id": "b", "title": "b"},
                {"id": "c", "title": "C", "description": "0"},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("[type](list)", "Pilih"), "Pilih"),
        (("Pilih", "", "footer=F"), "Pilih\n\nF"),
        (("headerText=H", "Pilih"), "H\n\nPilih"),
        (("Bayar di sini", "[button](url|Buka|contoh.id)"), "Bayar di sini\n\nBuka: contoh.id"),
        (("type=buttons", "Pilih", "section=S", "row=1|Satu"), "Pilih\n\nS\n• Satu"),
        (("type=template", "Pilih", "[button](1|Ya)"), "Pilih\n\n• 1 Ya"),
        (("Lihat", "headerMedia=https://x/f.pdf"), "Lihat\n\nhttps://x/f.pdf"),
    ],
)
def test_words_of_a_lost_interactive_part_go_out_as_text(lines: tuple[str, ...], text: str) -> None:
    assert posted(*lines) == {"text": text}


def test_lost_words_join_the_words_outside() -> None:
    found = parse("Pagi\n[[wa]]\n[type](list)\nPilih\n[[/wa]]")
    assert found is not None
    assert payload(found) == {"action": "send", "text": "Pagi\n\nPilih"}
    assert given(interactive={"type": "x", "text": "b"}, body="a") == {
        "action": "send",
        "body": "a\n\nb",
    }
    assert given(interactive={"text": "a"}, text="b\na")["text"] == "b\na"
    assert given(interactive={"text": "a"}, text="ab")["text"] == "ab\n\na"


def test_json_goes_out_as_it_is_but_for_names_and_numbers() -> None:
    assert given(
        action=" SEND ",
        to="+62 (812) 3-4.5",
        threadId="t",
        sessionId="s",
        autoRetry=True,
        messageSendAs="x",
        request_phone_number=True,
        allow_empty_text=False,
        idempotencyKey="k",
        queue=True,
        message={"any": "object"},
        unknown=[1],
    ) == {
        "action": "send",
        "to": "62812345",
        "thread_id": "t",
        "session_id": "s",
        "auto_retry": True,
        "message_send_as": "x",
        "requestPhoneNumber": True,
        "allowEmptyText": False,
        "idempotency_key": "k",
        "queue": True,
        "message": {"any": "object"},
        "unknown": [1],
    }
    assert given(session_id="new", sessionId="old", text="x")["session_id"] == "new"


def test_contacts() -> None:
    rows = [{"name": "B", "phone": "0812 3"}, {"number": "+62-8"}, {"id": "0812"}, {"phone": 8}, 1]
    expected = [
        {"name": "B", "phone": "628123"},
        {"number": "628"},
        {"id": "0812"},
        {"phone": 8},
        1,
    ]
    assert given(contacts=rows) == {"action": "send", "contacts": expected}
    assert given(action="Upsert", contacts=rows)["action"] == "upsert"


def test_interactive_json_keeps_what_it_does_not_know() -> None:
    sent = given(
        interactive={
            "type": " Buttons ",
            "x": 1,
            "buttons": [
                {"id": 1, "text": "Satu", "y": 2},
                {"title": "Dua"},
                {"type": "URL", "text": "U", "url": " https://u "},
                "junk",
            ],
        }
    )
    assert sent["interactive"] == {
        "type": "buttons",
        "x": 1,
        "buttons": [
            {"id": 1, "text": "Satu", "y": 2},
            {"title": "Dua", "text": "Dua"},
            {"type": "url", "text": "U", "url": "https://u"},
        ],
    }


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("0812-3456.789", "628123456789"),
        (" +62 812 (3) ", "628123"),
        ("62812", "62812"),
        ("1203630@g.us", "1203630@g.us"),
        ("+", "+"),
        ("", ""),
    ],
)
def test_numbers(text: str, digits: str) -> None:
    assert number(text) == digits


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"text": "a", "body": "b"}, "a"),
        ({"text": "", "body": "b", "message": "c"}, "b"),
        ({"message": "c", "interactive": {"text": "d"}}, "c"),
        ({"message": {"conversation": "c"}}, "c"),
        ({"message": {"x": 1}, "interactive": {"text": " d "}}, "d"),
        ({"interactive": {"body": "e"}}, "e"),
    ],
)
def test_the_fallback_takes_the_first_words(data: dict[str, Any], text: str) -> None:
    found = parse(json.dumps(data))
    assert found is not None
    assert fallback_text(found) == text


def test_all_words_for_services_without_buttons() -> None:
    found = block(
        "headerText=Tagihan",
        "headerMedia=https://x/f.pdf",
        "Halo",
        "footer=Loket",
        "[button](quick|1|Ya)",
        "[button](url|Bayar|https://b)",
        "[button](call|CS|0812)",
        "[button](copy|Kode|A1)",
        "[button](url||https://c)",
    )
    with_file = "Tagihan\n\nHalo\n\n• Ya\nBayar: https://b\nCS: 0812\nKode: A1\nhttps://c\n\nLoket"
    assert spelled_out(found, media=True) == with_file
    assert spelled_out(found) == with_file.replace("Halo\n", "Halo\n\nhttps://x/f.pdf\n")
    assert spelled_out(
        block("type=native_flow", '[button](n|{"display_text": "B", "url": "u"})')
    ) == ("B: u")
