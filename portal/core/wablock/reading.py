"""From the text of a message to its block.

Read as PHPNuxBill's senders read it, but nothing a person wrote is lost: words outside a block
and those of a second one are kept, an opened `[text](` without an end takes the rest of its line,
and a missing or stray tag never reaches a customer.
"""

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

from portal.core.wablock.given import NotJson, read_json
from portal.core.wablock.model import (
    SPACE,
    TEMPLATE_KINDS,
    TYPES,
    Block,
    Button,
    Interactive,
    Row,
    Section,
)
from portal.core.wablock.words import spelled_out

_TAG = re.compile(r"\[\[(/?)wa\]\]", re.IGNORECASE)
_GAP = r"[ \t\r\f\v]*"
_BRACKET = re.compile(rf"\[([A-Za-z0-9_]+)\]{_GAP}\((.*)\){_GAP}")
_OPENING = re.compile(rf"\[(?:text|body)\]{_GAP}\((.*)", re.IGNORECASE | re.ASCII)
_PAIR = re.compile(r"([A-Za-z0-9_]+)[:=](.*)")
CLOSING = re.compile(rf"\){_GAP}\Z")
_NUMBER = re.compile(r"[+-]?[0-9]+")
_HUGE = 2**63 - 1
_YES = {"1", "true", "yes"}

# Keys, in lower case, that set one field of the interactive part or of the block.
_INTERACTIVE = {
    "title": "title",
    "buttontext": "button_text",
    "button_text": "button_text",
    "footer": "footer",
    "headertext": "header_text",
    "headermedia": "header_media",
}
_TOP = {
    "to": "to",
    "session_id": "session_id",
    "sessionid": "session_id",
    "thread_id": "thread_id",
    "threadid": "thread_id",
}


def parse(text: str) -> Block | None:
    """The block in a message text, or None when it is plain text (also JSON of another sort)."""
    text = text.strip(SPACE)
    if text[:1] in {"{", "["}:
        try:
            return read_json(text)
        except NotJson:
            pass
    if _TAG.search(text) is None:
        return None
    return _assembled(_pieces(text))


def parse_body(content: str) -> Block:
    """The block of what stands between the tags."""
    reader = _Reader()
    reader.read([line.strip(SPACE) for line in re.split(r"\r?\n", content.strip(SPACE))])
    return reader.block()


def _pieces(text: str) -> list[tuple[bool, str]]:
    """The text in order, cut at its tags: (whether it stood inside a block, the words).

    A block that is never closed goes on to the end; a tag that opens or closes nothing goes.
    """
    pieces: list[tuple[bool, str]] = []
    inside, collected, last = False, "", 0
    for tag in _TAG.finditer(text):
        collected += text[last : tag.start()]
        last = tag.end()
        if bool(tag[1]) is inside:
            pieces.append((inside, without_tags(collected)))
            inside, collected = not inside, ""
    pieces.append((inside, without_tags(collected + text[last:])))
    return pieces


def without_tags(text: str) -> str:
    """The text without any tag, nor one that taking tags out would leave."""
    while _TAG.search(text):
        text = _TAG.sub("", text)
    return text


def _assembled(pieces: list[tuple[bool, str]]) -> Block:
    """The first block that says something, with everything around it as its text."""
    main: Block | None = None
    outside = ""
    for inside, words in pieces:
        if not inside:
            outside += words
            continue
        block = parse_body(words)
        if main is None and block != Block():
            main = block
            own = "" if block.interactive else block.text or ""
        else:
            own = spelled_out(block)
        outside = _next_line(outside, own)
    if main is not None and main.interactive is None and outside.strip(SPACE) == own_words(main):
        return main
    return replace(main or Block(), text=without_tags(outside).strip(SPACE) or None)


def own_words(block: Block) -> str:
    """The words of a block without an interactive part, trimmed."""
    return (block.text or "").strip(SPACE)


def _next_line(before: str, words: str) -> str:
    if words and before and not before.endswith("\n"):
        before += "\n"
    return before + words + ("\n" if words else "")


