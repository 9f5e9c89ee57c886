"""What people type into the builder's fields: read, moved about, judged. Pure; sentences for them.

The limits are those of the form, wide enough for every gateway; what a channel shows of a block
is said beside the preview (`channel_view.py`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from flask_babel import gettext as _

from portal.core.phone import InvalidPhone, PhoneNumber
from portal.core.wablock import Row, Section
from portal.messaging import text_checks
from portal.messaging.builder import HEADERS, KINDS, MODES, Choice, Draft
from portal.messaging.text_values import clean, paragraphs

MOST = {"buttons": 10, "sections": 10, "rows": 30}
LONGEST = {
    "header_text": 60,
    "header_media": 1000,
    "footer": 60,
    "title": 60,
    "button_text": 40,
    "text": 40,
    "id": 200,
    "target": 1000,
    "row": 60,
    "description": 120,
}
_FIELD = re.compile(r"(button|section)-(\d{1,2})-(?:row-(\d{1,2})-)?\w+")
_WEB = re.compile(r"(?:https?://[^\s/?#]|\[\[)\S*", re.IGNORECASE)
T = TypeVar("T")


def read(form: Mapping[str, str]) -> Draft:
    """The fields as they were typed, made clean: one line each but the body, nothing hidden."""
    buttons, sections = _indices(form)
    return Draft(
        source=form.get("source", "").replace("\r\n", "\n"),
        mode=_one_of(form.get("mode"), MODES),
        body=_body(form.get("text", "")),
        header=_one_of(form.get("header"), HEADERS),
        header_text=_line(form, "header_text"),
        header_media=_line(form, "header_media"),
        footer=_line(form, "footer"),
        title=_line(form, "title"),
        button_text=_line(form, "button_text"),
        buttons=tuple(_read_choice(form, f"button-{n}-") for n in buttons),
        sections=tuple(
            Section(
                _line(form, f"section-{n}-title"),
                tuple(_read_row(form, f"section-{n}-row-{m}-") for m in sorted(rows)),
            )
            for n, rows in sections.items()
        ),
    )


def _indices(form: Mapping[str, str]) -> tuple[list[int], dict[int, set[int]]]:
    """Which buttons there are, and which rows in which sections, in order."""
    buttons: set[int] = set()
    sections: dict[int, set[int]] = {}
    for name in form:
        found = _FIELD.fullmatch(name)
        if found is None:
            continue
        if found[1] == "button":
            buttons.add(int(found[2]))
            continue
        rows = sections.setdefault(int(found[2]), set())
        if found[3]:
            rows.add(int(found[3]))
    return sorted(buttons), dict(sorted(sections.items()))


def _read_choice(form: Mapping[str, str], at: str) -> Choice:
    return Choice(
        _one_of(form.get(f"{at}kind"), KINDS),
        *(_line(form, at + name) for name in ("text", "id", "target")),
    )


def _read_row(form: Mapping[str, str], at: str) -> Row:
    return Row(*(_line(form, at + name) for name in ("id", "title", "description")))


def _line(form: Mapping[str, str], name: str) -> str:
    return clean(form.get(name, ""))


def _body(typed: str) -> str:
    """Lines without what the format drops anyway: spaces at their edges."""
    return "\n".join(line.strip() for line in paragraphs(typed).split("\n")).strip()


def _one_of(typed: str | None, known: tuple[str, ...]) -> str:
    return typed if typed in known else known[0]


def changed(draft: Draft, wanted: str) -> tuple[Draft, str]:
    """The form after a press of add, drop, up or down, such as `row-up-0-2`; and the field that
    should have the cursor then."""
    what, _dash, rest = wanted.partition("-")
    act, *numbers = rest.split("-")
    at = [int(number) for number in numbers if number.isdigit()]
    if what == "button":
        made, place = _act(draft.buttons, act, at[:1], Choice(), MOST["buttons"])
        return replace(draft, buttons=made), _focus("button", act, place, "text")
    if what == "section":
        fresh = Section("", (Row("", ""),))
        some, place = _act(draft.sections, act, at[:1], fresh, MOST["sections"])
        return replace(draft, sections=some), _focus("section", act, place, "title")
    if what == "row" and at and at[0] < len(draft.sections):
        section = draft.sections[at[0]]
        rows, place = _act(section.rows, act, at[1:2], Row("", ""), MOST["rows"])
        sections = list(draft.sections)
        sections[at[0]] = replace(section, rows=rows)
        focus = _focus(f"section-{at[0]}-row", act, place, "title")
        return replace(draft, sections=tuple(sections)), focus
    return draft, ""


def _act(items: tuple[T, ...], act: str, at: list[int], new: T, most: int) -> tuple[Any, int]:
    """One more, one less, or two exchanged; where the eye should go."""
    found = list(items)
    place = at[0] if at else len(found)
    if act == "add" and len(found) < most:
        return (*found, new), len(found)
    if place >= len(found):
        return items, len(found) - 1
    if act == "drop":
        del found[place]
        return tuple(found), min(place, len(found) - 1)
    other = place + {"up": -1, "down": 1}.get(act, 0)
    if 0 <= other < len(found):
        found[place], found[other] = found[other], found[place]
        return tuple(found), other
    return items, place


def _focus(group: str, act: str, place: int, name: str) -> str:
    """Moving goes on with the same key; else the next thing to type."""
    if place < 0:
        return ""
    return f"{group}-{place}-{act if act in {'up', 'down'} else name}"


def problems(draft: Draft) -> dict[str, str]:
    """What will not do, by field, in sentences."""
    found: dict[str, str] = {}
    for name, sentence in (
        *_about_words(draft),
        *_about_header(draft),
        *(_about_list(draft) if draft.mode == "list" else ()),
        *(_about_buttons(draft) if draft.mode in {"buttons", "template"} else ()),
    ):
        found.setdefault(name, sentence)
    return found


Found = Iterator[tuple[str, str]]


def _about_words(draft: Draft) -> Found:
    if not draft.body:
        yield "text", _("Isi pesan wajib diisi.")
    elif text_checks.holds_tag(draft.body):
        yield "text", _tag()
    elif len(draft.body) > text_checks.LONGEST:
        yield "text", _("Paling banyak %(limit)s huruf.", limit=text_checks.LONGEST)
    yield from _fits("footer", draft.footer)
    if draft.mode == "none" and draft.header == "none":
        yield "header", _("Tanpa tombol, pilih kepala pesan; atau tulis pesannya tanpa formulir.")


def _about_header(draft: Draft) -> Found:
    if draft.header == "none":
        return
    if draft.header == "text":
        yield from _fits("header_text", draft.header_text, needed=True)
        return
    yield from _fits("header_media", draft.header_media, needed=True)
    if not _WEB.fullmatch(draft.header_media):
        yield "header_media", _("Alamat berkas harus diawali https:// dan tanpa spasi.")


def _about_buttons(draft: Draft) -> Found:
    if not draft.buttons:
        yield "buttons", _("Tambahkan paling sedikit satu tombol.")
    if len(draft.buttons) > MOST["buttons"]:
        yield "buttons", _("Paling banyak %(limit)s tombol.", limit=MOST["buttons"])
    ids: list[str] = []
    for number, choice in enumerate(draft.buttons):
        at = f"button-{number}-"
        yield from _fits(f"{at}text", choice.text, "text", needed=True, part=True)
        if draft.mode == "buttons" or choice.kind == "quick":
            yield from _about_id(f"{at}id", choice.id, ids)
        else:
            yield from _about_target(f"{at}target", choice)


def _about_target(name: str, choice: Choice) -> Found:
    yield from _fits(name, choice.target, "target", needed=True, part=True)
    if choice.kind == "url" and not _WEB.fullmatch(choice.target):
        yield name, _("Alamat harus diawali https:// dan tanpa spasi.")
    if choice.kind == "call" and "[[" not in choice.target and not _is_phone(choice.target):
        yield name, _("Nomor telepon tidak sah. Contoh: 081234567890.")


def _is_phone(typed: str) -> bool:
    try:
        PhoneNumber.parse(typed)
    except InvalidPhone:
        # Service numbers are short, or begin with 0800 or 1500.
        return re.fullmatch(r"\d{3,12}", typed) is not None
    return True


def _about_list(draft: Draft) -> Found:
    yield from _fits("title", draft.title)
    yield from _fits("button_text", draft.button_text)
    if not draft.sections:
        yield "sections", _("Tambahkan paling sedikit satu bagian dengan satu pilihan.")
    if len(draft.sections) > MOST["sections"]:
        yield "sections", _("Paling banyak %(limit)s bagian.", limit=MOST["sections"])
    ids: list[str] = []
    for number, section in enumerate(draft.sections):
        at = f"section-{number}-"
        several = len(draft.sections) > 1
        yield from _fits(f"{at}title", section.title, "title", needed=several)
        if not section.rows:
            yield f"{at}title", _("Bagian ini belum punya pilihan.")
        if len(section.rows) > MOST["rows"]:
            yield f"{at}title", _("Paling banyak %(limit)s pilihan.", limit=MOST["rows"])
        for index, row in enumerate(section.rows):
            yield from _about_row(f"{at}row-{index}-", row, ids)


def _about_row(at: str, row: Row, ids: list[str]) -> Found:
    yield from _fits(f"{at}title", row.title, "row", needed=True, part=True)
    yield from _fits(f"{at}description", row.description, "description", part=True)
    yield from _about_id(f"{at}id", row.id, ids)


def _about_id(name: str, own_id: str, seen: list[str]) -> Found:
    """An empty one is filled in later."""
    yield from _fits(name, own_id, "id", part=True)
    if own_id and own_id in seen:
        yield name, _("ID ini sudah dipakai. Tiap pilihan perlu ID sendiri.")
    seen.append(own_id)


def _fits(
    name: str, typed: str, limit: str = "", *, needed: bool = False, part: bool = False
) -> Found:
    """`part`: it shares its line with others, which `|` separates."""
    most = LONGEST[limit or name]
    if needed and not typed:
        yield name, _("Wajib diisi.")
    elif len(typed) > most:
        yield name, _("Paling banyak %(limit)s huruf.", limit=most)
    elif text_checks.holds_tag(typed):
        yield name, _tag()
    elif part and "|" in typed:
        yield name, _("Tanda | tidak dapat dipakai di sini.")


def _tag() -> str:
    return _("Jangan menulis [[wa]] di sini; formulir yang menambahkannya.")
