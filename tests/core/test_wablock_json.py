"""Message texts that are JSON: which of them are payloads, and how they read."""

import json

import pytest

from portal.core.wablock import Block, Button, Interactive, Row, Section, parse, write


@pytest.mark.parametrize(
    "name",
    ["action", "to", "text", "body", "message", "interactive", "requestPhoneNumber", "contacts"]
    + ["thread_id", "session_id", "threadId", "sessionId"],
)
def test_one_known_name_makes_a_payload(name: str) -> None:
    found = parse(json.dumps({name: "x", "other": 1}))
    assert found is not None
    assert found.given == {name: "x", "other": 1}


@pytest.mark.parametrize(
    "text",
    ['{"name": "Budi"}', "{}", "[]", "[1, 2]", '["phone"]', '[{"name": "x"}]', '[{"phone": null}]'],
)
def test_other_json_is_plain_text(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("name", ["phone", "number", "handle", "to", "id"])
def test_a_list_of_contacts(name: str) -> None:
    found = parse(json.dumps([{"name": "Budi"}, {name: "62812"}]))
    assert found is not None
    assert found.given == {"contacts": [{"name": "Budi"}, {name: "62812"}]}


def test_what_only_begins_like_json_is_read_as_text() -> None:
    assert parse('{"text": broken') is None
    assert parse('{"text": NaN} [[wa]]Halo[[/wa]]') == Block(text='{"text": NaN} \nHalo')


@pytest.mark.parametrize(
    "text",
    [
        '{"text": NaN}',
        '{"text": 1e999}',
        '{"text": "\\ud800"}',
        '{"text": ' + "[" * 101 + "]" * 101 + "}",
        '{"text": ' + "[" * 100_000,
        '{"text": ' + "9" * 5000 + "}",
    ],
)
def test_json_no_database_and_no_gateway_takes_is_plain_text(text: str) -> None:
    assert parse(text) is None


def test_how_a_payload_reads() -> None:
    given = {
        "to": "0812",
        "sessionId": "s",
        "threadId": 7,
        "requestPhoneNumber": True,
        "allow_empty_text": False,
        "queue": True,
        "interactive": {
            "type": "LIST",
            "body": "Pilih",
            "title": "T",
            "buttonText": "B",
            "footer": "F",
            "headerType": 3,
            "headerText": "H",
            "headerMedia": {"type": "video", "url": "https://v"},
            "buttons": [
                {"id": 1, "title": "Satu"},
                {"type": "URL", "text": "U", "url": "https://u"},
                {"name": "cta", "buttonParamsJson": {"a": 1}},
                "junk",
            ],
            "sections": [{"title": "S", "rows": [{"id": "r", "title": "R", "description": "D"}]}],
        },
    }
    found = parse(json.dumps(given))
    assert found == Block(
        to="0812",
        session_id="s",
        thread_id="7",
        request_phone_number=True,
        allow_empty_text=False,
        extra={"queue": True},
        given=given,
        interactive=Interactive(
            type="list",
            text="Pilih",
            title="T",
            button_text="B",
            footer="F",
            header_type=3,
            header_text="H",
            header_media="https://v",
            buttons=(
                Button("reply", "Satu", id="1"),
                Button("url", "U", url="https://u"),
                Button("flow", "", id="cta", params='{"a": 1}'),
            ),
            sections=(Section("S", (Row("r", "R", "D"),)),),
        ),
    )
    assert found is not None
    assert parse(write(found)) == found
