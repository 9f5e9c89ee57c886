"""`flask drivers`: what each driver of the three families can do."""

from collections.abc import Iterable
from typing import Any

import click
from flask.cli import with_appcontext

from portal.core.driverkit import Capability
from portal.messaging.registry import REGISTRY as MESSAGES
from portal.network.registry import REGISTRY as NETWORK
from portal.payments.registry import REGISTRY as PAYMENTS


@click.command("drivers")
@click.option("--markdown", is_flag=True, help="The message drivers as the table of the docs.")
@with_appcontext
def cli(markdown: bool) -> None:
    """Print the drivers of this installation with what they can do."""
    if markdown:
        click.echo("\n".join(matrix()))
        return
    families: tuple[tuple[str, Iterable[Any]], ...] = (
        ("message", MESSAGES),
        ("payment", PAYMENTS),
        ("network", NETWORK),
    )
    for family, registry in families:
        for driver in registry:
            can = ", ".join(sorted(driver.capabilities)) or "-"
            click.echo(f"{family:<8} {driver.kind:<10} {driver.label:<46} {can}")


def matrix() -> list[str]:
    """The table of message drivers in `docs/drivers.md`, line by line."""
    abilities = list(Capability)
    head = ["Driver", "Name", "to", *(ability.value for ability in abilities)]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for driver in sorted(MESSAGES, key=lambda one: one.kind):
        marks = ["yes" if ability in driver.capabilities else "" for ability in abilities]
        lines.append(f"| {' | '.join([f'`{driver.kind}`', driver.label, driver.reach, *marks])} |")
    return lines
