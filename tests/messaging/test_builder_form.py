"""The builder's fields: what may stand in them, in sentences, and moving them about."""

from dataclasses import replace

import pytest
from flask import Flask

from portal.core.wablock import Row, Section
from portal.messaging import builder_form
from portal.messaging.builder import Choice, Draft

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
