"""`flask drivers`: what each driver of the three families can do."""

import click
from flask.cli import with_appcontext

from portal.messaging.registry import REGISTRY as MESSAGES
from portal.network.registry import REGISTRY as NETWORK
from portal.payments.registry import REGISTRY as PAYMENTS


@click.command("drivers")
@with_appcontext
def cli() -> None:
    """Print the drivers of this installation with what they can do."""
    for family, registry in (("message", MESSAGES), ("payment", PAYMENTS), ("network", NETWORK)):
        for driver in registry:
            can = ", ".join(sorted(driver.capabilities)) or "-"
            click.echo(f"{family:<8} {driver.kind:<10} {driver.label:<46} {can}")
