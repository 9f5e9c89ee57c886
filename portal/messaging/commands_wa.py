"""`flask wa render FILE…`: what a gateway would be posted for a message text; `flask wa contacts`:
contacts kept at a gateway."""

import json
from collections.abc import Callable
from pathlib import Path

import click
from flask.cli import AppGroup

from portal.core import wablock
from portal.core.driverkit import DriverError
from portal.core.phone import InvalidPhone, PhoneNumber
from portal.messaging import contacts
from portal.messaging.drivers.base import Receipt

cli = AppGroup("wa", help="The [[wa]] message format, and contacts at a gateway.")
book = AppGroup("contacts", help="Contacts kept at the PHPNuxBill style gateway in force.")
cli.add_command(book)


@cli.command("render")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def render(files: tuple[Path, ...]) -> None:
    """Print the payload of each FILE (one message text each) as one line of JSON, before
    recipient and key are added; `null` for plain text."""
    for text in [_read(path) for path in files]:
        block = wablock.parse(text)
        click.echo(json.dumps(None if block is None else wablock.payload(block)))


def _read(path: Path) -> str:
    """The text as it is, line ends included. Raises ClickException."""
    try:
        # With or without the mark some editors put first.
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8 and try again."
        ) from None
    except OSError as error:
        raise click.ClickException(f"Cannot read {path}: {error.strerror}.") from None


@book.command("upsert")
@click.argument("phone")
@click.argument("name")
def upsert(phone: str, name: str) -> None:
    """Write one contact: PHONE in any usual form, and its NAME."""
    try:
        digits = PhoneNumber.parse(phone).digits
    except InvalidPhone as error:
        raise click.BadParameter(str(error)) from None
    _say(lambda: contacts.upsert([{"name": name.strip(), "phone": digits}]))


@book.command("delete")
@click.argument("who", nargs=-1, required=True)
def delete(who: tuple[str, ...]) -> None:
    """Remove contacts, each WHO a phone number or the gateway's own id."""
    _say(lambda: contacts.delete([_named(one) for one in who]))


def _named(who: str) -> dict[str, str]:
    try:
        return {"phone": PhoneNumber.parse(who).digits}
    except InvalidPhone:
        return {"id": who}


def _say(act: Callable[[], Receipt]) -> None:
    """Do it and say what the gateway answered. Raises ClickException."""
    try:
        receipt = act()
    except DriverError as error:
        raise click.ClickException(" ".join(filter(None, (error.sentence, error.detail)))) from None
    click.echo(f"Gateway: {receipt.answer}")
