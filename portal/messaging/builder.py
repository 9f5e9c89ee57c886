"""A `[[wa]]` block as the fields of a form: read from a text, written back into it.

What the form does not show (recipient, session, words around the block) stays as it was. Typed
fields are read and judged in `builder_form.py`. Pure.
"""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from portal.core import wablock
from portal.core.wablock import Block, Button, Interactive, Row, Section
from portal.core.wablock.reading import parse_body

MODES = ("buttons", "list", "template", "none")
HEADERS = ("none", "text", "image", "video", "document")
KINDS = ("quick", "url", "call", "copy")
_TAG = re.compile(r"\[\[(/?)wa\]\]", re.IGNORECASE)
_HEADER_TYPES = {"text": 1, "image": 2, "video": 3, "document": 4}
_TARGETS = {"url": "url", "call": "phone", "copy": "code"}
# Names of a JSON payload whose loss changes nothing: we fill them ourselves.
_OURS = frozenset({"action", "body", "idempotency_key", "idempotencyKey", "queue", "auto_retry"})
_FLOWS = {"quick_reply": "quick", "cta_url": "url", "cta_call": "call", "cta_copy": "copy"}


@dataclass(frozen=True)
class Choice:
    """A button. `kind`: one of KINDS; `id` counts for quick, `target` (address, number or code)
    for the others. Both are kept whatever the kind, so that changing it loses nothing."""

    kind: str = "quick"
    text: str = ""
    id: str = ""
    target: str = ""


@dataclass(frozen=True)
class Draft:
    """The fields. Those that the mode or the header does not use are kept all the same.

    `source` is the whole text the form was opened with.
    """

    source: str = ""
    mode: str = "buttons"
    body: str = ""
    header: str = "none"
    header_text: str = ""
    header_media: str = ""
    footer: str = ""
    title: str = ""
    button_text: str = ""
    buttons: tuple[Choice, ...] = (Choice(),)
    sections: tuple[Section, ...] = (Section("", (Row("", ""),)),)


@dataclass(frozen=True)
class Spot:
    """Where the block stands in a text. `rewritten`: the words around it are in `block.text`."""

    block: Block
    before: str = ""
    after: str = ""
    rewritten: bool = False


def find(text: str) -> Spot:
    """The block of a text; plain words are a block that only has them."""

    parsed = wablock.parse(text)
    if parsed is not None and parsed.given is not None:
        return Spot(_without_json(parsed), rewritten=True)
    tags = list(_TAG.finditer(text))
    if len(tags) == 2 and [tag[1] for tag in tags] == ["", "/"]:
        first, last = tags
        inside = parse_body(text[first.end() : last.start()])
        return Spot(inside, text[: first.start()], text[last.end() :])
    return Spot(parsed or Block(text=text.strip()), rewritten=True)


def opened(text: str) -> Draft:
    """The form filled with what a text says."""
    block = find(text).block
    inner = block.interactive
    if inner is None:
        return Draft(source=text, body=block.text or "")
    buttons = tuple(filter(None, map(choice_of, inner.buttons)))
    return Draft(
        source=text,
        mode=_mode(inner, buttons),
        body=inner.text or "",
        header=_header(inner),
        header_text=inner.header_text or "",
        header_media=inner.header_media or "",
        footer=inner.footer or "",
        title=inner.title or "",
        button_text=inner.button_text or "",
        buttons=buttons or Draft.buttons,
        sections=inner.sections or Draft.sections,
    )


def block_of(draft: Draft) -> Block:
    """The block the form describes, with what it does not show."""
    old = find(draft.source).block
    outside = old.text if old.interactive else None
    return replace(old, text=outside, interactive=interactive(draft))


def written(draft: Draft) -> str:
    """The text the form was opened with, with its block in the place of the old one."""
    spot = find(draft.source)
    block = block_of(draft)
    if spot.rewritten:
        return wablock.write(block)
    return spot.before + wablock.write(block) + spot.after


def interactive(draft: Draft) -> Interactive:
    """What makes the message more than text; only what the mode and the header use."""
    made = Interactive(
        type="" if draft.mode == "none" else draft.mode,
        text=draft.body or None,
        footer=draft.footer or None,
        header_type=_HEADER_TYPES.get(draft.header),
    )
    if draft.header == "text":
        made = replace(made, header_text=draft.header_text or None)
    elif draft.header != "none":
        made = replace(made, header_media=draft.header_media or None)
    if draft.mode == "list":
        made = replace(
            made,
            title=draft.title or None,
            button_text=draft.button_text or None,
            sections=draft.sections,
        )
    elif draft.mode != "none":
        made = replace(made, buttons=tuple(_button(c, draft.mode) for c in draft.buttons))
    return made


