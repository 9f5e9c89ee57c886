"""The form for blocks: field data -> block -> text -> the same fields; and what it refuses."""

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.core import wablock
from portal.core.wablock import Row, Section
from portal.messaging import builder, builder_form, text_checks
from portal.messaging.builder import Choice, Draft

TEMPLATE = """Halo [[name]],
[[wa]]
[type](template)
Isi *pesan*

baris lain
[to](08123)
[button](quick|1|ya)
[button](url|home|https://example.com)
[button](call|drnet|08119806333)
[[/wa]]
Salam."""
words = st.text(alphabet=st.characters(codec="utf-8"), max_size=30)
# What a browser may send: any characters, keys that look like the format's own among them.
typed = words | st.sampled_from(
    [
        "[button](1|x)",
        "text: x",
        "# bukan komentar",
        "[text](",
        ")",
        "type=list",
        "[[name]]",
        " a ",
        "",
    ]
)
address = st.builds(
    lambda rest: f"https://x.test/{rest}", st.from_regex(r"[a-z0-9/?=&]{0,20}", fullmatch=True)
)
choices = st.builds(Choice, st.sampled_from(builder.KINDS), typed, typed, address | typed)
rows = st.builds(Row, typed, typed, typed)
sections = st.builds(Section, typed, st.lists(rows, max_size=3).map(tuple))
bodies = st.lists(typed, max_size=5).map("\n".join)


def fields(draft: Draft) -> dict[str, str]:
    """The draft as a browser posts it."""
    form = {
        "source": draft.source.replace("\n", "\r\n"),
        "mode": draft.mode,
        "text": draft.body.replace("\n", "\r\n"),
        "header": draft.header,
        "header_text": draft.header_text,
        "header_media": draft.header_media,
        "footer": draft.footer,
        "title": draft.title,
        "button_text": draft.button_text,
    }
    for n, choice in enumerate(draft.buttons):
        form |= {f"button-{n}-{name}": value for name, value in vars(choice).items()}
    for n, section in enumerate(draft.sections):
        form[f"section-{n}-title"] = section.title
        for m, row in enumerate(section.rows):
            form |= {f"section-{n}-row-{m}-{name}": value for name, value in vars(row).items()}
    return form


def used(draft: Draft) -> Draft:
    """Only what its mode and header use; the rest does not reach the text."""
    if draft.header == "none":
        draft = replace(draft, header_text="", header_media="")
    elif draft.header == "text":
        draft = replace(draft, header_media="")
    else:
        draft = replace(draft, header_text="")
    if draft.mode != "list":
        draft = replace(draft, title="", button_text="", sections=Draft.sections)
    if draft.mode in {"list", "none"}:
        draft = replace(draft, buttons=Draft.buttons)
    plain = draft.mode == "buttons"
    buttons = [
        replace(one, kind="quick", target="")
        if plain or one.kind == "quick"
        else replace(one, id="")
        for one in draft.buttons
    ]
    return replace(draft, buttons=tuple(buttons), source="")


@st.composite
def drafts(draw: Any) -> Draft:
    """What people type, as it is after reading the form."""
    made = Draft(
        mode=draw(st.sampled_from(builder.MODES)),
        body=draw(bodies),
        header=draw(st.sampled_from(builder.HEADERS)),
        header_text=draw(typed),
        header_media=draw(address),
        footer=draw(typed),
        title=draw(typed),
        button_text=draw(typed),
        buttons=tuple(draw(st.lists(choices, min_size=1, max_size=3))),
        sections=tuple(draw(st.lists(sections, min_size=1, max_size=2))),
        source=draw(st.sampled_from(["", "polos", TEMPLATE, "[[WA]]x[[/WA]]", "a [[wa]] b"])),
    )
    return builder_form.read(fields(made))


@given(drafts())
def test_reading_the_form_twice_changes_nothing(draft: Draft) -> None:
    assert builder_form.read(fields(draft)) == draft


