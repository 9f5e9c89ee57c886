"""Photos of tickets: decoded before anything is locked, kept without a public address.

A row of `media_file` holds the bytes for 400 days. Who may look is decided by whoever asks for
one: the ticket's customer (`of_customer`), or staff with "tickets" (`of_staff`).
"""

from collections.abc import Sequence
from typing import Any

from flask import abort, request, send_file, session
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from portal.extensions import db
from portal.infra.throttle import Shared
from portal.infra.timekeeping import now
from portal.media import service as media
from portal.media import shelf
from portal.media.models import MediaFile
from portal.media.recognition import Form
from portal.tickets.models import Ticket, TicketEntry, TicketPhoto

Photo = tuple[bytes, Form]
MOST = 3
"""Photos an entry may have."""
MOST_POSTED = 24 * 1024 * 1024
"""Three photos of a phone's camera, and what a browser puts around them."""
_OFTEN = Shared("ticket-photos", 30, 600)


def make_room(_endpoint: str | None, _values: Any) -> None:
    """Before anything reads the form: it may be large, but not a stranger's."""
    if request.method == "POST" and session.get("_user_id"):
        request.max_content_length = MOST_POSTED


def examined(files: Sequence[FileStorage], who: str) -> list[Photo]:
    """The photos as they will be kept. Takes seconds and asks no database. Raises media.Refused."""
    chosen = [file for file in files if file.filename]
    if len(chosen) > MOST:
        raise media.Refused(_("Paling banyak %(most)s foto sekali kirim.", most=MOST))
    found = []
    for file in chosen:
        if not _OFTEN.spend(who):
            raise media.Refused(_("Terlalu banyak foto. Coba lagi beberapa menit lagi."), 429)
        found.append(media.examine_photo(file.stream))
    return found


def keep(ticket: Ticket, entry: TicketEntry, shown: Sequence[Photo]) -> None:
    """Keep an entry's photos with it. Raises media.Refused when there is no room."""
    by = f"customer:{ticket.customer_id}" if entry.author == "customer" else "staff"
    for number, photo in enumerate(shown, 1):
        file = media.keep_private(photo, f"{ticket.number}-{entry.id}-{number}", by)
        db.session.add(TicketPhoto(entry_id=entry.id, media_file_id=file.id))
    db.session.flush()


def of_customer(customer_id: int, photo_id: int) -> MediaFile | None:
    """The file of a photo in a ticket of this customer, of what the customer may read."""
    mine = Ticket.customer_id == customer_id, TicketEntry.internal.is_(False)
    return _file(photo_id, *mine)


def of_staff(photo_id: int) -> MediaFile | None:
    """The file of any photo."""
    return _file(photo_id)


def _file(photo_id: int, *where: Any) -> MediaFile | None:
    return db.session.scalar(
        select(MediaFile)
        .join(TicketPhoto, TicketPhoto.media_file_id == MediaFile.id)
        .join(TicketEntry, TicketEntry.id == TicketPhoto.entry_id)
        .join(Ticket, Ticket.id == TicketEntry.ticket_id)
        .where(TicketPhoto.id == photo_id, MediaFile.expires_at > now(), *where)
    )


def answer(file: MediaFile | None) -> Any:
    """The photo itself, which nobody in between keeps; 404 for none."""
    place = shelf.place(file.path) if file else None
    if file is None or place is None or not place.is_file():
        abort(404)
    found = send_file(place, mimetype=file.mime, download_name=file.filename, etag=file.sha256)
    found.headers["Cache-Control"] = "no-store"
    found.headers["X-Robots-Tag"] = "noindex"
    return found
