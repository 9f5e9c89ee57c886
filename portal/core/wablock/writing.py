"""From a block back to the text a person edits; reading it gives the same block again."""

import json
from collections.abc import Iterator
from dataclasses import replace

from portal.core.wablock.model import SPACE, TEMPLATE_KINDS, Block, Button, Interactive
from portal.core.wablock.reading import CLOSING, parse_body, read_button, without_tags


def write(block: Block) -> str:
    """The text of a block. One that was given as JSON is written as JSON.

    A block made otherwise than by reading may hold what the format cannot say (a line break in
    a title, `|` in an id): such a character becomes a space.
    """
    if block.given is not None:
        return json.dumps(block.given, ensure_ascii=False, indent=2)
    lines = [*_head(block.interactive)] if block.interactive else []
    outside = block.text or ""
    if block.interactive is None:
        inner = list(_text_lines(outside))
        if parse_body("\n".join(inner)).text == block.text:
            lines, outside = inner, ""
    lines += _top(block)
    if block.interactive:
        lines += _choices(block.interactive)
    written = "\n".join(["[[wa]]", *lines, "[[/wa]]"])
    return f"{written}\n{without_tags(outside)}" if outside else written


def _head(interactive: Interactive) -> Iterator[str]:
    if interactive.type:
        yield _line("type", interactive.type)
    yield from _text_lines(interactive.text or "")
    for key, value in (
        ("headerType", interactive.header_type),
        ("headerText", interactive.header_text),
        ("headerMedia", interactive.header_media),
        ("footer", interactive.footer),
        ("title", interactive.title),
        ("buttonText", interactive.button_text),
    ):
        if value is not None:
            yield _line(key, str(value))


def _top(block: Block) -> Iterator[str]:
    for key, value in (
        ("to", block.to),
        ("session_id", block.session_id),
        ("thread_id", block.thread_id),
    ):
        if value is not None:
            yield _line(key, value)
    if block.request_phone_number:
        yield _line("requestPhoneNumber", "true")
    if block.allow_empty_text is not None:
        yield _line("allowEmptyText", "true" if block.allow_empty_text else "false")


def _choices(interactive: Interactive) -> Iterator[str]:
    for section in interactive.sections:
        yield _line("section", section.title)
        for row in section.rows:
            parts = [row.id, row.title, row.description]
            yield _line("row", *(parts if row.description else parts[:2]))
    under = interactive.type
    for button in map(_sayable, interactive.buttons):
        parts = _button_parts(button)
        # What a line means depends on the type named before it; the last one named counts.
        needed = next(kind for kind in (under, *_homes(button)) if _reads(button, parts, kind))
        if needed != under:
            yield _line("type", needed)
            under = needed
        # The JSON of a native flow may hold a bar, and is read whole.
        yield _line("button", *parts, last_whole=button.kind == "flow")
    if under != interactive.type:
        yield _line("type", interactive.type)


def _sayable(button: Button) -> Button:
    """The button without what the format cannot say: taking that out may make another word."""
    if button.kind == "other":
        return button  # what was written, bars and all
    said = {name: _clean(getattr(button, name)) for name in ("id", "text", "url", "phone", "code")}
    return replace(button, **said)


def _clean(part: str) -> str:
    return without_tags(part.replace("\n", " ")).replace("|", " ")


def _reads(button: Button, parts: list[str], under: str) -> bool:
    return read_button("|".join(parts), under) == button or under == _homes(button)[-1]


def _homes(button: Button) -> tuple[str, ...]:
    if button.kind in {*TEMPLATE_KINDS, "other"}:
        return ("template",)
    return ("native_flow",) if button.kind == "flow" else ("buttons",)


def _button_parts(button: Button) -> list[str]:
    return {
        "reply": [button.id, button.text],
        "quick": ["quick", button.id, button.text],
        "url": ["url", button.text, button.url],
        "call": ["call", button.text, button.phone],
        "copy": ["copy", button.text, button.code],
        "flow": [button.id, button.params],
        "other": [button.text],
    }[button.kind]


def _line(key: str, *parts: str, last_whole: bool = False) -> str:
    """One line of a key. Whatever would end the line, the part or the block is taken out."""
    clean = [without_tags(part.replace("\n", " ")) for part in parts]
    split = len(clean) - 1 if last_whole else len(clean)
    if len(clean) > 1:
        clean[:split] = [part.replace("|", " ") for part in clean[:split]]
    return f"[{key}]({'|'.join(clean)})"


def _text_lines(text: str) -> Iterator[str]:
    """The lines that say a text: as they are where that reads the same, else as `[text](…)`."""
    if not text:
        return
    lines = without_tags(text).split("\n")
    started = False
    index = 0
    while index < len(lines):
        size = _run(lines, index, started)
        chunk = lines[index : index + size]
        if size > 1:
            yield "[text](" + "\n".join(chunk) + ")"
        elif not chunk[0] or parse_body(chunk[0]) == Block(text=chunk[0]):
            yield chunk[0]
        else:
            yield _line("text", chunk[0])
        started = True
        index += size
    if not lines[-1]:
        # Empty lines at the end would be trimmed off with the block.
        yield "#"


def _run(lines: list[str], index: int, started: bool) -> int:
    """How many lines must stand together: empty ones before all others, and one that ends with
    a space, which only the end of a longer `[text](…)` can say."""
    size = 1
    if not started and not lines[index]:
        filled = (n for n, line in enumerate(lines[index:]) if line)
        size = next(filled, len(lines) - index - 1) + 1
    last, following = lines[index + size - 1], lines[index + size : index + size + 1]
    trailing = following and following[0] != following[0].rstrip(SPACE)
    joins = trailing and last == last.rstrip(SPACE) and not CLOSING.search(last)
    return size + 1 if joins else size
