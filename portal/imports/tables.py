"""An uploaded file as one header and its lines, whether CSV or XLSX. No database.

Limits are here: an XLSX is a ZIP, and a small one can unpack to gigabytes.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from portal.imports import cells, columns, xlsx
from portal.imports.parse import CellError, decoded, lines_of
from portal.imports.xlsx import TableError
from portal.web.sentences import N_

MOST_COLUMNS = 200
LOOK_FOR_HEADER = 10
Line = tuple[int, list[str]]


@dataclass
class Table:
    """A header and the lines under it; `notes` are what reading it had to repair."""

    names: list[str]
    header_line: int
    lines: Iterator[Line]
    notes: list[CellError] = field(default_factory=list)


def kind_of(data: bytes) -> str:
    """xlsx, csv, xls or empty, by what the bytes are and not by the name."""
    if not data.strip(b"\x00 \r\n\t"):
        return "empty"
    if data.startswith(b"PK\x03\x04"):
        return "xlsx"
    return "xls" if data.startswith(b"\xd0\xcf\x11\xe0") else "csv"


def sheets(data: bytes) -> list[str]:
    """The sheets that can be seen in an XLSX; a CSV has none. Raises TableError."""
    return xlsx.sheets(data) if kind_of(data) == "xlsx" else []


def opened(data: bytes, sheet: str = "") -> Table:
    """The header and a lazy reading of the lines. Raises TableError with a sentence."""
    kind = kind_of(data)
    if kind == "empty":
        raise TableError(N_("Berkas ini kosong."))
    if kind == "xls":
        raise TableError(
            N_("Berkas Excel lama (.xls). Simpan sebagai .xlsx atau CSV, lalu unggah.")
        )
    notes: list[CellError] = []
    try:
        lines = xlsx.lines(data, sheet, notes) if kind == "xlsx" else lines_of(decoded(data))
        return _with_header(lines, notes)
    except (zipfile.BadZipFile, io.UnsupportedOperation):
        raise TableError(N_("Berkas Excel ini rusak. Simpan ulang, lalu unggah lagi.")) from None


def _with_header(lines: Iterator[Line], notes: list[CellError]) -> Table:
    """Above the real header there may be a title: it is the line that knows most columns."""
    first: list[Line] = []
    for number, row in lines:
        first.append((number, [cells.tidy(cell) for cell in row]))
        if len(first) >= LOOK_FOR_HEADER:
            break
    if not first:
        raise TableError(N_("Berkas ini kosong."))
    known = [len(columns.match(row)[0]) for _number, row in first]
    best = max(range(len(first)), key=lambda index: (known[index], -index))
    if known[best] < 2:
        best = 0
    number, names = first[best]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise TableError(N_("Lebih dari 200 kolom. Hapus kolom yang tidak perlu."))
    return Table(names, number, _chained(first[best + 1 :], lines, len(names)), notes)


def _chained(read: Sequence[Line], rest: Iterator[Line], width: int) -> Iterator[Line]:
    for source in (read, rest):
        for number, row in source:
            yield number, _trimmed(row, width)


def _trimmed(row: list[str], width: int) -> list[str]:
    """Without empty cells past the header: spreadsheets are full of them."""
    end = len(row)
    while end > width and not row[end - 1]:
        end -= 1
    return row[:end]