@given(drafts())
def test_form_to_block_to_text_to_form(draft: Draft) -> None:
    """Whatever the form accepts stands in the form again when its text is opened."""
    filled = builder.numbered(draft)
    if builder_form.problems(filled):
        return
    text = builder.written(filled)
    again = builder.opened(text)
    expected = used(filled)
    assert used(again) == expected
    assert builder.written(again) == text, "opening and closing it changes nothing"


def test_what_stands_around_the_block_stays(app: Flask) -> None:
    draft = replace(builder.opened(TEMPLATE), footer="Kaki")
    text = builder.written(draft)
    assert text.startswith("Halo [[name]],\n[[wa]]\n[type](template)\nIsi *pesan*\n\nbaris lain\n")
    assert text.endswith("\n[[/wa]]\nSalam.") and "[footer](Kaki)" in text
    assert "[to](08123)" in text, "what the form does not show is kept"


def test_plain_words_become_the_body(app: Flask) -> None:
    draft = builder.opened("Halo\n\n*Anda*")
    assert (draft.body, draft.mode, len(draft.buttons)) == ("Halo\n\n*Anda*", "buttons", 1)
    made = replace(draft, buttons=(Choice("quick", "Ya"), Choice("quick", "Tidak", "1")))
    assert builder.written(builder.numbered(made)) == (
        "[[wa]]\n[type](buttons)\nHalo\n\n*Anda*\n[button](2|Ya)\n[button](1|Tidak)\n[[/wa]]"
    )


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("a [[wa]]\nx\n[button](1|y)\n[[/wa]] b [[wa]]\nz\n[[/wa]]", ["a", "b", "z"]),
        ("a [[wa]]\nx\n[button](1|y)", ["a"]),
        ("a [[/wa]] b", ["a", "b"]),
    ],
)
def test_a_text_with_wrong_tags_loses_no_words(app: Flask, text: str, outside: list[str]) -> None:
    again = builder.written(builder.opened(text))
    assert all(words in again for words in outside)
    assert again.count("[[wa]]") == again.count("[[/wa]]") == 1
    assert text_checks.problems("staff_notice", again + "[[text]]") == []


def test_a_payload_given_as_json_becomes_a_block(app: Flask) -> None:
    given_text = json.dumps(
        {
            "action": "send",
            "text": "Halo",
            "queue": False,
            "contacts": [{"phone": "08123"}],
            "interactive": {
                "type": "list",
                "buttonText": "Lihat",
                "sections": [{"title": "A", "rows": [{"id": "1", "title": "satu"}]}],
            },
        }
    )
    draft = builder.opened(given_text)
    assert (draft.mode, draft.body, draft.button_text) == ("list", "Halo", "Lihat")
    assert builder.written(draft) == (
        "[[wa]]\n[type](list)\nHalo\n[buttonText](Lihat)\n[section](A)\n[row](1|satu)\n[[/wa]]"
    )
    assert builder.lost(given_text) == ["contacts"]
    assert builder.lost('{"action": "upsert", "contacts": [{"phone": "1"}]}') == ["contacts"]


def test_a_native_flow_is_read_as_plain_buttons_and_the_rest_is_named(app: Flask) -> None:
    text = """[[wa]]
[type](native_flow)
Pilih
[button](cta_url|{"display_text": "Buka", "url": "https://x.test"})
[button](quick_reply|{"display_text": "Ya", "id": "y"})
[button](review_and_pay|{"total": "1"})
[[/wa]]"""
    draft = builder.opened(text)
    assert draft.mode == "template"
    assert draft.buttons == (
        Choice("url", "Buka", target="https://x.test"),
        Choice("quick", "Ya", "y"),
    )
    assert "review_and_pay" in builder.lost(text)


@pytest.mark.parametrize(
    ("block", "gone"),
    [
        ("[type](buttons)\nx\n[button](1|a)\n[section](S)\n[row](r|R)", ["S", "r", "R"]),
        ("[type](template)\nx\n[button](apa saja)\n[button](quick|1|ya)", ["apa saja"]),
        ("[type](buttons)\nx\n[title](Judul)\n[button](1|a)", ["Judul"]),
        ("[type](list)\nx\n[section](S)\n[row](r|R)", []),
        ("[headerText](J)\n[headerMedia](https://x.test/a.png)\nx\n[button](1|a)", ["J"]),
    ],
)
def test_what_the_form_cannot_hold_is_named(app: Flask, block: str, gone: list[str]) -> None:
    assert sorted(builder.lost(f"[[wa]]\n{block}\n[[/wa]]")) == sorted(gone)


