"""`flask notification test whatsapp 0812…` and `flask drivers`."""

import secrets
import sys

import click
from flask.cli import AppGroup

from portal.core import recipients
from portal.extensions import db
from portal.messaging import testing
from portal.messaging.kinds import KINDS

cli = AppGroup("notification", help="Messages: try the channel in force.")


@cli.command("test")
@click.argument("channel", type=click.Choice(["whatsapp"]))
@click.argument("phone")
@click.option("--kind", type=click.Choice(sorted(KINDS)), default=None)
def test(channel: str, phone: str, kind: str | None) -> None:
    """Send one test message to PHONE through the channel in force and say what came of it."""
    try:
        to = recipients.parse(phone)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    result = testing.send_test(to, kind, secrets.token_hex(6))
    db.session.commit()
    click.echo(result.sentence)
    if result.provider_id:
        click.echo(f"id: {result.provider_id}")
    sys.exit(0 if result.ok else 1)
