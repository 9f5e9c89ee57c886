"""How a `[[wa]]` block is read: the table of the format, line by line."""

from dataclasses import replace

import pytest

from portal.core.wablock import Block, Button, Interactive, Row, Section, parse

DOCUMENTED_TEMPLATE = """[[wa]]
[type](template)
Hallooo [[name]], ini test...

test lagi,
[[name]]
last test
[button](quick|1|ya)
[button](url|home|https://example.com)
[button](call|drnet|08119806333)
[[/wa]]"""
DOCUMENTED_LIST = """[[wa]]
[type](list)
Pilih menu berikut:
[title](Menu Utama)
[buttonText](Lihat)
[section](Paket)
[row](p1|Paket 1|Deskripsi)
[row](p2|Paket 2)
[section](Support)
[row](cs|Hubungi CS)
[[/wa]]"""


def block(*lines: str) -> Block:
    found = parse("\n".join(["[[wa]]", *lines, "[[/wa]]"]))
    assert found is not None
    return found


def interactive(*lines: str) -> Interactive:
    found = block(*lines).interactive
    assert found is not None
    return found


def words(*lines: str) -> str | None:
    return block(*lines).text


def test_the_documented_template() -> None:
    assert parse(DOCUMENTED_TEMPLATE) == Block(
        interactive=Interactive(
            type="template",
            text="Hallooo [[name]], ini test...\n\ntest lagi,\n[[name]]\nlast test",
            buttons=(
                Button("quick", "ya", id="1"),
                Button("url", "home", url="https://example.com"),
                Button("call", "drnet", phone="08119806333"),
            ),
        )
    )


def test_the_documented_list() -> None:
    assert parse(DOCUMENTED_LIST) == Block(
        interactive=Interactive(
            type="list",
            text="Pilih menu berikut:",
            title="Menu Utama",
            button_text="Lihat",
            sections=(
                Section("Paket", (Row("p1", "Paket 1", "Deskripsi"), Row("p2", "Paket 2"))),
                Section("Support", (Row("cs", "Hubungi CS"),)),
            ),
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Halo",
        "Halo [[name]]",
        "[wa]x[/wa]",
        "[[ wa ]]x[[/wa ]]",
        "{not json",
        '{"a": 1}',
        "[1]",
    ],
)
def test_plain_text_is_no_block(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[wa]]Halo[[/wa]]", "Halo"),
        ("  [[WA]]\r\nHalo\r\n[[/Wa]] ", "Halo"),
        ("[[wa]]0[[/wa]]", "0"),
        # Words outside a block of words are not lost.
        ("Pagi\n[[wa]]\nHalo\n[[/wa]]\nSalam", "Pagi\nHalo\n\nSalam"),
        ("Pagi [[wa]]Halo[[/wa]] Salam", "Pagi \nHalo\n Salam"),
        ("[[wa]][[/wa]] Salam", "Salam"),
        ("[[wa]]# only a comment[[/wa]]\nSalam", "Salam"),
        ("[[wa]]\nSatu\n[[/wa]]\n[[wa]]\nDua\n[[/wa]]", "Satu\n\nDua"),
        # Tags that are missing or too many never reach a customer.
        ("[[wa]]\nHalo", "Halo"),
        ("Halo [[/wa]]", "Halo"),
        ("[[wa]] a [[wa]] b [[/wa]]", "a  b"),
        ("[[wa]][[w[[wa]]a]] Halo", "Halo"),
        ("[[wa]][[w[[wa]]a]] Halo[[/wa]]", "Halo"),
        ("[[wa]][[/wa]]", None),
        ("[[wa]]\n# nothing\n[[/wa]]", None),
    ],
)
def test_recognition(text: str, expected: str | None) -> None:
    assert parse(text) == Block(text=expected)


