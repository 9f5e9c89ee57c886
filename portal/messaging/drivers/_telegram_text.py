"""Our words as Telegram wants them: HTML that always parses, and the buttons below a message.

WhatsApp's marks (*bold*, _italic_, ~struck~, ```fixed```) become tags, everything else is
escaped: whatever a customer is called, no message has a broken or a foreign tag. Pure.
"""

import html as markup
import re
from dataclasses import replace
from typing import Any

from portal.core.wablock import Block, Button, Row, Section, spelled_out

TAGS = {"*": "b", "_": "i", "~": "s"}
_FIXED = re.compile(r"```(.+?)```", re.DOTALL)
# An address keeps its underscores; a mark opens after a space or a sign, closes before one.
_MARKED = re.compile(
    r"(?P<url>https?://[^\s*~]+)"
    r"|(?<![\w\u2060])(?P<mark>[*_~])(?![\s*_~])(?P<inner>[^\n]*?)(?<![\s])(?P=mark)(?!\w)"
)
LONGEST_DATA = 64
"""Bytes a button may carry back."""
LONGEST_COPY = 256
_WEB = re.compile(r"https?://", re.IGNORECASE)


def html(text: str) -> str:
    """The text as Telegram's HTML."""
    clean = text.replace("\0", "").encode("utf-8", "replace").decode()
    parts = _FIXED.split(clean)
    return "".join(
        f"<pre>{_escaped(part)}</pre>" if number % 2 else _marked(part, frozenset(TAGS))
        for number, part in enumerate(parts)
    )


def _marked(text: str, marks: frozenset[str]) -> str:
    """Each mark at most once on the way in, so nesting ends."""
    made, begin = [], 0
    for found in _MARKED.finditer(text):
        made.append(_escaped(text[begin : found.start()]))
        mark, inner = found["mark"], found["inner"]
        if mark in marks and inner:
            made.append(f"<{TAGS[mark]}>{_marked(inner, marks - {mark})}</{TAGS[mark]}>")
        else:
            made.append(_escaped(found[0]))
        begin = found.end()
    return "".join([*made, _escaped(text[begin:])])


def _escaped(text: str) -> str:
    return markup.escape(text, quote=False)


def words(text: str, block: Block | None, *, media: bool) -> str:
    """What is said above the buttons: a block without what becomes a button, else the text."""
    if block is None or block.interactive is None:
        return text
    left = replace(
        block.interactive,
        buttons=tuple(one for one in block.interactive.buttons if _button(one) is None),
        sections=tuple(_explained(section) for section in block.interactive.sections),
    )
    return spelled_out(replace(block, interactive=left), media=media)


def _explained(section: Section) -> Section:
    """Rows that are no button, or say more than one can."""
    rows = tuple(row for row in section.rows if row.description or _row(row) is None)
    return Section(section.title if rows else "", rows)


def keyboard(block: Block | None) -> dict[str, Any] | None:
    """The buttons below a message, one a line; None without any."""
    if block is None or block.interactive is None:
        return None
    rows = [row for section in block.interactive.sections for row in section.rows]
    made = [*map(_row, rows), *map(_button, block.interactive.buttons)]
    lines = [[one] for one in made if one is not None]
    return {"inline_keyboard": lines} if lines else None


def _row(row: Row) -> dict[str, Any] | None:
    return _pressed(row.title or row.id, row.id or row.title)


def _button(button: Button) -> dict[str, Any] | None:
    """As Telegram has it; None for what it has not."""
    text = button.text.strip()
    if button.kind == "url" and _WEB.match(button.url):
        return {"text": text or button.url, "url": button.url}
    if button.kind == "copy" and 0 < len(button.code) <= LONGEST_COPY:
        return {"text": text or button.code, "copy_text": {"text": button.code}}
    if button.kind in {"reply", "quick"}:
        return _pressed(text or button.id, button.id or text)
    return None


def _pressed(text: str, data: str) -> dict[str, Any] | None:
    size = len(data.encode("utf-8", "replace"))
    return {"text": text, "callback_data": data} if text and 0 < size <= LONGEST_DATA else None
