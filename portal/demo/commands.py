"""`flask demo seed` and `flask demo advance 10d`: live through a billing month in a minute."""

import re
import sys

import click
from flask.cli import AppGroup

from portal.demo.seed import NotADemo
from portal.demo.seed import seed as seed_demo
from portal.demo.travel import advance as travel

cli = AppGroup("demo", help="Demo data and time travel (development only).")


@cli.command("seed")
def seed() -> None:
    """Fill an empty database with the made-up ISP; does nothing the second time."""
    try:
        fresh = seed_demo()
    except NotADemo as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo("Demo data ready." if fresh else "Demo data was already there.")


@cli.command("advance")
@click.argument("days")
def advance(days: str) -> None:
    """Move time forward by DAYS (such as 10d), running every scheduled job of each day."""
    match = re.fullmatch(r"(\d{1,4})d?", days.strip())
    if match is None:
        raise click.BadParameter("say how many days, for example 10d")
    # The timetable lives above the portal; the command line is where they meet.
    from jobs.today import run_whole_day

    try:
        for day in travel(int(match[1]), run_whole_day):
            click.echo(f"{day.isoformat()} done")
    except (NotADemo, ValueError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
