"""A CSV of customers, bytes in, rows and errors out. Pure: no database, no Flask.

Whatever is wrong is reported by line and column with what to do about it; nothing raises.
Excel's habits are undone where no information was lost (see `cells.py`).
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from portal.core.money import parse_rupiah
from portal.imports import cells, columns
from portal.imports.rows import CustomerRow

__all__ = ["CellError", "CustomerRow", "ParsedFile", "parse_customers"]

T = TypeVar("T")

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 50_000
MOST_PRICE = 1_000_000_000


@dataclass(frozen=True)
class CellError:
    """What is wrong where; `column` as the file's header says, `line` counted from 1."""

    line: int
    column: str
    value: str
    sentence: str


@dataclass
class ParsedFile:
    """Everything that was found. `said`: our columns that a line fills, by its number."""

    rows: list[CustomerRow] = field(default_factory=list)
    errors: list[CellError] = field(default_factory=list)
    warnings: list[CellError] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)
    said: dict[int, set[str]] = field(default_factory=dict)

    def fail(self, line: int, column: str, value: str, sentence: str) -> None:
        self.errors.append(CellError(line, column, value[:80], sentence))


def parse_customers(data: bytes) -> ParsedFile:
    """Read the whole file; never raises."""
    parsed = ParsedFile()
    if len(data) > MOST_BYTES:
        parsed.fail(1, "-", "", "Berkas lebih besar dari 5 MB. Bagi menjadi beberapa berkas.")
        return parsed
    lines = lines_of(decoded(data))
    header = next(lines, None)
    if header is None:
        parsed.fail(1, "-", "", "Berkas kosong.")
        return parsed
    names = [cells.tidy(cell) for cell in header[1]]
    places, parsed.ignored_columns, twice = columns.match(names)
    for name in twice:
        parsed.fail(header[0], name, "", "Kolom ini ada dua kali. Hapus salah satunya.")
    missing = [columns.SYNONYMS[name][0] for name in columns.REQUIRED if name not in places]
    if missing:
        parsed.fail(header[0], ", ".join(missing), "", "Kolom wajib ini tidak ada di baris judul.")
    if parsed.errors:
        return parsed
    read_rows(parsed, names, places, lines)
    return parsed


def read_rows(
    parsed: ParsedFile,
    names: Sequence[str],
    places: dict[str, int],
    lines: Iterator[tuple[int, list[str]]],
) -> None:
    """Turn lines under a header into rows; `places` says where each of our columns is."""
    _Reader(parsed, names, places).read(lines)


