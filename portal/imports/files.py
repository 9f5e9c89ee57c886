"""What the wizard hands out: templates to fill in, bad rows to repair, the difference report."""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from typing import IO, Any

from flask_babel import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from portal.core.spreadsheet import harmless
from portal.imports.columns import SYNONYMS
from portal.imports.differences import Report

MIME = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
WHY = "alasan"
EXAMPLE = (
    ("PLG-0001", "Budi Santoso", "081234567890", "Jl. Melati 5", "RW 01", "Rumah 20 Mbps",
     "165000", "budi.01", "1", "2026-01-15"),
    ("PLG-0002", "Warung Bu Tini", "085712345678", "Jl. Mawar 2", "RW 02", "Rumah 10 Mbps",
     "125000", "tini.02", "10", "2026-02-01"),
)  # fmt: skip
Row = Sequence[Any]


def template(kind: str) -> IO[bytes]:
    """A file to start from, with two rows as an example."""
    head = [names[0] for names in SYNONYMS.values()]
    return written(kind, "Pelanggan", head, EXAMPLE, mark=False)


def bad_rows(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """The bad rows as they stood in the file, and why; the file can be uploaded again."""
    width = len(header)
    filled = ([*_padded(cells, width), why] for line, cells, why in rows)
    return written("csv", "", [*header, WHY], filled)


def _padded(cells: Sequence[str], width: int) -> list[str]:
    """Exactly as many cells as there are columns: the reason must stand in its own."""
    return [*cells[:width], *[""] * (width - len(cells))]


def differences(kind: str, report: Report) -> IO[bytes]:
    """The whole difference report: sums first, then customer by customer."""
    head = [_("No. pelanggan"), _("Nama"), _("Yang berbeda"), _("Di sana"), _("Di sini")]
    totals = [("", "", label, theirs, ours) for label, theirs, ours, _same in report.summary]
    unused = [
        ("", "", _("Tabel yang tidak diambil: %(name)s", name=name), str(count), "")
        for name, count in report.not_taken
    ]
    return written(kind, _("Perbedaan"), head, [*totals, *unused, *report.lines])


def written(
    kind: str, title: str, head: Sequence[str], rows: Iterable[Row], mark: bool = True
) -> IO[bytes]:
    """CSV as Excel in Indonesia opens it, or XLSX; nothing in it is a formula."""
    target: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    if kind == "csv":
        text = io.TextIOWrapper(target, encoding="utf-8-sig" if mark else "utf-8", newline="")
        lines = csv.writer(text, delimiter=";" if mark else ",")
        lines.writerow([harmless(one) for one in head])
        for row in rows:
            lines.writerow([harmless(one) for one in row])
        text.flush()
        text.detach()
    else:
        _xlsx(target, title, head, rows)
    target.seek(0)
    return target


def _xlsx(target: IO[bytes], title: str, head: Sequence[str], rows: Iterable[Row]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number in range(len(head)):
        sheet.column_dimensions[chr(ord("A") + number)].width = 22
    bold = Font(bold=True)
    sheet.append([_cell(sheet, one, bold) for one in head])
    for row in rows:
        sheet.append([_cell(sheet, one, None) for one in row])
    book.save(target)


def _cell(sheet: Any, value: Any, font: Font | None) -> Any:
    """Text stays text, so that a phone number keeps its first zero."""
    if isinstance(value, str):
        value = str(harmless(ILLEGAL_CHARACTERS_RE.sub("", value)))[:32_767]
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        cell.number_format = "@"
    if font is not None:
        cell.font = font
    return cell
