"""`flask customers import FILE.csv [--dry-run]`."""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from portal.imports.parse import CellError
from portal.imports.service import ImportReport, run_import

cli = AppGroup("customers", help="Customers: import from CSV.")


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