@dataclass
class _Reader:
    """Reads the lines of one block."""

    words: list[str] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    top: dict[str, Any] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    def read(self, lines: list[str]) -> None:
        index = 0
        ends = [number for number, line in enumerate(lines) if CLOSING.search(line)]
        while index < len(lines):
            line = lines[index]
            opened = None if _BRACKET.fullmatch(line) else _OPENING.fullmatch(line)
            if opened is None:
                self._line(line)
            else:
                first = opened[1].strip(SPACE)
                while ends and ends[0] <= index:
                    ends.pop(0)
                if ends:
                    last = CLOSING.sub("", lines[ends[0]])
                    first = "\n".join([first, *lines[index + 1 : ends[0]], last])
                    index = ends[0]
                self._say(first)
            index += 1

    def _say(self, words: str) -> None:
        if words:
            self.words.append(words)

    def _line(self, line: str) -> None:
        if not line:
            if self.words:
                self.words.append("")
            return
        if line.startswith("#"):
            return
        found = _BRACKET.fullmatch(line) or _PAIR.fullmatch(line)
        if found is None or not self._key(found[1].lower(), found[2].strip(SPACE)):
            self.words.append(line)

    def _key(self, key: str, value: str) -> bool:
        """Whether the key is one, with a value that will do."""
        if key in {"text", "body"}:
            self._say(value)
        elif key == "type":
            if lowered(value) not in TYPES:
                return False
            self.fields["type"] = lowered(value)
        elif key in _INTERACTIVE:
            self.fields[_INTERACTIVE[key]] = value
        elif key in _TOP:
            self.top[_TOP[key]] = value
        else:
            return self._rarer_key(key, value)
        return True

    def _rarer_key(self, key: str, value: str) -> bool:
        if key == "headertype":
            self.fields["header_type"] = _integer(value)
        elif key == "section":
            self.sections.append(Section(value))
        elif key == "row":
            self._row(value)
        elif key == "button":
            self._button(value)
        elif key == "requestphonenumber":
            self.top["request_phone_number"] = lowered(value) in _YES
        elif key == "allowemptytext":
            self.top["allow_empty_text"] = lowered(value) in _YES
        else:
            return False
        return True

    def _row(self, value: str) -> None:
        parts = [*_parts(value), "", ""]
        if not self.sections:
            self.sections.append(Section("Menu"))
        section = self.sections[-1]
        self.sections[-1] = replace(section, rows=(*section.rows, Row(*parts[:3])))

    def _button(self, value: str) -> None:
        so_far = self.fields.get("type", "")
        button = read_button(value, so_far)
        if button.kind in TEMPLATE_KINDS and not so_far:
            self.fields["type"] = "template"
        if button != Button("other", ""):
            self.buttons.append(button)

    def block(self) -> Block:
        words = "\n".join(self.words) or None
        if not (self.fields or self.buttons or self.sections):
            return Block(text=words, **self.top)
        values = dict(self.fields)
        if "type" not in values:
            # A template's button has set the type already.
            values["type"] = "list" if self.sections else "buttons" if self.buttons else ""
        interactive = Interactive(
            text=words, buttons=tuple(self.buttons), sections=tuple(self.sections), **values
        )
        return Block(interactive=interactive, **self.top)


def read_button(value: str, so_far: str) -> Button:
    """What a button line means under the type named before it.

    In a buttons message `url|Buka` is an answer whose id happens to be "url".
    """
    parts = _parts(value)
    kind = lowered(parts[0])
    if so_far == "native_flow":
        rest = value.partition("|")[2].strip(SPACE)
        # Parts after the second are ignored, but JSON may hold a bar itself.
        params = rest if _is_json(rest) else [*parts, ""][1]
        return Button("flow", "", id=parts[0], params=params)
    answer = so_far == "buttons" and len(parts) < 3
    if kind in TEMPLATE_KINDS and not answer:
        return _template_button(kind, [*parts[1:], *[""] * 2][:2], len(parts))
    if so_far == "template":
        return Button("other", value)
    return Button("reply", parts[1] if len(parts) > 1 else parts[0], id=parts[0])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _template_button(kind: str, rest: list[str], said: int) -> Button:
    first, second = rest
    if kind == "quick":
        return Button(kind, second if said > 2 else first, id=first)
    name = {"url": "url", "call": "phone", "copy": "code"}[kind]
    return Button(kind, first, **{name: second})


def _parts(value: str) -> list[str]:
    return [part.strip(SPACE) for part in value.split("|")]


def lowered(text: str) -> str:
    """Lower case of ASCII letters only, so that no foreign letter turns into a keyword."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _integer(value: str) -> int:
    """Leading digits; a word is 0."""
    found = _NUMBER.match(value)
    if found is None:
        return 0
    if len(found[0]) > 18:
        return -_HUGE if value.startswith("-") else _HUGE
    return int(found[0])
