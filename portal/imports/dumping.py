"""A dump on its way into the same check as any file: recognised, read, mapped, compared."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import date
from types import ModuleType
from typing import Any

from portal.extensions import db
from portal.imports import checking, comparing
from portal.imports.checking import Checked
from portal.imports.columns import SYNONYMS
from portal.imports.dumps import indonusa, phpnuxbill
from portal.imports.dumps.reader import Dump, read
from portal.imports.dumps.source import COLUMNS, Reading
from portal.imports.dumps.text import CHUNK, DumpError, decoded, unpacked
from portal.imports.parse import CellError, ParsedFile, read_rows
from portal.infra.timekeeping import today
from portal.web.sentences import N_

SOURCES: dict[str, ModuleType] = {"phpnuxbill": phpnuxbill, "indonusa": indonusa}
_MARKS = (b"INSERT INTO", b"CREATE TABLE", b"PostgreSQL database dump", b"COPY ", b'{"tbl_')


def pieces(data: bytes) -> Iterator[bytes]:
    """Bytes in hand, as `check` and the command read a file."""
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]


def looks_like_dump(data: bytes) -> bool:
    """Whether this is SQL, packed or not; only the beginning is looked at."""
    if data.startswith(b"\x1f\x8b"):
        return True
    head = data[: 64 * 1024].replace(b"\x00", b"")
    return any(mark in head for mark in _MARKS)


def recognised(chunks: Iterable[bytes]) -> str:
    """Whose dump this is, by the tables it names; empty for nobody's we know.

    Raises DumpError.
    """
    signs = {"phpnuxbill": (b"tbl_customers", b"tbl_user_recharges"),
             "indonusa": (b"customers", b"packages", b"invoices", b"pppoe_username")}  # fmt: skip
    seen: dict[str, set[bytes]] = {name: set() for name in signs}
    tail = b""
    for chunk in unpacked(chunks):
        text = (tail + chunk).replace(b"\x00", b"")
        for name, words in signs.items():
            seen[name] |= {word for word in words if word in text}
        tail = chunk[-64:]
        for name, words in signs.items():
            if len(seen[name]) == len(words) and (name == "phpnuxbill" or b"tbl_" not in text):
                return name
    return ""


def load(chunks: Iterable[bytes], source: str) -> Dump:
    """The tables we know of this source. Raises DumpError."""
    wanted = SOURCES[source].WANTED
    texts = decoded(unpacked(chunks))
    first = next((text for text in texts if text.strip()), "")
    if first.lstrip().startswith("{"):
        return _from_json("".join([first, *texts]), wanted)
    dump = read(_again(first, texts), wanted)
    if not SOURCES[source].known_by(dump.tables):
        raise DumpError(f"Ini bukan dump {SOURCES[source].NAME}, atau tabelnya tidak lengkap.")
    return dump


def _again(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first
    yield from rest


def _from_json(text: str, wanted: dict[str, tuple[str, ...]]) -> Dump:
    """PHPNuxBill's own backup: every table as a list of rows."""
    try:
        tables = json.loads(text)
    except ValueError:
        raise DumpError(N_("Cadangan JSON ini rusak. Buat sekali lagi.")) from None
    dump = Dump(rows={table: [] for table in wanted})
    for table, rows in tables.items():
        rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        dump.counts[table] = len(rows)
        if table in wanted:
            dump.rows[table] = [
                {name: None if row.get(name) is None else str(row[name]) for name in wanted[table]}
                for row in rows
            ]
    return dump


def check(data: bytes, source: str) -> tuple[Checked, dict[str, Any]]:
    """A dump as the check of any file, and what it says, to compare with. Raises DumpError."""
    return checked_reading(mapped(pieces(data), source))


def mapped(chunks: Iterable[bytes], source: str, day: date | None = None) -> Reading:
    """A dump's tables as rows of ours. Raises DumpError."""
    reading: Reading = SOURCES[source].mapped(load(chunks, source), day or today())
    return reading


def checked_reading(reading: Reading) -> tuple[Checked, dict[str, Any]]:
    """Compare the rows with the books; leaves no transaction open."""
    names = [SYNONYMS[name][0] for name in COLUMNS]
    parsed, raw = ParsedFile(), dict(reading.lines)
    read_rows(parsed, names, {name: at for at, name in enumerate(COLUMNS)}, iter(reading.lines))
    parsed.rows = [replace(row, extra=reading.extras.get(row.line)) for row in parsed.rows]
    parsed.warnings += [CellError(line, "no_pelanggan", number, note)
                        for line, number, note in reading.notes]  # fmt: skip
    known = comparing.read_known(parsed.rows)
    comparing.read_phones(known, parsed.rows)
    db.session.rollback()
    checked = checking.compare(parsed, known, names)
    checked.findings.lines_read = len(reading.people)
    reasons: dict[int, list[str]] = {}
    for error in checked.findings.errors:
        reasons.setdefault(error["line"], []).append(f"{error['column']}: {error['sentence']}")
    checked.bad = [(at, raw[at], " ".join(why)) for at, why in reasons.items() if at in raw]
    for person in reading.people:
        if not person["why"] and person["line"] in reasons:
            person["why"] = " ".join(reasons[person["line"]])
    checked.findings.counts["left_out"] = sum(bool(one["why"]) for one in reading.people)
    said = {key: value for key, value in asdict(reading).items()
            if key in {"people", "plans", "routers", "not_taken", "received"}}  # fmt: skip
    return checked, said
