"""`flask wa render FILE…`: what a gateway would be posted for a message text."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from portal.core import wablock

cli = AppGroup("wa", help="The [[wa]] message format.")


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
