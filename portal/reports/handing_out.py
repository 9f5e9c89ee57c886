"""Reports and lists as files: what stands in which column, and what the file is called."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import IO, Any

from flask_babel import gettext as _

from portal.core.period import Period
from portal.extensions import db
from portal.reports.catalog import REPORTS
from portal.reports.files import Row, Share, written
from portal.reports.measures import MEASURES, listing
from portal.reports.scope import Scope
from portal.reports.tables import Cell, Table
from portal.reports.words import method_words, source_words

BATCH = 1000


def report_file(name: str, scope: Scope, kind: str) -> tuple[IO[bytes], str]:
    """A report's table as a file, and its name."""
    report = REPORTS[name]
    table = report.build(scope)
    head = [str(table.head), *(str(one.label) for one in table.columns)]
    kinds = [table.stands_for, *(one.kind for one in table.columns)]
    when = str(scope.until) if report.as_of else scope.name
    found = written(kind, str(report.title), head, kinds, _lines(table))
    return found, f"{report.file}-{when}.{kind}"


def _lines(table: Table) -> Iterator[Row]:
    for line in (*table.lines, *table.foot):
        yield [_label(line.label), *(_value(cell) for cell in line.cells)]


def _value(cell: Cell) -> int | None:
    """A change in percent may stand in a column of rupiah."""
    return Share(cell.value) if cell.kind == "share" and cell.value is not None else cell.value


def _label(label: Any) -> Any:
    """A month is its first day, so that a spreadsheet can sort it."""
    if isinstance(label, date):
        return label
    try:
        return Period.parse(str(label)).first_day
    except ValueError:
        return str(label)


def rows_file(name: str, scope: Scope, kind: str) -> tuple[IO[bytes], str]:
    """The rows behind a number as a file, and its name."""
    columns = (
        (_("Tanggal"), "day"),
        (_("Nomor"), "text"),
        (_("Nomor pelanggan"), "text"),
        (_("Pelanggan"), "text"),
        (_("Area"), "text"),
        (_("Jatuh tempo"), "day"),
        (_("Lewat"), "text"),
        (_("Metode"), "text"),
        (_("Petugas"), "text"),
        (_("Keterangan"), "text"),
        (_("Jumlah"), "money"),
    )
    measure = MEASURES[name]
    head, kinds = [str(one) for one, _kind in columns], [kind_ for _one, kind_ in columns]
    when = str(scope.until) if measure.as_of else scope.name
    found = written(kind, str(measure.label), head, kinds, _rows(name, scope))
    return found, f"{name.replace('_', '-')}-{when}.{kind}"


def _rows(name: str, scope: Scope) -> Iterator[Row]:
    """Read in batches, so that memory does not grow with them."""
    statement = listing(name, scope).execution_options(yield_per=BATCH)
    # Words are looked up once each, not once a row.
    source, method = cache(source_words), cache(method_words)
    for row in db.session.execute(statement):
        yield (
            row.day,
            row.number or "",
            row.customer_number,
            row.customer_name,
            row.area or "",
            row.due_on,
            source(row.source),
            method(row.method),
            row.staff or "",
            row.words or "",
            row.amount,
        )
