"""`flask doctor`: is this installation sound, do the books balance?"""

import sys

import click
from flask.cli import with_appcontext

from portal.health.checks import examine

MARKS = {"ok": "ok  ", "warn": "WARN", "bad": "BAD "}


@click.command("doctor")
@with_appcontext
def cli() -> None:
    """Check configuration, services and the books; exit 1 when something is wrong."""
    findings = examine()
    for finding in findings:
        click.echo(f"{MARKS[finding.level]} {finding.name:<14} {finding.sentence}")
    bad = sum(finding.level == "bad" for finding in findings)
    click.echo("Everything that matters is sound." if not bad else f"{bad} thing(s) are wrong.")
    sys.exit(1 if bad else 0)
