"""Rows of help in the house of every route: a ticket with a photo, an announcement, a device."""

from typing import Any

from sqlalchemy import select

from portal.accounts import sessions
from portal.accounts.models_sessions import SessionRow
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.media.models import MediaFile
from portal.tickets.models import Announcement, Ticket, TicketEntry, TicketPhoto


def asked_for_help(budi: Customer) -> dict[str, Any]:
    """Parts of addresses; flushed. The photo's file is there, in the media folder."""
    from portal.media import service, shelf
    from portal.media.recognition import JPEG

    at = now()
    ticket = Ticket(
        number="TKT-202611-00001", customer_id=budi.id, kind="down", state="open", state_since=at,
        waiting_since=at, opened_at=at,
    )  # fmt: skip
    db.session.add(ticket)
    db.session.flush()
    said = TicketEntry(ticket_id=ticket.id, author="customer", body="Mati", created_at=at)
    noted = TicketEntry(ticket_id=ticket.id, author="staff", internal=True, body="x", created_at=at)
    told = Announcement(level="outage", title="Kabel putus", starts_at=at, created_at=at)
    db.session.add_all([said, noted, told])
    db.session.flush()
    file = MediaFile(
        token="y" * 32, kind=service.PRIVATE, mime=JPEG.mime, filename="TKT-1-1.jpg", size=1,
        sha256="0" * 64, path=shelf.put(b"x", ".jpg"), created_at=at,
        expires_at=at + service.PRIVATE_KEPT,
    )  # fmt: skip
    db.session.add(file)
    db.session.flush()
    photo = TicketPhoto(entry_id=said.id, media_file_id=file.id)
    db.session.add(photo)
    sessions.open_session(sessions.CUSTOMER, budi.id)
    db.session.flush()
    return {
        "ticket_id": ticket.id,
        "photo_id": photo.id,
        "announcement_id": told.id,
        "device_id": db.session.scalar(select(SessionRow.id).limit(1)),
    }
