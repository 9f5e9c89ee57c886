"""WhatsApp's marks as a phone shows them: a text in, lines of styled pieces out. Pure.

The template prints every piece escaped, so nothing a text holds can become HTML. The cost
grows with the length of the text, not with its square: people paste strange things.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

STYLES = {"*": "b", "_": "i", "~": "s", "`": "code"}
_URL = re.compile(
    r"(?:https?://|\bwww\.|\bwa\.me/)[^\s<>\"'`]*[^\s<>\"'`*_~.,;:!?)\]]",
    re.ASCII | re.IGNORECASE,
)
_LIST = re.compile(r"(?:[-*]|\d{1,3}\.) (?=\S)", re.ASCII)
_FENCE = re.compile(r"```(?=[^`])(.+?)```", re.DOTALL)


@dataclass(frozen=True)
class Piece:
    """Some words in one style; `href` when they are a link."""

    text: str
    styles: tuple[str, ...] = ()
    href: str = ""


@dataclass(frozen=True)
class Line:
    """One line. `shape`: plain, quote, item, block (monospace from edge to edge)."""

    pieces: Sequence[Piece]
    shape: str = "plain"
    marker: str = ""


@dataclass(frozen=True)
class _Row:
    """A line's words, and the stretches in it whose marks are not read: (from, to, what)."""

    text: str
    whole: Sequence[tuple[int, int, str]]


def lines(text: str) -> list[Line]:
    """The whole text. Monospace between three backticks may cross lines, other marks not."""
    return [_line(row) for row in _rows(text)]


def unpaired(text: str) -> list[str]:
    """The marks a reader would see as characters because nothing closes what they open."""
    found: dict[str, None] = {}
    for line in lines(text):
        for piece in line.pieces:
            if piece.href or "code" in piece.styles or line.shape == "block":
                continue
            words = piece.text.replace("```", "")
            found |= dict.fromkeys(["```"] if words != piece.text else [])
            found |= dict.fromkeys(
                mark for at, mark in enumerate(words) if mark in STYLES and _opens(words, at)
            )
    return list(found)


def _rows(text: str) -> Iterator[_Row]:
    """Cut at line ends, also inside monospace."""
    rows: list[list[tuple[str, str]]] = [[]]
    at = 0
    for fence in _FENCE.finditer(text):
        _append(rows, text[at : fence.start()], "")
        _append(rows, fence[1].strip("\n"), "code")
        at = fence.end()
    _append(rows, text[at:], "")
    for row in rows:
        words = "".join(part for part, _what in row)
        whole: list[tuple[int, int, str]] = []
        start = 0
        for part, what in row:
            if what:
                whole.append((start, start + len(part), what))
            else:
                whole += [
                    (start + link.start(), start + link.end(), "link")
                    for link in _URL.finditer(part)
                ]
            start += len(part)
        yield _Row(words, whole)


def _append(rows: list[list[tuple[str, str]]], part: str, what: str) -> None:
    first, *rest = part.split("\n")
    rows[-1].append((first, what))
    rows += [[(line, what)] for line in rest]


def _line(row: _Row) -> Line:
    if row.text and row.whole and row.whole[0] == (0, len(row.text), "code"):
        return Line([Piece(row.text)], "block")
    shape, marker, rest = _without_marker(row)
    return Line(_Reader(rest).styled(0, len(rest.text), ()), shape, marker)


def _without_marker(row: _Row) -> tuple[str, str, _Row]:
    """The shape of a line, the sign before it, and the rest of it."""
    if row.whole and row.whole[0][0] == 0:
        return "plain", "", row
    if row.text.startswith("> "):
        return "quote", "", _from(row, 2)
    sign = _LIST.match(row.text)
    if sign is None:
        return "plain", "", row
    shown = sign[0].strip()
    return "item", "•" if shown in "-*" else shown, _from(row, sign.end())


def _from(row: _Row, at: int) -> _Row:
    moved = [(start - at, end - at, what) for start, end, what in row.whole if start >= at]
    return _Row(row.text[at:], moved)


def _opens(text: str, at: int) -> bool:
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    return not before.isalnum() and bool(after) and not after.isspace() and after != text[at]


def _closes(text: str, at: int) -> bool:
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    return bool(before) and not before.isspace() and not after.isalnum()


class _Reader:
    """Pairs the marks of one line; where they can open and close is looked up once."""

    def __init__(self, row: _Row) -> None:
        self.text, self.whole = row.text, row.whole
        self.starts = [start for start, _end, _what in row.whole]
        self.openers: list[int] = []
        self.closers: dict[str, list[int]] = {mark: [] for mark in STYLES}
        at = 0
        for start, end, _what in [*row.whole, (len(row.text), len(row.text), "")]:
            self._note(at, start)
            at = end

    def _note(self, start: int, end: int) -> None:
        """The marks between two stretches that are not read."""
        for at in range(start, end):
            if self.text[at] in STYLES:
                if _opens(self.text, at):
                    self.openers.append(at)
                if _closes(self.text, at):
                    self.closers[self.text[at]].append(at)

    def styled(self, start: int, end: int, styles: tuple[str, ...]) -> list[Piece]:
        """Read from the left; a mark without its twin is just a character."""
        found: list[Piece] = []
        at = start
        while (pair := self._pair(at, end, styles)) is not None:
            opened, closed = pair
            found += self._plain(at, opened, styles)
            mark = self.text[opened]
            inner = (*styles, STYLES[mark])
            if mark == "`":
                found.append(Piece(self.text[opened + 1 : closed], inner))
            else:
                found += self.styled(opened + 1, closed, inner)
            at = closed + 1
        return found + self._plain(at, end, styles)

    def _pair(self, start: int, end: int, styles: tuple[str, ...]) -> tuple[int, int] | None:
        """The first mark that opens and its nearest twin, at least one character apart."""
        for opened in islice(self.openers, bisect_left(self.openers, start), None):
            if opened >= end:
                return None
            places = self.closers[self.text[opened]]
            number = bisect_left(places, opened + 2)
            free = STYLES[self.text[opened]] not in styles
            if free and number < len(places) and places[number] < end:
                return opened, places[number]
        return None

    def _plain(self, start: int, end: int, styles: tuple[str, ...]) -> list[Piece]:
        """Words in one style, with the links and the monospace among them."""
        found: list[Piece] = []
        for first, last, what in islice(self.whole, bisect_left(self.starts, start), None):
            if first >= end:
                break
            if first > start:
                found.append(Piece(self.text[start:first], styles))
            words = self.text[first:last]
            if what == "link":
                href = words if "://" in words else f"https://{words}"
                found.append(Piece(words, styles, href))
            elif words:
                found.append(Piece(words, (*styles, "code")))
            start = last
        if start < end:
            found.append(Piece(self.text[start:end], styles))
        return found
