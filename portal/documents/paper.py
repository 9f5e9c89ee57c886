"""From rows of words to the bytes of a PDF, on A4 or on an 80 mm roll. Pure; knows no invoices.

The same rows give the same bytes: no dates, no random ids, fonts cut down in the order of the
text. Text is only ever drawn, never read as markup, so nothing in a name can matter.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from portal.documents.lettering import BOLD, PLAIN, drawable, one_at_a_time, width_of, wrapped

MM = 72 / 25.4
COLOURS = {"black": "#111111", "grey": "#5a6270", "green": "#1a7f37", "red": "#b42318"}
LEADING = 1.3
GAP = 12.0


@dataclass(frozen=True)
class Paper:
    """A size in points. Without `height` the paper is as long as what is on it."""

    key: str
    width: float
    height: float | None
    margin: float
    size: float

    @property
    def narrow(self) -> bool:
        return self.height is None

    @property
    def inner(self) -> float:
        return self.width - 2 * self.margin


A4 = Paper("a4", 210 * MM, 297 * MM, 16 * MM, 10)
ROLL = Paper("80", 80 * MM, None, 4 * MM, 8.5)
PAPERS = {paper.key: paper for paper in (A4, ROLL)}


@dataclass(frozen=True)
class Words:
    """Text over as many lines as it needs. `size` is relative, `above` in points."""

    text: str
    size: float = 1.0
    bold: bool = False
    align: str = "left"
    colour: str = "black"
    above: float = 0.0


@dataclass(frozen=True)
class Pair:
    """A name on the left and a value on the right."""

    left: str
    right: str
    size: float = 1.0
    bold: bool = False
    above: float = 2.0


@dataclass(frozen=True)
class Rule:
    """A line across, with air around it."""

    above: float = 6.0


@dataclass(frozen=True)
class Picture:
    """An image within this box (points)."""

    data: bytes = field(repr=False)
    most_width: float = 150.0
    most_height: float = 50.0
    align: str = "left"


@dataclass(frozen=True)
class Columns:
    """Two stacks side by side; one under the other on narrow paper."""

    left: Sequence[Any]
    right: Sequence[Any]


Row = Words | Pair | Rule | Picture | Columns


@dataclass
class _Piece:
    """What stays together: its height, and what is drawn where (x, y down from its top)."""

    height: float
    texts: list[tuple[float, float, str, str, float, str]] = field(default_factory=list)
    rules: list[tuple[float, float, float]] = field(default_factory=list)
    pictures: list[tuple[float, float, float, float, bytes]] = field(default_factory=list)

    def shifted(self, down: float) -> "_Piece":
        return _Piece(
            self.height,
            [(x, y + down, *rest) for x, y, *rest in self.texts],  # type: ignore[misc]
            [(x, y + down, width) for x, y, width in self.rules],
            [(x, y + down, *rest) for x, y, *rest in self.pictures],  # type: ignore[misc]
        )


def _place(row: Row, paper: Paper, x: float, room: float) -> Iterator[_Piece]:
    if isinstance(row, Words):
        yield from _words(row, paper, x, room)
    elif isinstance(row, Pair):
        yield from _pair(row, paper, x, room)
    elif isinstance(row, Rule):
        yield _Piece(row.above * 2, rules=[(x, row.above, room)])
    elif isinstance(row, Picture):
        yield _picture(row, x, room)
    elif paper.narrow:
        for one in (*row.left, *row.right):
            yield from _place(one, paper, x, room)
    else:
        half = (room - GAP) / 2
        stacks = (
            _stacked(row.left, paper, x, half),
            _stacked(row.right, paper, x + half + GAP, half),
        )
        yield _side_by_side(*stacks)


def _stacked(rows: Sequence[Row], paper: Paper, x: float, room: float) -> _Piece:
    whole = _Piece(0)
    for row in rows:
        for piece in _place(row, paper, x, room):
            whole = _joined(whole, piece.shifted(whole.height), whole.height + piece.height)
    return whole


def _side_by_side(left: _Piece, right: _Piece) -> _Piece:
    return _joined(left, right, max(left.height, right.height))


def _joined(one: _Piece, other: _Piece, height: float) -> _Piece:
    return _Piece(
        height,
        one.texts + other.texts,
        one.rules + other.rules,
        one.pictures + other.pictures,
    )


def _words(row: Words, paper: Paper, x: float, room: float) -> Iterator[_Piece]:
    font, size = BOLD if row.bold else PLAIN, paper.size * row.size
    above = row.above
    for line in wrapped(row.text, font, size, room):
        free = room - width_of(line, font, size)
        indent = {"left": 0.0, "center": free / 2, "right": free}[row.align]
        baseline = above + size
        text = (x + indent, baseline, line, font, size, row.colour)
        yield _Piece(above + size * LEADING, [text])
        above = 0.0


def _pair(row: Pair, paper: Paper, x: float, room: float) -> Iterator[_Piece]:
    font, size = BOLD if row.bold else PLAIN, paper.size * row.size
    # The value takes what it needs, up to a share that leaves room for its name.
    most = room * (0.62 if row.left else 1.0)
    values = wrapped(row.right, font, size, most)
    taken = max((width_of(value, font, size) for value in values), default=0.0)
    names = wrapped(row.left, font, size, room - taken - GAP / 2)
    above = row.above
    for number in range(max(len(names), len(values))):
        baseline = above + size
        texts = []
        if number < len(names):
            texts.append((x, baseline, names[number], font, size, "black"))
        if number < len(values):
            value = values[number]
            right = x + room - width_of(value, font, size)
            texts.append((right, baseline, value, font, size, "black"))
        yield _Piece(above + size * LEADING, texts)
        above = 0.0


def _picture(row: Picture, x: float, room: float) -> _Piece:
    width, height = ImageReader(io.BytesIO(row.data)).getSize()
    scale = min(row.most_width / width, row.most_height / height, room / width)
    wide, high = width * scale, height * scale
    indent = {"left": 0.0, "center": (room - wide) / 2, "right": room - wide}[row.align]
    return _Piece(high + 4, pictures=[(x + indent, high, wide, high, row.data)])


def _pages(pieces: Sequence[_Piece], paper: Paper, foot: float) -> list[list[_Piece]]:
    """Pieces by page; each page holds at least one."""
    if paper.height is None:
        return [list(pieces)]
    room = paper.height - 2 * paper.margin - foot
    pages: list[list[_Piece]] = [[]]
    used = 0.0
    for piece in pieces:
        if pages[-1] and used + piece.height > room:
            pages.append([])
            used = 0.0
        pages[-1].append(piece)
        used += piece.height
    return pages


def pdf(rows: Sequence[Row], paper: Paper, *, title: str, author: str, language: str) -> bytes:
    """The document's bytes."""
    with one_at_a_time:
        pieces = [piece for row in rows for piece in _place(row, paper, paper.margin, paper.inner)]
        foot = paper.size * 2
        pages = _pages(pieces, paper, foot)
        into = io.BytesIO()
        length = sum(piece.height for piece in pieces) + 2 * paper.margin + foot
        size = (paper.width, paper.height or length)
        canvas = Canvas(into, pagesize=size, invariant=1, pageCompression=1, lang=language)
        canvas.setTitle(drawable(title))
        canvas.setAuthor(drawable(author))
        canvas.setCreator("Loket")
        canvas.setProducer("Loket")
        for number, page in enumerate(pages, 1):
            _draw(canvas, page, size[1] - paper.margin)
            if len(pages) > 1:
                _draw(canvas, [_number(number, len(pages), paper)], paper.margin + foot / 2)
            canvas.showPage()
        canvas.save()
        return into.getvalue()


def _number(number: int, count: int, paper: Paper) -> _Piece:
    words = Words(f"{number}/{count}", 0.8, align="right", colour="grey")
    return next(_words(words, paper, paper.margin, paper.inner))


def _draw(canvas: Canvas, pieces: Sequence[_Piece], top: float) -> None:
    for piece in pieces:
        for x, down, wide, high, data in piece.pictures:
            image = ImageReader(io.BytesIO(data))
            canvas.drawImage(image, x, top - down, wide, high)
        for x, down, wide in piece.rules:
            canvas.setStrokeColor("#c4c9d1")
            canvas.setLineWidth(0.6)
            canvas.line(x, top - down, x + wide, top - down)
        for x, down, text, font, size, colour in piece.texts:
            canvas.setFont(font, size)
            canvas.setFillColor(COLOURS[colour])
            canvas.drawString(x, top - down, text)
        top -= piece.height