GOOD = Draft(body="Isi", buttons=(Choice("quick", "Ya", "1"),))
URL = replace(GOOD, mode="template", buttons=(Choice("url", "Buka", target="https://x.test"),))
LIST = replace(GOOD, mode="list", sections=(Section("", (Row("1", "satu"),)),))
HEAD = replace(GOOD, header="image", header_media="https://x.test/a.png")


def _buttons(draft: Draft, **changed: str) -> Draft:
    return replace(draft, buttons=(replace(draft.buttons[0], **changed),))


def _rows(*found: Row, titles: tuple[str, ...] = ("",)) -> Draft:
    return replace(LIST, sections=tuple(Section(title, found) for title in titles))


@pytest.mark.parametrize("draft", [GOOD, URL, LIST, HEAD, replace(HEAD, mode="none", buttons=())])
def test_what_will_do(app: Flask, draft: Draft) -> None:
    assert builder_form.problems(draft) == {}


@pytest.mark.parametrize(
    ("draft", "name", "sentence"),
    [
        (replace(GOOD, body=""), "text", "Isi pesan wajib diisi"),
        (replace(GOOD, body="a [[WA]] b"), "text", "Jangan menulis [[wa]]"),
        (replace(GOOD, body="x" * 4001), "text", "Paling banyak 4000 huruf"),
        (replace(GOOD, footer="x" * 61), "footer", "Paling banyak 60 huruf"),
        (replace(GOOD, footer="[[/wa]]"), "footer", "Jangan menulis [[wa]]"),
        (replace(GOOD, mode="none"), "header", "Tanpa tombol, pilih kepala pesan"),
        (replace(GOOD, header="text"), "header_text", "Wajib diisi"),
        (replace(GOOD, header="text", header_text="x" * 61), "header_text", "Paling banyak 60"),
        (replace(HEAD, header_media=""), "header_media", "Wajib diisi"),
        (replace(HEAD, header_media="berkas.png"), "header_media", "diawali https://"),
        (replace(HEAD, header_media="https://x.test/a b"), "header_media", "tanpa spasi"),
        (replace(GOOD, buttons=()), "buttons", "paling sedikit satu tombol"),
        (replace(GOOD, buttons=GOOD.buttons * 11), "buttons", "Paling banyak 10 tombol"),
        (_buttons(GOOD, text=""), "button-0-text", "Wajib diisi"),
        (_buttons(GOOD, text="x" * 41), "button-0-text", "Paling banyak 40"),
        (_buttons(GOOD, text="a|b"), "button-0-text", "Tanda | tidak dapat dipakai"),
        (_buttons(GOOD, id="x" * 201), "button-0-id", "Paling banyak 200"),
        (replace(GOOD, buttons=GOOD.buttons * 2), "button-1-id", "ID ini sudah dipakai"),
        (_buttons(URL, target=""), "button-0-target", "Wajib diisi"),
        (_buttons(URL, target="x.test"), "button-0-target", "diawali https://"),
        (_buttons(URL, kind="call", target="abc"), "button-0-target", "Nomor telepon tidak sah"),
        (_buttons(URL, kind="copy", target="a|b"), "button-0-target", "Tanda |"),
        (replace(LIST, title="x" * 61), "title", "Paling banyak 60"),
        (replace(LIST, button_text="x" * 41), "button_text", "Paling banyak 40"),
        (replace(LIST, sections=()), "sections", "paling sedikit satu bagian"),
        (replace(LIST, sections=LIST.sections * 11), "sections", "Paling banyak 10 bagian"),
        (_rows(), "section-0-title", "belum punya pilihan"),
        (_rows(*[Row("", "x")] * 31), "section-0-title", "Paling banyak 30 pilihan"),
        (_rows(Row("", "x"), titles=("A", "")), "section-1-title", "Wajib diisi"),
        (_rows(Row("1", "")), "section-0-row-0-title", "Wajib diisi"),
        (_rows(Row("", "x", "y" * 121)), "section-0-row-0-description", "Paling banyak 120"),
        (_rows(Row("1", "x"), Row("1", "y")), "section-0-row-1-id", "ID ini sudah dipakai"),
    ],
)
def test_what_will_not_do(app: Flask, draft: Draft, name: str, sentence: str) -> None:
    with app.test_request_context():
        assert sentence in builder_form.problems(draft)[name]