def test_words_around_a_block_with_buttons() -> None:
    found = parse("Pagi\n[[wa]]\nHalo\n[button](1|Ya)\n[[/wa]]\nSalam")
    assert found is not None
    assert found.text == "Pagi\n\nSalam"
    assert found.interactive is not None
    assert found.interactive.text == "Halo"


def test_a_second_block_keeps_its_words() -> None:
    found = parse("[[wa]]A\n[button](1|Ya)[[/wa]]\n[[wa]]B\n[button](url|Buka|https://b)[[/wa]]")
    assert found is not None
    assert found.interactive is not None
    assert found.interactive.text == "A"
    assert found.text == "B\n\nBuka: https://b"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("a", "", "b"), "a\n\nb"),
        (("", "a"), "a"),
        (("  a  ", "\tb\v"), "a\nb"),
        (("\xa0a\xa0",), "\xa0a\xa0"),
        (("a\rb",), "a\rb"),
        (("a", "# note", "b"), "a\nb"),
        (("a", " # note", "", "b"), "a\n\nb"),
        (("a", "", "# note"), "a\n"),
        (("text: a", "body=b", "[text](c)", "[BODY] (d)"), "a\nb\nc\nd"),
        (("text : a",), "text : a"),
        (("tagihan: a=b", "https://x"), "tagihan: a=b\nhttps://x"),
        (("[bogus](a)", "[type](poll)", "type: x"), "[bogus](a)\n[type](poll)\ntype: x"),
        (("[text](a) b", "c)"), "a) b\nc"),
        (("[text](a (b))",), "a (b)"),
        (("[text]()",), None),
        (("[title](a",), "[title](a"),
        # Over several lines, up to the first that ends with a bracket.
        (("[text](a", "", " b ", "# c", "title: d", "e)", "f"), "a\n\nb\n# c\ntitle: d\ne\nf"),
        (("[text](a", "b (x)", "c)"), "a\nb (x\nc)"),
        (("[text](", "a", ")"), "\na\n"),
        # Never closed: nothing is lost, and keys stay keys.
        (("[text](a", "b", "c"), "a\nb\nc"),
    ],
)
def test_text_lines(lines: tuple[str, ...], expected: str | None) -> None:
    assert words(*lines) == expected


def test_an_opened_text_without_an_end_swallows_no_key() -> None:
    assert interactive("[text](a", "footer: b", "c") == Interactive(text="a\nc", footer="b")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[type](LIST)", Interactive(type="list")),
        ("type=native_flow", Interactive(type="native_flow")),
        ("title: a: b", Interactive(title="a: b")),
        ("[buttonText](a|b)", Interactive(button_text="a|b")),
        ("button_text=a", Interactive(button_text="a")),
        ("[FOOTER]  ( a ) ", Interactive(footer="a")),
        ("[footer]()", Interactive(footer="")),
        ("headerText=a", Interactive(header_text="a")),
        ("headerMedia: https://x/y.jpg", Interactive(header_media="https://x/y.jpg")),
        ("headerType=2", Interactive(header_type=2)),
        ("headerType=3 video", Interactive(header_type=3)),
        ("headerType=video", Interactive(header_type=0)),
        ("headerType=-7", Interactive(header_type=-7)),
        ("headerType=" + "9" * 5000, Interactive(header_type=2**63 - 1)),
        ("section=", Interactive(type="list", sections=(Section(""),))),
        ("row=a", Interactive(type="list", sections=(Section("Menu", (Row("a", ""),)),))),
        (
            "[row](a|b|0|d)",
            Interactive(type="list", sections=(Section("Menu", (Row("a", "b", "0"),)),)),
        ),
    ],
)
def test_interactive_keys(line: str, expected: Interactive) -> None:
    assert interactive(line) == expected
    assert interactive(line, "Halo") == replace(expected, text="Halo")


