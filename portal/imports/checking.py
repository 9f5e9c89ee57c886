"""The dry run: a whole file against the books, nothing written but what was found.

`Findings` is what the screens show; it is kept encrypted beside the file, since it quotes it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from portal.extensions import db
from portal.imports import columns, comparing, tables
from portal.imports.comparing import Known
from portal.imports.parse import CellError, ParsedFile, read_rows
from portal.imports.rows import CustomerRow
from portal.imports.xlsx import NOT_READ

MOST_LISTED = 5_000
_EXCEL_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"}


@dataclass
class Findings:
    """Counts and lists of one check. Customers count as new, changed or same once."""

    counts: dict[str, int] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    plans: list[dict[str, Any]] = field(default_factory=list)
    areas: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    lines_read: int = 0


@dataclass
class Checked:
    """What a check leaves: findings, the good rows, the bad ones as they stood in the file."""

    findings: Findings
    rows: list[CustomerRow]
    header: list[str] = field(default_factory=list)
    bad: list[tuple[int, list[str], str]] = field(default_factory=list)


def check_table(data: bytes, sheet: str, mapping: dict[str, int]) -> Checked:
    """Read a mapped CSV or XLSX and compare it. Raises TableError; leaves no transaction open."""
    table = tables.opened(data, sheet)
    parsed = ParsedFile(warnings=list(table.notes))
    raw: dict[int, list[str]] = {}
    read_rows(parsed, table.names, mapping, _readable(table, parsed, raw))
    known, mapped = _known(parsed.rows), set(mapping.values())
    complete(parsed, known)
    ignored = [name or f"({place + 1})" for place, name in enumerate(table.names)
               if place not in mapped]  # fmt: skip
    checked = compare(parsed, known, table.names)
    checked.findings.ignored = ignored
    checked.findings.lines_read = len(raw)
    checked.header = table.names
    reasons: dict[int, list[str]] = {}
    for error in checked.findings.errors:
        reasons.setdefault(error["line"], []).append(f"{error['column']}: {error['sentence']}")
    checked.bad = [
        (line, raw[line], " ".join(why)) for line, why in sorted(reasons.items()) if line in raw
    ]
    return checked


def _known(rows: Sequence[CustomerRow]) -> Known:
    known = comparing.read_known(rows)
    comparing.read_phones(known, rows)
    comparing.read_logins(known, {row.number for row in rows})
    db.session.rollback()
    return known


def complete(parsed: ParsedFile, known: Known) -> None:
    """What the file does not say stays as the books have it; what that leaves unclear is bad.
    `known` with the logins of these customers."""
    rows = []
    for row in parsed.rows:
        said = parsed.said[row.line]
        if "login" not in said and len(known.logins.get(row.number, [])) > 1:
            sentence = "Pelanggan ini punya beberapa layanan. Isi kolom login layanan."
            parsed.fail(row.line, columns.SYNONYMS["login"][0], "", sentence)
            continue
        rows.append(comparing.completed(row, said, known))
    parsed.rows = rows


def _readable(table: tables.Table, parsed: ParsedFile, raw: dict[int, list[str]]) -> Any:
    """The lines, without those in which Excel itself has no value."""
    for line, row in table.lines:
        raw[line] = row
        broken = next((place for place, text in enumerate(row) if _broken(text)), None)
        if broken is None or broken >= len(table.names):
            yield line, row
            continue
        sentence = (
            "Rumus ini belum dihitung. Buka di Excel, simpan, lalu unggah lagi."
            if row[broken] == NOT_READ
            else "Sel ini berisi kesalahan Excel. Perbaiki rumusnya atau ketik isinya."
        )
        parsed.fail(line, table.names[broken], row[broken], sentence)


def _broken(text: str) -> bool:
    return text == NOT_READ or text in _EXCEL_ERRORS


def compare(parsed: ParsedFile, known: Known, names: Sequence[str] = ()) -> Checked:
    """Every good row against the books; what the books refuse becomes an error too."""
    findings = Findings(
        errors=[asdict(error) for error in parsed.errors],
        warnings=[asdict(warning) for warning in parsed.warnings],
    )
    plans_before, areas_before = dict(known.plans), set(known.areas)
    per_customer: dict[str, str] = {}
    counts: Counter[str] = Counter()
    good: list[CustomerRow] = []
    owners = {phone: set(numbers) for phone, numbers in known.phones.items()}
    for row in parsed.rows:
        verdict = comparing.judge(row, known)
        if verdict.refused:
            name, value, sentence = verdict.refused
            error = CellError(row.line, columns.SYNONYMS[name][0], value, sentence)
            findings.errors.append(asdict(error))
            continue
        good.append(row)
        counts["lines_new"] += verdict.line == "new"
        counts["invoices"] += verdict.invoices
        counts["credits"] += bool(row.extra and row.extra.credit and verdict.line == "new")
        if per_customer.get(row.number) in {None, "same"}:
            per_customer[row.number] = verdict.what
        _note_changes(findings, row, verdict)
        _note_phone(findings, row, owners)
    counts.update(per_customer.values())
    _note_new(findings, good, plans_before, areas_before)
    findings.errors.sort(key=lambda error: error["line"])
    counts["bad"] = len({error["line"] for error in findings.errors})
    counts["plans_new"], counts["areas_new"] = len(findings.plans), len(findings.areas)
    findings.counts = {**dict.fromkeys(("new", "changed", "same", "bad"), 0), **counts}
    findings.lines_read = len(good) + counts["bad"]
    return Checked(findings, good, list(names))


def _note_changes(findings: Findings, row: CustomerRow, verdict: comparing.Verdict) -> None:
    if len(findings.changes) < MOST_LISTED:
        findings.changes += [
            {"line": row.line, "number": row.number, "label": label, "old": old, "new": new}
            for label, old, new in verdict.changes
        ]


def _note_phone(findings: Findings, row: CustomerRow, owners: dict[str, set[str]]) -> None:
    """One number for two customers is allowed, and often a slip of the finger."""
    others = owners.setdefault(row.phone, set())
    fresh = others - {row.number}
    if fresh and row.number not in others and len(findings.warnings) < MOST_LISTED:
        sentence = f"Nomor ini juga milik pelanggan {', '.join(sorted(fresh)[:3])}."
        findings.warnings.append(asdict(CellError(row.line, "telepon", row.phone, sentence)))
    others.add(row.number)


def _note_new(
    findings: Findings,
    rows: Sequence[CustomerRow],
    plans: dict[str, tuple[int | None, int]],
    areas: set[str],
) -> None:
    fresh: dict[str, dict[str, Any]] = {}
    for row in rows:
        name = row.plan.strip()
        if name not in plans:
            plan = fresh.setdefault(name, {"name": name, "price": row.price, "lines": 0})
            plan["lines"] += 1
    findings.plans = list(fresh.values())
    named = {row.area.strip() for row in rows if row.area.strip()}
    findings.areas = sorted(named - areas)
