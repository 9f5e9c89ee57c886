"""Tables and lists as CSV and XLSX: written to a temporary file row by row, then sent.

The database is done with before the first byte leaves, and memory does not grow with the rows.
CSV is for Excel as it is set up in Indonesia: UTF-8 with a mark, columns apart by semicolons,
amounts as plain whole numbers, days as 2026-11-21. XLSX has real dates and numbers.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from portal.core.spreadsheet import harmless

KINDS = ("csv", "xlsx")
MIME = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST = 100_000
"""Rows of an XLSX; beyond it takes too long to write. CSV has no end."""
FORMATS = {"day": "yyyy-mm-dd", "month": "mmm yyyy", "money": "#,##0"}
PERCENT = "0.00%"


class Share(int):
    """Hundredths of a percent, in whatever column they stand."""


Value = str | int | date | None
Row = Sequence[Value]


def written(
    kind: str, title: str, head: Sequence[str], kinds: Sequence[str], rows: Iterable[Row]
) -> IO[bytes]:
    """The file, ready to be read from its beginning. `kinds` say what each column is:
    text, day, month, money, count; a `Share` is one in any of them."""
    target: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    if kind == "csv":
        _csv(target, head, kinds, rows)
    else:
        _xlsx(target, title, head, kinds, rows)
    target.seek(0)
    return target


def _csv(target: IO[bytes], head: Sequence[str], kinds: Sequence[str], rows: Iterable[Row]) -> None:
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
    lines = csv.writer(text, delimiter=";")
    lines.writerow([harmless(one) for one in head])
    for row in rows:
        lines.writerow([_plain(value, kind) for value, kind in zip(row, kinds, strict=True)])
    text.flush()
    text.detach()


def _plain(value: Value, kind: str) -> Any:
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%Y-%m}" if kind == "month" else value.isoformat()
    if isinstance(value, Share):
        sign, whole = "-" if value < 0 else "", abs(value)
        return f"{sign}{whole // 100},{whole % 100:02d}"
    return harmless(value)


def _xlsx(
    target: IO[bytes], title: str, head: Sequence[str], kinds: Sequence[str], rows: Iterable[Row]
) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_name(title))
    sheet.freeze_panes = "A2"
    for number, kind in enumerate(kinds):
        letter = chr(ord("A") + number)
        sheet.column_dimensions[letter].width = 22 if kind == "text" else 16
    bold = Font(bold=True)
    sheet.append([_cell(sheet, one, font=bold) for one in head])
    percent = _cell(sheet, None, PERCENT)
    # Each is written at once, so one cell a format will do, and is much quicker.
    formats = [_cell(sheet, None, FORMATS[kind]) if kind in FORMATS else None for kind in kinds]
    for row in rows:
        sheet.append(
            [_value(value, cell, percent) for value, cell in zip(row, formats, strict=True)]
        )
    book.save(target)


def _value(value: Value, formatted: Any, percent: Any) -> Any:
    """Plain values as they are; what needs a format in the column's own cell."""
    if value is None or value == "":
        return None  # no cell at all
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Share):
        return _cell(percent.parent, value / 10_000, PERCENT)
    if formatted is None:
        return value
    formatted.value = value
    return formatted


def _cell(sheet: Any, value: Any, number_format: str = "", font: Font | None = None) -> Any:
    cell = WriteOnlyCell(sheet, _text(value) if isinstance(value, str) else value)
    if number_format:
        cell.number_format = number_format
    if font is not None:
        cell.font = font
    return cell


def _text(value: str) -> str:
    """Harmless, and without what a sheet cannot hold."""
    return str(harmless(ILLEGAL_CHARACTERS_RE.sub("", value)))[:32_767]


def _sheet_name(title: str) -> str:
    return "".join(one for one in title if one not in r"[]:*?/\'")[:31] or "Loket"