def decoded(data: bytes) -> str:
    """The text of a file, whatever Excel or an old system wrote it in."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def lines_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of every line that is not blank."""
    text = text.replace("\x00", "")
    skipped = 0
    if text[:4].lower() == "sep=":
        first, _, text = text.partition("\n")
        delimiter, skipped = (first[4:5] or ","), 1
    else:
        delimiter = _delimiter(text)
    csv.field_size_limit(MOST_BYTES + 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    before = skipped
    try:
        for row in reader:
            start, before = before + 1, reader.line_num + skipped
            if any(cells.tidy(cell) for cell in row):
                yield start, row
    except csv.Error:
        return


def _delimiter(text: str) -> str:
    """The mark that separates the header's cells most often, outside quotes."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    outside = "".join(part for index, part in enumerate(header.split('"')) if index % 2 == 0)
    counts = {mark: outside.count(mark) for mark in ";,\t|"}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ","


class _Reader:
    """Turns lines into rows, remembering what it has seen."""

    def __init__(self, parsed: ParsedFile, names: Sequence[str], places: dict[str, int]) -> None:
        self.parsed = parsed
        self.names = names
        self.places = places
        self.by_number: dict[str, CustomerRow] = {}
        self.by_login: dict[str, CustomerRow] = {}

    def read(self, lines: Iterator[tuple[int, list[str]]]) -> None:
        for count, (line, row) in enumerate(lines):
            if count >= MOST_ROWS:
                self.parsed.fail(line, "-", "", "Lebih dari 50.000 baris. Bagi berkasnya.")
                return
            self._line(line, [cells.tidy(cell) for cell in row])

    def _line(self, line: int, row: list[str]) -> None:
        if any(row[len(self.names) :]):
            self.parsed.fail(
                line,
                "-",
                "",
                "Baris ini punya lebih banyak kolom daripada judulnya. Periksa "
                "tanda pemisah atau tanda kutip.",
            )
            return
        before = len(self.parsed.errors)
        found = self._cells(line, row)
        if len(self.parsed.errors) == before and found is not None and self._fits(found):
            self.by_number.setdefault(found.number, found)
            self.by_login[found.login] = found
            self.parsed.rows.append(found)
            self.parsed.said[line] = {
                name
                for name in self.places
                if name in columns.MAY_BE_EMPTY or self._text(row, name)
            }

    def _text(self, row: list[str], name: str) -> str:
        place = self.places.get(name)
        return row[place] if place is not None and place < len(row) else ""

    def _column(self, name: str) -> str:
        place = self.places.get(name)
        return self.names[place] if place is not None else columns.SYNONYMS[name][0]

    def _get(self, line: int, row: list[str], name: str, read: Callable[[str], T]) -> T | None:
        """A cell read, or None with its error noted."""
        text = self._text(row, name)
        try:
            return read(text)
        except (ValueError, OverflowError) as error:
            self.parsed.fail(line, self._column(name), text, str(error))
            return None

    def _cells(self, line: int, row: list[str]) -> CustomerRow | None:
        number = self._get(line, row, "number", lambda text: cells.code(text, 40))
        name = self._get(line, row, "name", lambda text: cells.words(text, 120))
        phones = self._get(line, row, "phone", cells.phones)
        plan = self._get(line, row, "plan", lambda text: cells.words(text, 120))
        price = self._get(line, row, "price", _price)
        login = self._get(
            line, row, "login", lambda text: cells.code(text, 80) if text else (number or "-")
        )
        billing = self._get(
            line, row, "billing_day", lambda text: cells.billing_day(text) if text else 1
        )
        start = self._text(row, "started_on")
        started = self._get(line, row, "started_on", cells.day) if start else None
        if None in (number, name, phones, plan, price, login, billing):
            return None
        assert number and name and phones and plan and price and login and billing
        phone, alt, repaired = phones
        if repaired:
            self.parsed.warnings.append(
                CellError(
                    line,
                    self._column("phone"),
                    self._text(row, "phone")[:80],
                    f"Dibaca sebagai {phone}.",
                )
            )
        return CustomerRow(
            line,
            number,
            name,
            phone,
            alt,
            self._text(row, "address")[:500],
            self._text(row, "area")[:80],
            plan,
            price,
            login,
            billing,
            started,
        )

    def _fits(self, row: CustomerRow) -> bool:
        """Whether the row agrees with the lines above it."""
        twin, taken = self.by_number.get(row.number), self.by_login.get(row.login)
        if taken is not None:
            where = "number" if taken.number == row.number else "login"
            value = row.number if where == "number" else row.login
            what = "Nomor pelanggan" if where == "number" else "Login layanan"
            self.parsed.fail(
                row.line, self._column(where), value, f"{what} ini sudah ada di baris {taken.line}."
            )
            return False
        if twin is not None and (twin.name, twin.phone) != (row.name, row.phone):
            self.parsed.fail(
                row.line,
                self._column("number"),
                row.number,
                f"Nomor pelanggan ini ada di baris {twin.line} dengan nama atau telepon lain.",
            )
            return False
        return True


def _price(text: str) -> int:
    price = parse_rupiah(text)
    if not 0 < price <= MOST_PRICE:
        raise ValueError("Harga harus lebih dari nol dan masuk akal.")
    return price