@pytest.mark.parametrize("target", ["081234567890", "+62 812-3456-7890", "147", "[[cs_phone]]"])
def test_numbers_people_may_call(app: Flask, target: str) -> None:
    with app.test_request_context():
        assert builder_form.problems(_buttons(URL, kind="call", target=target)) == {}


def test_a_place_may_stand_where_an_address_is_wanted(app: Flask) -> None:
    assert builder_form.problems(_buttons(URL, target="[[portal]]/me")) == {}


ABC = replace(GOOD, buttons=(Choice(text="a"), Choice(text="b"), Choice(text="c")))
TWO = replace(LIST, sections=(Section("A", (Row("1", "x"), Row("2", "y"))), Section("B")))


@pytest.mark.parametrize(
    ("wanted", "texts", "focus"),
    [
        ("button-add", ["a", "b", "c", ""], "button-3-text"),
        ("button-drop-1", ["a", "c"], "button-1-text"),
        ("button-drop-2", ["a", "b"], "button-1-text"),
        ("button-up-1", ["b", "a", "c"], "button-0-up"),
        ("button-down-1", ["a", "c", "b"], "button-2-down"),
        ("button-up-0", ["a", "b", "c"], "button-0-up"),
        ("button-down-9", ["a", "b", "c"], "button-2-down"),
        ("button-drop-x", ["a", "b", "c"], "button-2-text"),
        ("stay", ["a", "b", "c"], ""),
        ("nothing-known-0", ["a", "b", "c"], ""),
    ],
)
def test_buttons_move(wanted: str, texts: list[str], focus: str) -> None:
    made, place = builder_form.changed(ABC, wanted)
    assert ([one.text for one in made.buttons], place) == (texts, focus)


def test_there_is_an_end_to_adding() -> None:
    full = replace(GOOD, buttons=GOOD.buttons * 10)
    assert builder_form.changed(full, "button-add")[0] == full


@pytest.mark.parametrize(
    ("wanted", "shape", "focus"),
    [
        ("section-add", {"A": "xy", "B": "", "": "-"}, "section-2-title"),
        ("section-up-1", {"B": "", "A": "xy"}, "section-0-up"),
        ("section-drop-0", {"B": ""}, "section-0-title"),
        ("row-add-1", {"A": "xy", "B": "-"}, "section-1-row-0-title"),
        ("row-add-0", {"A": "xy-", "B": ""}, "section-0-row-2-title"),
        ("row-down-0-0", {"A": "yx", "B": ""}, "section-0-row-1-down"),
        ("row-drop-0-1", {"A": "x", "B": ""}, "section-0-row-0-title"),
        ("row-drop-7-1", {"A": "xy", "B": ""}, ""),
    ],
)
def test_sections_and_rows_move(wanted: str, shape: dict[str, str], focus: str) -> None:
    made, place = builder_form.changed(TWO, wanted)
    found = {one.title: "".join(row.title or "-" for row in one.rows) for one in made.sections}
    assert (found, place) == (shape, focus)


@given(st.dictionaries(st.text(max_size=12) | st.sampled_from([*fields(TWO)]), typed), typed)
def test_no_form_data_breaks_it(form: dict[str, str], wanted: str) -> None:
    draft = builder_form.read(form)
    builder_form.changed(draft, wanted)
    builder_form.problems(draft)
    assert wablock.parse(builder.written(draft)) is not None or not draft.body
