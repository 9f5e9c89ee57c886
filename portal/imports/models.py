"""Imports: each file that was uploaded, what became of its rows, and how columns were mapped."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import State, UtcDateTime


class ImportRun(Model):
    """One file on its way into the books.

    `state`: new (columns not mapped), checking, checked, running, paused, done, cancelled,
    undoing, undone, failed (unreadable, `error` says why). `slot` is filled while it writes or
    undoes, and unique: one import at a time. `cursor` counts pieces of rows that are taken, of
    `pieces`. Only the `role` that uploaded it sees it, and the owner.
    """

    __tablename__ = "import_run"
    __table_args__ = (Index("ix_import_run_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(State())
    filename: Mapped[str] = mapped_column(String(160))
    size: Mapped[int] = mapped_column(BigInteger)
    sheet: Mapped[str] = mapped_column(String(120), default="")
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(State(), default="new")
    slot: Mapped[str | None] = mapped_column(State(), unique=True)
    pieces: Mapped[int] = mapped_column(default=0)
    cursor: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    summary: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(80), default="")
    role: Mapped[str] = mapped_column(State())
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the file and everything read from it was deleted.
    forgotten_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportPiece(Model):
    """A part of a run's file, rows or findings; `content` is compressed and encrypted.

    `kind`: file, rows, check, bad, differences.
    """

    __tablename__ = "import_piece"

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(State(), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportChange(Model):
    """What one line of a file changed, so that it can be taken back.

    `before` and `after` hold the fields of customer and line, `made` the ids of what was new
    besides them. `state`: done, refused (nothing changed), undone, kept (`reason` says why).
    The ids are no foreign keys: what is undone is gone.
    """

    __tablename__ = "import_change"
    __table_args__ = (Index("ix_import_change_run_id_state", "run_id", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"))
    row_line: Mapped[int]
    number: Mapped[str] = mapped_column(String(40))
    customer_id: Mapped[int | None]
    subscription_id: Mapped[int | None]
    customer_what: Mapped[str] = mapped_column(State(), default="")
    line_what: Mapped[str] = mapped_column(State(), default="")
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    made: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(State(), default="done")
    reason: Mapped[str] = mapped_column(Text, default="")


class ImportMapping(Model):
    """How a file with these headers was mapped last; `headers` is a hash of them."""

    __tablename__ = "import_mapping"

    id: Mapped[int] = mapped_column(primary_key=True)
    headers: Mapped[str] = mapped_column(String(64), unique=True)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
