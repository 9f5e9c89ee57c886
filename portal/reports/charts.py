"""Which columns of a report are drawn, and how: over time as upright bars, else lying ones with
their words in HTML, which a phone can read. The bars themselves are `core/plots.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import format_date

from portal.core.period import Period
from portal.core.plots import Plot
from portal.reports.tables import Table
from portal.web.filters import date_id, period_name

MOST_BARS = 16


@dataclass(frozen=True)
class Chart:
    """`plot` for upright bars; else `rows` of (label, value) to lie, and how many were left
    out. `names` are the columns drawn."""

    names: Sequence[object]
    plot: Plot | None = None
    rows: Sequence[tuple[object, int]] = ()
    left_out: int = 0


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
    labels = [_words(label) for label, _found in rows]
    short = [_words(label, short=True) for label, _found in rows]
    return Chart(names, Plot(labels, names, [found for _label, found in rows], short))


def _words(label: object, *, short: bool = False) -> str:
    """A day or a month, in full or as it stands under a bar."""
    if isinstance(label, date):
        return format_date(label, "d/M") if short else date_id(label)
    text = str(label)
    if len(text) == len("2026-11") and text[4] == "-":
        first = Period.parse(text).first_day
        return format_date(first, "MMM") if short else period_name(text)
    return text


def _lying(rows: Sequence[tuple[object, Sequence[int]]], names: Sequence[object]) -> Chart:
    """The first column only. The longest ones when there are too many to look at."""
    shown = list(rows)
    if len(rows) > MOST_BARS:
        shown = sorted(rows, key=lambda row: -row[1][0])[:MOST_BARS]
    bars = [(label, found[0]) for label, found in shown]
    return Chart(names[:1], None, bars, len(rows) - len(shown))
