"""WhatsApp's marks as a phone shows them: a text in, lines of styled pieces out. Pure.

The template prints every piece escaped, so nothing a text holds can become HTML.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_LIST = re.compile(r"(?:[-*]|\d{1,2}\.) (?=\S)")
STYLES = {"*": "b", "_": "i", "~": "s", "`": "code"}
JOINER = "\u2060"


@dataclass(frozen=True)
class Piece:
    """Some words in one style; `href` when they are a link."""

    text: str
    styles: tuple[str, ...] = ()
    href: str = ""


@dataclass(frozen=True)
class Line:
    """One line. `shape`: plain, quote, item, block (monospace, marks not read)."""

    pieces: Sequence[Piece]
    shape: str = "plain"
    marker: str = ""


def lines(text: str) -> list[Line]:
    """The whole text."""
    found: list[Line] = []
    for number, part in enumerate(text.split("```")):
        fenced = number % 2 == 1 and text.count("```") > number
        rows = part.split("\n")
        if fenced:
            found += [Line([Piece(row)], "block") for row in rows]
        else:
            found += [_line(row) for row in rows]
    return found


def _line(row: str) -> Line:
    if row.startswith("> "):
        return Line(_pieces(row[2:]), "quote")
    marker = _LIST.match(row)
    if marker:
        sign = marker[0].strip()
        return Line(_pieces(row[marker.end() :]), "item", "•" if sign in "-*" else sign)
    return Line(_pieces(row))


def _pieces(row: str) -> list[Piece]:
    found: list[Piece] = []
    at = 0
    for link in _URL.finditer(row):
        found += _styled(row[at : link.start()], ())
        found.append(Piece(link[0], (), link[0]))
        at = link.end()
    return found + _styled(row[at:], ())


def _styled(text: str, styles: tuple[str, ...]) -> list[Piece]:
    """Marks read from the left; a mark without its twin is just a character."""
    for start, mark in enumerate(text):
        if mark not in STYLES or STYLES[mark] in styles or not _opens(text, start):
            continue
        end = _twin(text, start, mark)
        if end is None:
            continue
        inner, style = text[start + 1 : end], (*styles, STYLES[mark])
        middle = [Piece(inner, style)] if mark == "`" else _styled(inner, style)
        return [*_plain(text[:start], styles), *middle, *_styled(text[end + 1 :], styles)]
    return _plain(text, styles)


def _plain(text: str, styles: tuple[str, ...]) -> list[Piece]:
    return [Piece(text.replace(JOINER, ""), styles)] if text else []


def _opens(text: str, at: int) -> bool:
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    return not (before.isalnum() or before == JOINER) and not after.isspace() and after != text[at]


def _twin(text: str, start: int, mark: str) -> int | None:
    for end in range(start + 2, len(text)):
        after = text[end + 1] if end + 1 < len(text) else " "
        closing = text[end] == mark and not text[end - 1].isspace() and text[end - 1] != JOINER
        if closing and not after.isalnum():
            return end
    return None
