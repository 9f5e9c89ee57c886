"""`flask customers import FILE.csv [--dry-run]` and `flask customers import-dump FILE`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from flask.cli import AppGroup

from portal.extensions import db
from portal.imports import differences, dumping, files, runs, ticks
from portal.imports.dumps.text import CHUNK, DumpError
from portal.imports.models import ImportRun
from portal.imports.parse import CellError
from portal.imports.runs import ImportRefused
from portal.imports.service import ImportReport, run_import

cli = AppGroup("customers", help="Customers: import from CSV, or another system's dump.")


@cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the file and say what would change.")
def import_customers(file: Path, dry_run: bool) -> None:
    """Import customers, plans and subscriptions from FILE.csv.

    Good rows are taken and bad ones listed by line and column; exit code 1 when there
    are bad ones. Running it again changes nothing twice.
    """
    report = run_import(file.read_bytes(), dry_run=dry_run)
    _print(report, dry_run)
    sys.exit(0 if report.ok else 1)


@cli.command("import-dump")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "source", type=click.Choice(sorted(dumping.SOURCES)), required=True)
@click.option("--dry-run", is_flag=True, help="Check the dump and say what would change.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the difference report here (.csv or .xlsx).")  # fmt: skip
def import_dump(file: Path, source: str, dry_run: bool, report: Path | None) -> None:
    """Import customers, plans, open invoices and balances from a database dump FILE.

    FILE is .sql, .sql.gz or PHPNuxBill's own .json; it is read as text and nothing in it is
    executed. Running it again changes nothing twice; it can be undone in the import wizard.
    """
    try:
        checked, said = dumping.checked_reading(dumping.mapped(_pieces(file), source))
    except DumpError as error:
        raise click.ClickException(str(error)) from None
    for found in checked.findings.errors:
        click.echo(f"SALAH {_where(CellError(**found))}", err=True)
    for person in said["people"]:
        if person["why"]:
            click.echo(f"tidak diambil {person['number']}: {person['why']}")
    if not dry_run:
        try:
            run = ticks.take_now(checked, said, source, file.name)
        except ImportRefused as refused:
            raise click.ClickException(str(refused)) from None
        _say_result(run)
    compared = differences.compared(said)
    for label, theirs, ours, same in compared.summary:
        click.echo(f"{'sama' if same else 'BEDA'}  {label}: {theirs} | {ours}")
    if report is not None:
        kind = "xlsx" if report.suffix.lower() == ".xlsx" else "csv"
        with files.differences(kind, compared) as target:
            report.write_bytes(target.read())
        report.chmod(0o600)
    counts = checked.findings.counts
    head = "Uji coba, tidak ada yang disimpan: " if dry_run else ""
    click.echo(
        f"{head}{counts['new']} pelanggan baru, {counts['changed']} berubah, "
        f"{counts['same']} sama, {counts['left_out']} tidak diambil; "
        f"{counts.get('invoices', 0)} tagihan terbuka; {counts['bad']} kesalahan."
    )
    db.session.rollback()
    sys.exit(1 if counts["bad"] else 0)


def _say_result(run: ImportRun) -> None:
    result = run.result
    click.echo(
        f"impor {run.id}: {result.get('rows', 0)} baris, {result.get('refused', 0)} ditolak; "
        f"bisa dibatalkan di halaman Impor selama {runs.UNDO_DAYS} hari."
    )


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            yield chunk


def _print(report: ImportReport, dry_run: bool) -> None:
    for column in report.ignored_columns:
        click.echo(f"kolom diabaikan: {column}")
    for warning in report.warnings:
        click.echo(f"perhatian {_where(warning)}")
    for error in report.errors:
        click.echo(f"SALAH {_where(error)}", err=True)
    head = "Uji coba, tidak ada yang disimpan: " if dry_run else ""
    click.echo(
        f"{head}{report.new} pelanggan baru, {report.changed} berubah, {report.same} sama; "
        f"{report.subscriptions_new} langganan baru, {report.plans_new} paket baru; "
        f"{len(report.errors)} kesalahan."
    )


def _where(cell: CellError) -> str:
    shown = f" [{cell.value}]" if cell.value else ""
    return f"baris {cell.line}, kolom {cell.column}{shown}: {cell.sentence}"
