"""A block in plain words, for services that carry only text."""

import json
from collections.abc import Iterator

from portal.core.wablock.model import SPACE, Block, Button, Interactive, Row


def fallback_text(block: Block) -> str:
    """The text PHPNuxBill would send where only text goes: text, body, message, then the
    interactive part's; the first that is not empty, trimmed. May be empty."""
    return next((words.strip(SPACE) for words in _top_words(block) if words), "") or (
        ((block.interactive and block.interactive.text) or "").strip(SPACE)
    )


def spelled_out(block: Block, media: bool = False) -> str:
    """All the words of a message, with what its buttons lead to as lines. May be empty.

    `media`: its header file travels with it, so that the link to it is not needed.
    """
    said: list[str] = []
    parts = [*_top_words(block)]
    if block.interactive is not None:
        parts += interactive_words(block.interactive, media=media)
    for part in parts:
        part = part.strip(SPACE)
        # Words outside a block are often the same message again, for those without buttons.
        if part and not any(says(before, part) for before in said):
            said.append(part)
    return "\n\n".join(said)


def says(text: str, words: str) -> bool:
    """Whether a text has those words already, as lines of their own."""
    return f"\n{words}\n" in f"\n{text}\n"


def interactive_words(interactive: Interactive, *, media: bool = False) -> Iterator[str]:
    """The paragraphs of an interactive part, in the order they are read."""
    yield interactive.header_text or ""
    yield interactive.text or ""
    yield "" if media else interactive.header_media or ""
    yield interactive.title or ""
    for section in interactive.sections:
        yield "\n".join(filter(None, (section.title, *(_row_line(row) for row in section.rows))))
    yield "\n".join(filter(None, (button_line(button) for button in interactive.buttons)))
    yield interactive.footer or ""


def _top_words(block: Block) -> Iterator[str]:
    yield block.text or ""
    body, message = block.extra.get("body"), block.extra.get("message")
    if isinstance(message, dict):
        message = message.get("conversation")
    for words in (body, message):
        yield words if isinstance(words, str) else ""


def _row_line(row: Row) -> str:
    title = row.title or row.id
    words = ": ".join(filter(None, (title, row.description)))
    return f"• {words}" if words else ""


def button_line(button: Button) -> str:
    """A button as a line: what it says, and where it leads."""
    if button.kind == "flow":
        return _flow_line(button)
    if target := button.url or button.phone or button.code:
        return f"{button.text}: {target}" if button.text not in {"", target} else target
    words = (button.text or button.id).replace("|", " ")
    return f"• {words}" if words.strip(SPACE) else ""


def _flow_line(button: Button) -> str:
    try:
        params = json.loads(button.params)
    except (ValueError, RecursionError):
        params = None
    if not isinstance(params, dict):
        return ""
    names = ("display_text", "url", "phone_number", "copy_code")
    return ": ".join(str(params[name]) for name in names if params.get(name))
