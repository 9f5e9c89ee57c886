"""The message log as CSV: streamed, numbers masked, harmless to spreadsheets."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask
from sqlalchemy import Select

from portal.core.phone import InvalidPhone, PhoneNumber
from portal.core.spreadsheet import harmless
from portal.extensions import db
from portal.infra.timekeeping import zone
from portal.messaging.models import Message

HEADER = (
    "waktu",
    "jenis",
    "pelanggan",
    "no_pelanggan",
    "kepada",
    "status",
    "alasan",
    "driver",
    "percobaan",
    "terkirim",
    "sampai",
    "dibaca",
    "kunci",
)
CHUNK = 500


def rows(app: Flask, statement: Select[Any], people: Mapping[str, str]) -> Iterator[bytes]:
    """The lines of the file, with a mark that makes spreadsheets read it as UTF-8. `people`
    are the names of staff and groups by address.

    Read chunk by chunk, each in a context of its own: a slow download keeps no transaction.
    """
    yield b"\xef\xbb\xbf" + _line(HEADER)
    below: int | None = None
    while True:
        page = statement if below is None else statement.where(Message.id < below)
        with app.app_context():
            found = db.session.execute(page.limit(CHUNK)).all()
            lines = [_row(message, name, number, people) for message, name, number in found]
            below = found[-1][0].id if found else None
        yield from lines
        if len(lines) < CHUNK:
            return


def _row(
    message: Message, name: str | None, number: str | None, people: Mapping[str, str]
) -> bytes:
    return _line(
        (
            _time(message.created_at),
            message.kind,
            name or people.get(message.recipient, ""),
            number or "",
            _masked(message.recipient),
            message.state,
            message.reason,
            message.driver,
            message.attempts,
            _time(message.sent_at),
            _time(message.delivered_at),
            _time(message.read_at),
            masked_key(message),
        )
    )


def _line(values: tuple[Any, ...]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([harmless(value) for value in values])
    return buffer.getvalue().encode()


def _time(stamp: Any) -> str:
    return f"{stamp.astimezone(zone()):%Y-%m-%d %H:%M:%S}" if stamp else ""


def _masked(recipient: str) -> str:
    try:
        return PhoneNumber.parse(recipient).mask()
    except InvalidPhone:
        return recipient


def masked_key(message: Message) -> str:
    """The dedupe key without the whole number that some kinds carry in it."""
    return message.dedupe_key.replace(message.recipient, _masked(message.recipient))
