"""Bars as whole numbers for SVG attributes: no scripts, no styles, no floats. Pure.

A `Plot` knows its values; `drawn` lays it out for a box, so that one plot is drawn wide for a
desk and narrow for a phone with letters of one size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LEFT, TOP, BOTTOM = 46, 10, 26
LETTER = 7
"""About how wide a letter of an axis is, in the box's own units."""


@dataclass(frozen=True)
class Bar:
    """One bar; `series` 0 is the first column. A negative value hangs below the zero line."""

    label: object
    value: int
    series: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Tick:
    """A line across the plot at `y`, for the value `value`."""

    value: int
    y: int


@dataclass(frozen=True)
class Drawing:
    """Everything to be drawn in a box of `width` x `height`; `marks` are (x, label) below."""

    width: int
    height: int
    bars: Sequence[Bar]
    ticks: Sequence[Tick]
    marks: Sequence[tuple[int, object]]
    zero: int


@dataclass(frozen=True)
class Plot:
    """Columns over `labels`: `names` of the series, `rows` with one value per series and label.

    `short` are the labels as they stand under the bars, when they are others.
    """

    labels: Sequence[object]
    names: Sequence[object]
    rows: Sequence[Sequence[int]]
    short: Sequence[object] = ()

    @property
    def empty(self) -> bool:
        """Nothing to draw."""
        return not any(value for row in self.rows for value in row)

    @property
    def lines(self) -> list[tuple[object, Sequence[int]]]:
        """Label and values, for the table under the plot."""
        return list(zip(self.labels, self.rows, strict=True))

    @property
    def best(self) -> tuple[object, int]:
        """Label and value of the tallest bar of the last series."""
        last = len(self.names) - 1
        label, row = max(self.lines, key=lambda line: line[1][last])
        return label, row[last]

    def drawn(self, width: int, height: int) -> Drawing:
        """Lay it out; the bars stay inside of the box."""
        values = [value for row in self.rows for value in row]
        marks = steps(min(0, *values), max(0, *values))
        low, high = marks[0], marks[-1]
        span, room = max(1, high - low), height - TOP - BOTTOM

        def at(value: int) -> int:
            return TOP + room * (high - value) // span

        count = max(1, len(self.labels))
        step = (width - LEFT) * 100 // count
        thick = max(2, step * 72 // (10_000 * max(1, len(self.names))))
        inset = (step // 100 - thick * len(self.names)) // 2
        bars = [
            Bar(
                self.labels[place],
                value,
                series,
                LEFT + place * step // 100 + inset + series * thick,
                min(at(value), at(0)),
                max(1, thick - (1 if len(self.names) > 1 else 0)),
                abs(at(value) - at(0)),
            )
            for place, row in enumerate(self.rows)
            for series, value in enumerate(row)
        ]
        ticks = [Tick(value, at(value)) for value in marks]
        return Drawing(width, height, bars, ticks, self._marks(width, step), at(0))

    def _marks(self, width: int, step: int) -> list[tuple[int, object]]:
        """As many labels as fit beside each other, the last one among them."""
        words = self.short or self.labels
        longest = max((len(str(word)) for word in words), default=1)
        every = max(1, -(-(longest + 1) * LETTER * 100 // max(1, step)))
        last = len(words) - 1
        return [
            (LEFT + (place * step + step // 2) // 100, word)
            for place, word in enumerate(words)
            if (last - place) % every == 0
        ]


def steps(low: int, high: int) -> list[int]:
    """Three to six round values that enclose `low` and `high`; zero is one of them."""
    span = max(1, high - low)
    size = 1
    while True:
        for factor in (1, 2, 5):
            step = size * factor
            if span <= step * 4:
                first, last = low // step, -(-high // step)
                return [step * place for place in range(first, max(last, first + 1) + 1)]
        size *= 10


def short(amount: int) -> str:
    """`250`, `12 rb`, `3,5 jt`, `1,2 M`: an amount for an axis or a tile."""
    sign, left = ("-", -amount) if amount < 0 else ("", amount)
    for scale, word in ((10**9, "M"), (10**6, "jt"), (10**3, "rb")):
        # 999.900 rounds to a million, not to a thousand thousands.
        tenths = (left * 10 + scale // 2) // scale
        if left >= scale - scale // 2000:
            whole, part = divmod(tenths, 10)
            said = f"{whole}" if part == 0 or whole >= 100 else f"{whole},{part}"
            return f"{sign}{said} {word}"
    return f"{sign}{left}"
