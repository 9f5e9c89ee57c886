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


@given(st.dictionaries(st.text(max_size=12) | st.sampled_from([*fields(Draft())]), typed), typed)
def test_no_form_data_breaks_it(form: dict[str, str], wanted: str) -> None:
    draft = builder_form.read(form)
    builder_form.changed(draft, wanted)
    builder_form.problems(draft)
    assert wablock.parse(builder.written(draft)) is not None or not draft.body