def numbered(draft: Draft) -> Draft:
    """With an id for every answer and row that has none."""
    used = {choice.id for choice in draft.buttons}
    buttons = []
    for choice in draft.buttons:
        if choice.kind == "quick" or draft.mode == "buttons":
            choice = replace(choice, id=choice.id or _free(used))
        buttons.append(choice)
    used = {row.id for section in draft.sections for row in section.rows}
    sections = [
        replace(one, rows=tuple(replace(row, id=row.id or _free(used)) for row in one.rows))
        for one in draft.sections
    ]
    return replace(draft, buttons=tuple(buttons), sections=tuple(sections))


def filled(draft: Draft) -> Draft:
    """Without buttons and rows in which nothing stands yet."""
    buttons = tuple(one for one in draft.buttons if one.text or one.id or one.target)
    sections = [
        replace(one, rows=tuple(row for row in one.rows if row.title or row.id))
        for one in draft.sections
    ]
    return replace(draft, buttons=buttons, sections=tuple(sections))


def lost(text: str) -> list[str]:
    """What of a text's block the form cannot hold: it goes when the form is used."""
    given = wablock.parse(text)
    if given is None:
        return []
    kept = _strings(interactive(opened(text)))
    said = _strings(given.interactive) if given.interactive else []
    missing = [words for words in said if words not in kept]
    extra = [name for name, value in given.extra.items() if value and name not in _OURS]
    return [*dict.fromkeys(missing), *extra]


def _strings(inner: Interactive) -> list[str]:
    """Every word of a block, those of a flow's parameters too."""
    found: list[str] = []
    for button in inner.buttons:
        if (choice := choice_of(button)) and button.kind == "flow":
            found += [choice.text, choice.target or choice.id]
        else:
            replace(inner, buttons=(button,), sections=()).mapped(_into(found))
    replace(inner, buttons=()).mapped(_into(found))
    return [words.strip() for words in found if words.strip()]


def _into(found: list[str]) -> Any:
    def note(words: str) -> str:
        found.append(words)
        return words

    return note


def _free(used: set[str]) -> str:
    number = 1
    while str(number) in used:
        number += 1
    used.add(str(number))
    return str(number)


def _without_json(block: Block) -> Block:
    """A payload as a block people can edit: its words are the interactive part's own, unless
    that has some."""
    outside = block.text or _said(block.extra.get("body")) or _said(block.extra.get("message"))
    inner = block.interactive
    if inner is not None and not inner.text:
        inner, outside = replace(inner, text=outside or None), ""
    return replace(block, text=outside or None, interactive=inner, extra={}, given=None)


def _said(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("conversation")
    return value if isinstance(value, str) else ""


def _mode(inner: Interactive, buttons: tuple[Choice, ...]) -> str:
    if inner.type == "list" or (inner.sections and not buttons):
        return "list"
    if not buttons:
        return inner.type if inner.type in MODES else "none"
    plain = all(choice.kind == "quick" for choice in buttons)
    return "buttons" if plain and inner.type not in {"template", "native_flow"} else "template"


def _header(inner: Interactive) -> str:
    if inner.header_media or inner.header_type in {2, 3, 4}:
        return inner.media_kind
    return "text" if inner.header_text else "none"


def choice_of(button: Button) -> Choice | None:
    """A block's button as the form has it; None for what is no button the form knows."""
    if button.kind in {"reply", "quick"}:
        return Choice("quick", button.text, button.id)
    if name := _TARGETS.get(button.kind):
        return Choice(button.kind, button.text, target=getattr(button, name))
    return _from_flow(button) if button.kind == "flow" else None


def _from_flow(button: Button) -> Choice | None:
    """A native flow's button as the plain one it is."""
    try:
        params = json.loads(button.params)
    except (ValueError, RecursionError):
        return None
    kind = _FLOWS.get(button.id)
    if kind is None or not isinstance(params, dict):
        return None
    names = ("display_text", "id", "url", "phone_number", "copy_code")
    text, own_id, url, phone, code = (_said(params.get(name)) for name in names)
    target = {"quick": "", "url": url, "call": phone, "copy": code}[kind]
    return Choice(kind, text, own_id if kind == "quick" else "", target)


def _button(choice: Choice, mode: str) -> Button:
    if mode == "buttons":
        return Button("reply", choice.text, id=choice.id)
    if choice.kind == "quick":
        return Button("quick", choice.text, id=choice.id)
    return Button(choice.kind, choice.text, **{_TARGETS[choice.kind]: choice.target})
