"""Reading one sheet of an XLSX row by row, the way people leave it: numbers as phones, dates,
formulas, merged cells, and files that unpack to more than anybody has.

Macros, links and drawings are not looked at; formulas are never computed, the result Excel
stored with them is taken.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

from portal.imports.parse import CellError
from portal.web.sentences import N_

MOST_UNPACKED = 150 * 1024 * 1024
MOST_PARTS = 2_000
MOST_RAW_ROWS = 200_000
MOST_MERGED = 5_000
NOT_READ = "#RUMUS"
"""Stands in a cell whose formula has no stored result."""
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]+\d+:[A-Z]+\d+)"')


class TableError(ValueError):
    """The file cannot be read; the message says what to do, in Indonesian."""


def sheets(data: bytes) -> list[str]:
    """The sheets that are not hidden, in their order. Raises TableError."""
    book = _book(data)
    try:
        shown = [one.title for one in book.worksheets if one.sheet_state == "visible"]
    finally:
        book.close()
    return shown


def check_size(data: bytes) -> None:
    """Refuse what unpacks to too much, before anything is unpacked. Raises TableError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile:
        raise TableError(N_("Berkas Excel ini rusak. Simpan ulang, lalu unggah lagi.")) from None
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise TableError(N_("Isi berkas Excel ini terlalu besar. Bagi menjadi beberapa berkas."))
    if any(part.flag_bits & 1 for part in parts):
        raise TableError(N_("Berkas ini berkata sandi. Simpan tanpa kata sandi, lalu unggah lagi."))


def _book(data: bytes, *, results: bool = True) -> Any:
    check_size(data)
    try:
        return load_workbook(io.BytesIO(data), read_only=True, data_only=results, keep_links=False)
    except Exception:  # openpyxl raises whatever the broken XML makes it raise
        raise TableError(
            N_("Ini bukan berkas Excel yang bisa dibaca. Simpan ulang .xlsx.")
        ) from None


def lines(data: bytes, sheet: str, notes: list[CellError]) -> Iterator[tuple[int, list[str]]]:
    """(line, cells as text) of every line that is not blank. Raises TableError."""
    book = _book(data)
    names = [one.title for one in book.worksheets]
    if not names:
        raise TableError(N_("Berkas Excel ini tidak punya lembar."))
    found = book[sheet] if sheet in names else book.worksheets[0]
    merged, formulas = _oddities(data, found._worksheet_path)
    if merged:
        sentence = f"{len(merged)} sel gabungan: isinya dipakai untuk semua barisnya."
        notes.append(CellError(1, "-", "", sentence))
    other = _book(data, results=False)[found.title] if formulas else None
    return _rows(found, other, merged)


def _rows(
    sheet: Any, formulas: Any, merged: dict[tuple[int, int], tuple[int, int]]
) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()
    heads: dict[tuple[int, int], str] = {}
    wanted = set(merged.values())
    pairs = sheet.iter_rows(values_only=True)
    beside = None
    if formulas is not None:
        formulas.reset_dimensions()
        beside = formulas.iter_rows(values_only=True)
    for number, row in enumerate(_guarded(pairs), 1):
        if number > MOST_RAW_ROWS:
            raise TableError(
                N_("Lembar ini lebih dari 200.000 baris. Hapus baris kosong di bawah.")
            )
        typed = next(beside, ()) if beside is not None else ()
        texts = [_text(value) for value in row]
        for place, formula in enumerate(typed[: len(texts)]):
            if not texts[place] and isinstance(formula, str) and formula.startswith("="):
                texts[place] = NOT_READ
        _fill(number, texts, merged, heads, wanted)
        if any(text.strip() for text in texts):
            yield number, texts


def _guarded(rows: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from rows
    except TableError:
        raise
    except Exception:
        raise TableError(
            N_("Lembar ini rusak di tengah. Simpan ulang, lalu unggah lagi.")
        ) from None


def _fill(
    number: int,
    texts: list[str],
    merged: dict[tuple[int, int], tuple[int, int]],
    heads: dict[tuple[int, int], str],
    wanted: set[tuple[int, int]],
) -> None:
    """Give every cell of a merged block the text of its first one."""
    if not merged:
        return
    for place, text in enumerate(texts, 1):
        if (number, place) in wanted:
            heads[number, place] = text
        elif not text and (head := merged.get((number, place))):
            texts[place - 1] = heads.get(head, "")


def _oddities(data: bytes, path: str) -> tuple[dict[tuple[int, int], tuple[int, int]], bool]:
    """Cells that belong to a merged block (to its first cell), and whether there are formulas."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read(path.lstrip("/"))
    merged: dict[tuple[int, int], tuple[int, int]] = {}
    for found in _MERGED.finditer(content):
        left, top, right, bottom = range_boundaries(found[1].decode())
        if left is None or top is None or right is None or bottom is None or right > left:
            continue  # a title over several columns is no value of theirs
        for row in range(top + 1, min(bottom, top + MOST_MERGED) + 1):
            merged[row, left] = (top, left)
        if len(merged) > MOST_MERGED:
            break
    return merged, b"<f" in content


def _text(value: Any) -> str:
    """A cell as somebody would have typed it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    return str(value)
