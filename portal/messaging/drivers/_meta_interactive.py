"""A `[[wa]]` block as one of Meta's interactive messages: buttons, a list, one link button.

What Meta would refuse for its size or kind makes no interactive message at all: the caller then
sends the plain words, which spell everything out.
https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages
and its neighbours (November 2026)
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from portal.core.wablock import Block, Button, Interactive, Row, Section, spelled_out

Doc = dict[str, Any]
HEADER, FOOTER, BODY, LONG_BODY = 60, 60, 1024, 4096
TITLE, REPLY_ID, MOST_BUTTONS = 20, 256, 3
ROW_TITLE, ROW_ID, DESCRIPTION, MOST_ROWS, MOST_SECTIONS = 24, 200, 72, 10, 10
CHOOSE = "Pilih"
_FLOWS = {"quick_reply": "quick", "cta_url": "url", "single_select": "list"}


class Unfit(Exception):
    """Not something Meta's interactive messages can carry."""


def interactive(block: Block, media: Doc | None) -> Doc | None:
    """Meta's `interactive` object; None where only plain words will do. `media` is the header
    file as `{"type": "image", "image": {…}}`."""
    inner = block.interactive
    if inner is None:
        return None
    buttons = [_read(button) for button in inner.buttons]
    try:
        if inner.sections and not buttons:
            return _list(block, inner, media)
        if not inner.sections and [button.kind for button in buttons] == ["list"]:
            return _list(block, _flow_list(inner, buttons[0]), media)
        if inner.sections or not buttons:
            return None
        kinds = {button.kind for button in buttons}
        if kinds <= {"reply", "quick"}:
            return _replies(block, inner, buttons, media)
        if kinds == {"url"} and len(buttons) == 1:
            return _link(block, inner, buttons[0], media)
    except Unfit:
        return None
    return None


def _read(button: Button) -> Button:
    """A button of a native flow as the plain kind it is; others as they are."""
    if button.kind != "flow":
        return button
    params = _object(button.params)
    kind = _FLOWS.get(button.id, "other")
    return Button(
        kind,
        _words(params.get("title" if kind == "list" else "display_text")),
        id=_words(params.get("id")),
        url=_words(params.get("url")),
        phone=_words(params.get("phone_number")),
        code=_words(params.get("copy_code")),
        params=button.params,
    )


def _flow_list(inner: Interactive, button: Button) -> Interactive:
    params = _object(button.params)
    if params.get("display_text") or button.url or _elsewhere(button):
        raise Unfit
    sections = []
    for section in _objects(params.get("sections")):
        rows = tuple(
            Row(_words(r.get("id")), _words(r.get("title")), _words(r.get("description")))
            for r in _objects(section.get("rows"))
        )
        sections.append(Section(_words(section.get("title")), rows))
    return replace(
        inner, buttons=(), sections=tuple(sections), button_text=inner.button_text or button.text
    )


def _replies(block: Block, inner: Interactive, buttons: Sequence[Button], media: Doc | None) -> Doc:
    if len(buttons) > MOST_BUTTONS or any(b.url or _elsewhere(b) for b in buttons):
        raise Unfit
    made = [
        {
            "type": "reply",
            "reply": {"id": _fit(b.id or b.text, REPLY_ID), "title": _fit(b.text or b.id, TITLE)},
        }
        for b in buttons
    ]
    _distinct([one["reply"]["id"] for one in made])  # type: ignore[index]
    _distinct([one["reply"]["title"] for one in made])  # type: ignore[index]
    return {"type": "button", **_around(block, inner, media, BODY), "action": {"buttons": made}}


def _link(block: Block, inner: Interactive, button: Button, media: Doc | None) -> Doc:
    if not button.url.lower().startswith(("https://", "http://")) or _elsewhere(button):
        raise Unfit
    parameters = {"display_text": _fit(button.text, TITLE), "url": button.url}
    return {
        "type": "cta_url",
        **_around(block, inner, media, BODY),
        "action": {"name": "cta_url", "parameters": parameters},
    }


def _elsewhere(button: Button) -> str:
    """What else a button leads to: such a one cannot be sent without losing that."""
    return button.phone or button.code


def _list(block: Block, inner: Interactive, media: Doc | None) -> Doc:
    if media is not None:
        raise Unfit  # a list has no room for a file
    sections = [section for section in inner.sections if section.rows]
    rows = [row for section in sections for row in section.rows]
    if not rows or len(rows) > MOST_ROWS or len(sections) > MOST_SECTIONS:
        raise Unfit
    if any(section.title.strip() for section in inner.sections if not section.rows):
        raise Unfit  # a heading over nothing would be lost
    _distinct([row.id or row.title for row in rows])
    made = []
    for section in sections:
        section_made: Doc = {"rows": [_row(row) for row in section.rows]}
        if section.title or len(sections) > 1:
            section_made["title"] = _fit(section.title, ROW_TITLE)
        made.append(section_made)
    action = {"button": _fit(inner.button_text or CHOOSE, TITLE), "sections": made}
    return {"type": "list", **_around(block, inner, None, LONG_BODY), "action": action}


def _row(row: Row) -> Doc:
    made = {"id": _fit(row.id or row.title, ROW_ID), "title": _fit(row.title or row.id, ROW_TITLE)}
    if row.description.strip():
        made["description"] = _fit(row.description, DESCRIPTION)
    return made


def _around(block: Block, inner: Interactive, media: Doc | None, longest: int) -> Doc:
    """Header, body and footer. A header that is no header for Meta joins the body."""
    made: Doc = {}
    title = (inner.header_text or "").strip()
    if media is not None:
        made["header"] = media
    elif title and len(title) <= HEADER and "\n" not in title:
        made["header"] = {"type": "text", "text": title}
    in_header = "header" in made and media is None
    rest = replace(
        inner,
        buttons=(),
        sections=(),
        footer=None,
        header_media=None if media is not None else inner.header_media,
        header_text=None if in_header else inner.header_text,
    )
    made["body"] = {"text": _fit(spelled_out(replace(block, interactive=rest)), longest)}
    if footer := (inner.footer or "").strip():
        made["footer"] = {"text": _fit(footer, FOOTER)}
    return made


def _fit(words: str, longest: int) -> str:
    words = words.strip()
    if not words or len(words) > longest:
        raise Unfit
    return words


def _distinct(words: Sequence[str]) -> None:
    if len(set(words)) != len(words):
        raise Unfit


def _object(text: str) -> Doc:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _objects(value: Any) -> list[Doc]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _words(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
