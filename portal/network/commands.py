"""`flask billing run` and `flask billing isolate`: one group, above invoices and access."""

import click
from flask.cli import AppGroup

from portal.core.money import format_rupiah
from portal.core.period import Period
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import billing
from portal.invoices.words import SKIPPED
from portal.network import fuse, isolation

cli = AppGroup("billing", help="Invoices and isolation.")


@cli.command("run")
@click.option("--period", "wanted", metavar="YYYY-MM", help="Default: the current month.")
@click.option("--dry-run", is_flag=True, help="Say what would be issued, change nothing.")
def run(wanted: str | None, dry_run: bool) -> None:
    """Issue whatever of the period is not issued yet, once, with its messages queued."""
    try:
        period = Period.parse(wanted) if wanted else Period.of(today())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--period") from None
    preview = billing.preview(period)
    db.session.rollback()
    if dry_run:
        click.echo(
            f"{period}: {preview.count} invoices, {format_rupiah(preview.total)} would be issued; "
            f"{preview.already_issued} exist already."
        )
        for reason, lines in preview.skipped:
            click.echo(f"{lines} without: {SKIPPED[reason]}")
        return
    count = 0
    while issued := billing.issue_chunk(period, only_due=False):
        db.session.commit()
        count += issued
        click.echo(f"{period}: {count}/{preview.count} issued")
    db.session.rollback()
    click.echo(f"{period}: {count} invoices issued now, {preview.already_issued} existed already.")


@cli.command("isolate")
@click.option("--dry-run", is_flag=True, help="Say who would be walled off, change nothing.")
def isolate(dry_run: bool) -> None:
    """Decide for every line that is late, and say why."""
    outcomes = isolation.run(dry_run=dry_run)
    for found in outcomes:
        when = f" [next: {found.next_on}]" if found.next_on else ""
        click.echo(
            f"{found.decision:<8} {found.customer_number} {found.login} {found.customer_name}: "
            f"{found.reason}{when}"
        )
    count = sum(found.decision == "isolate" for found in outcomes)
    stop = fuse.waiting(today())
    if stop is not None:
        click.echo(
            f"Stopped by the fuse: {len(stop.lines)} lines of {stop.customers} customers "
            f"({stop.base} are active) wait for an answer on the isolation page."
        )
    would = "would be isolated" if dry_run or stop else "isolated"
    click.echo(f"{count} of {len(outcomes)} late lines {would}.")
    db.session.rollback()