def test_the_last_value_of_a_key_counts() -> None:
    assert interactive("footer: a", "footer: b").footer == "b"
    assert interactive("[type](list)", "[type](buttons)").type == "buttons"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[to](0812)", Block(to="0812")),
        ("session_id=a", Block(session_id="a")),
        ("sessionId: a", Block(session_id="a")),
        ("thread_id=a", Block(thread_id="a")),
        ("[threadid](a)", Block(thread_id="a")),
        ("requestPhoneNumber: YES", Block(request_phone_number=True)),
        ("requestPhoneNumber=true", Block(request_phone_number=True)),
        ("requestPhoneNumber=on", Block()),
        ("allowEmptyText=1", Block(allow_empty_text=True)),
        ("allowEmptyText: maybe", Block(allow_empty_text=False)),
    ],
)
def test_keys_of_the_message(line: str, expected: Block) -> None:
    assert block(line) == expected
    assert block("Halo", line) == replace(expected, text="Halo")


@pytest.mark.parametrize(
    ("lines", "type_", "buttons"),
    [
        (("[button](1|Ya|x)",), "buttons", (Button("reply", "Ya", id="1"),)),
        (("[button](Ya)",), "buttons", (Button("reply", "Ya", id="Ya"),)),
        (("[button](1|)",), "buttons", (Button("reply", "", id="1"),)),
        (("[button](QUICK|1)",), "template", (Button("quick", "1", id="1"),)),
        (("[button](copy|Salin|A1)",), "template", (Button("copy", "Salin", code="A1"),)),
        (("[button](url|Buka)",), "template", (Button("url", "Buka"),)),
        (("[type](template)", "[button](x|y)"), "template", (Button("other", "x|y"),)),
        # An answer whose id happens to be a word of templates.
        (
            ("type=buttons", "[button](call|Telepon)"),
            "buttons",
            (Button("reply", "Telepon", id="call"),),
        ),
        (
            ("type=buttons", "[button](url|A|https://a)"),
            "buttons",
            (Button("url", "A", url="https://a"),),
        ),
        (
            ("type=native_flow", '[button](cta_url|{"a":"b|c"})'),
            "native_flow",
            (Button("flow", "", id="cta_url", params='{"a":"b|c"}'),),
        ),
        (
            ("type=native_flow", "[button](n|p|q)"),
            "native_flow",
            (Button("flow", "", id="n", params="p"),),
        ),
        (
            ("[button](1|Ya)", "[button](url|A|https://a)"),
            "template",
            (Button("reply", "Ya", id="1"), Button("url", "A", url="https://a")),
        ),
        (("[section](s)", "[button](1|Ya)"), "list", (Button("reply", "Ya", id="1"),)),
    ],
)
def test_buttons(lines: tuple[str, ...], type_: str, buttons: tuple[Button, ...]) -> None:
    found = interactive(*lines)
    assert (found.type, found.buttons) == (type_, buttons)


def test_places_are_filled_without_adding_anything() -> None:
    found = block(
        "Halo [[name]]", "[button](url|Bayar [[name]]|https://x/[[name]])", "[to]([[name]])"
    )
    evil = "a|b)\n[button](quick|1|x)\n[[/wa]]"
    filled = found.mapped(lambda text: text.replace("[[name]]", evil))
    assert filled.interactive is not None
    assert filled.interactive.text == f"Halo {evil}"
    assert filled.interactive.buttons == (Button("url", f"Bayar {evil}", url=f"https://x/{evil}"),)
    assert filled.to == evil


def test_places_in_json_are_filled_too() -> None:
    found = parse('{"text": "[[name]]", "message": {"a": ["[[name]]", 1, null]}, "queue": true}')
    assert found is not None
    filled = found.mapped(lambda text: text.replace("[[name]]", '"}'))
    assert filled.text == '"}'
    assert filled.given == {"text": '"}', "message": {"a": ['"}', 1, None]}, "queue": True}
    assert filled.extra == {"message": {"a": ['"}', 1, None]}, "queue": True}
