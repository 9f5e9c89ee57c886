"""Trouble tickets with what was said and shown in them, and announcements of outages."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Staff
from portal.customers.models import Area, Customer
from portal.extensions import Model
from portal.infra.types import State, UtcDateTime
from portal.media.models import MediaFile
from portal.messaging.models import Message


class Ticket(Model):
    """Something a customer needs help with.

    `kind`: down, slow, billing, other. `state`: see `states.py`. `waiting_since` is when the
    customer's oldest unanswered word came; empty while it is the customer's turn, or nobody's.
    `form_key` is the form's own, so that a form sent twice is one ticket.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ix_ticket_customer_id_id", "customer_id", "id"),
        Index("ix_ticket_state_waiting_since", "state", "waiting_since"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[str] = mapped_column(State())
    state: Mapped[str] = mapped_column(State(), default="open")
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    waiting_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_reason: Mapped[str] = mapped_column(String(300), default="")
    reopened: Mapped[int] = mapped_column(default=0)

    customer: Mapped[Customer] = relationship()
    assignee: Mapped[Staff | None] = relationship()
    entries: Mapped[list["TicketEntry"]] = relationship(
        order_by="TicketEntry.id", back_populates="ticket"
    )


class TicketEntry(Model):
    """What somebody wrote or did in a ticket. `author`: customer, staff.

    `step` is empty for words alone, else opened, assigned, closed, reopened. `internal` ones no
    customer sees. `message_id` is the WhatsApp message that carried it to the customer.
    """

    __tablename__ = "ticket_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    author: Mapped[str] = mapped_column(State())
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    step: Mapped[str] = mapped_column(State(), default="")
    internal: Mapped[bool] = mapped_column(default=False, server_default=false())
    body: Mapped[str] = mapped_column(Text, default="")
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    ticket: Mapped[Ticket] = relationship(back_populates="entries")
    staff: Mapped[Staff | None] = relationship()
    message: Mapped[Message | None] = relationship()
    photos: Mapped[list["TicketPhoto"]] = relationship(order_by="TicketPhoto.id")


class TicketPhoto(Model):
    """A photo that came with an entry; its file goes when its time is over."""

    __tablename__ = "ticket_photo"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("ticket_entry.id"), index=True)
    media_file_id: Mapped[int | None] = mapped_column(
        ForeignKey("media_file.id", ondelete="SET NULL"), index=True
    )

    entry: Mapped[TicketEntry] = relationship(viewonly=True)
    file: Mapped[MediaFile | None] = relationship()


class Announcement(Model):
    """What customers of an area, or all, should know. `level`: outage, work, info.

    Shown from `starts_at` until `ends_at`, or until somebody ends it.
    """

    __tablename__ = "announcement"
    __table_args__ = (Index("ix_announcement_starts_at", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(State())
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(String(1000), default="")
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))

    area: Mapped[Area | None] = relationship()
    created_by: Mapped[Staff | None] = relationship()
