"""Bars drawn by the server: whole numbers for SVG attributes. No scripts, no styles.

Bars over time stand upright, several series side by side; other tables get lying bars with
their words in HTML, which a phone can read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.reports.tables import Table

WIDTH, HEIGHT = 1200, 200
MOST_BARS = 16


@dataclass(frozen=True)
class Bar:
    """`y` and `height` in a box of WIDTH x HEIGHT; a negative value hangs below the zero line."""

    label: object
    value: int
    series: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Chart:
    """`upright`, with a `zero` line; or lying, `width` of a bar out of WIDTH. `names` are
    the columns drawn, `best` the label and value of the tallest bar."""

    upright: bool
    bars: Sequence[Bar]
    names: Sequence[object]
    zero: int = HEIGHT
    left_out: int = 0

    @property
    def best(self) -> Bar | None:
        found = [one for one in self.bars if one.series == 0]
        return max(found, key=lambda one: one.value) if found else None

    @property
    def ends(self) -> tuple[object, object, object]:
        """The first, middle and last label under upright bars."""
        labels = list(dict.fromkeys(bar.label for bar in self.bars))
        return labels[0], labels[len(labels) // 2], labels[-1]


def chart(table: Table) -> Chart | None:
    """The bars of a table's chart columns; None when it has none, or nothing to draw."""
    if not table.chart or table.empty or not table.lines:
        return None
    columns = [table.column(name) for name in table.chart]
    names = [table.columns[one].label for one in columns]
    rows = [
        (line.label, [line.cells[column].value or 0 for column in columns]) for line in table.lines
    ]
    if not any(value for _label, found in rows for value in found):
        return None
    if table.stands_for == "text":
        return _lying(rows, names)
    return _upright(rows, names)


def _upright(rows: Sequence[tuple[object, Sequence[int]]], names: Sequence[object]) -> Chart:
    values = [value for _label, found in rows for value in found]
    top, bottom = max(0, *values), min(0, *values)
    span = max(1, top - bottom)
    zero = HEIGHT * top // span
    step = WIDTH // len(rows)
    width = max(2, step * 7 // (10 * len(names)))
    bars = []
    for index, (label, found) in enumerate(rows):
        for series, value in enumerate(found):
            height = HEIGHT * abs(value) // span
            x = index * step + series * width + step * 3 // 20
            y = zero - height if value >= 0 else zero
            bars.append(Bar(label, value, series, x, y, width, height))
    return Chart(True, bars, names, zero)


def _lying(rows: Sequence[tuple[object, Sequence[int]]], names: Sequence[object]) -> Chart:
    """The first column only. The longest ones when there are too many to look at."""
    shown = list(rows)
    if len(rows) > MOST_BARS:
        shown = sorted(rows, key=lambda row: -row[1][0])[:MOST_BARS]
    top = max(1, *(abs(found[0]) for _label, found in shown))
    bars = [
        Bar(label, found[0], 0, 0, 0, WIDTH * max(0, found[0]) // top, 1) for label, found in shown
    ]
    return Chart(False, bars, names[:1], left_out=len(rows) - len(shown))
