"""What the desk keeps: saved views, notes, bulk runs, looks through a customer's eyes."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Staff
from portal.extensions import Model
from portal.infra.types import State, UtcDateTime


class SavedView(Model):
    """A filter of the customers list under a name; `shared` ones are everybody's to open.

    A deleted one keeps its row for a while, so that deleting can be undone.
    """

    __tablename__ = "saved_view"
    __table_args__ = (
        Index(
            "uq_saved_view_name",
            "staff_id",
            "name",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    shared: Mapped[bool] = mapped_column(default=False, server_default=false())
    query: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CustomerNote(Model):
    """What staff write down about a customer; never shown to the customer."""

    __tablename__ = "customer_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    body: Mapped[str] = mapped_column(Text)
    pinned: Mapped[bool] = mapped_column(default=False, server_default=false())
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    author: Mapped[Staff] = relationship(lazy="joined")


class NoteEdit(Model):
    """What a note said before somebody changed it."""

    __tablename__ = "customer_note_edit"

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("customer_note.id"), index=True)
    body: Mapped[str] = mapped_column(Text)
    edited_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    edited_by: Mapped[Staff] = relationship(lazy="joined")


class BulkRun(Model):
    """One action on many customers. `state`: running, done, stopped, undoing, undone.

    Whom it is about was written down when it was confirmed, one `BulkItem` each; `once` is the
    key of the form, so that a second press is the same run.
    """

    __tablename__ = "bulk_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    once: Mapped[str] = mapped_column(String(64), unique=True)
    action: Mapped[str] = mapped_column(State(30))
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    about: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(State(), default="running", index=True)
    total: Mapped[int] = mapped_column(default=0)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    staff: Mapped[Staff] = relationship(lazy="joined")


class BulkItem(Model):
    """One customer of a run. `state`: waiting, done, skipped (with the reason), undone, kept.

    `before` is what undoing needs; what could not be undone is `kept`, with the reason.
    """

    __tablename__ = "bulk_item"
    __table_args__ = (
        UniqueConstraint("run_id", "customer_id"),
        Index("ix_bulk_item_run_id_state", "run_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("bulk_run.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    state: Mapped[str] = mapped_column(State(), default="waiting")
    reason: Mapped[str] = mapped_column(String(300), default="")
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Impersonation(Model):
    """A member of staff looks at a customer's pages, read only, until `until` at the latest."""

    __tablename__ = "impersonation"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
