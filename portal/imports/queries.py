"""Reading imports for screens."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select

from portal.extensions import db
from portal.imports import shelf
from portal.imports.models import ImportChange, ImportRun

STATES: dict[str, tuple[str, Any]] = {
    "new": ("info", _l("Kolom belum dicocokkan")),
    "checking": ("warn", _l("Sedang diperiksa")),
    "checked": ("info", _l("Sudah diperiksa")),
    "running": ("warn", _l("Sedang disimpan")),
    "paused": ("warn", _l("Dijeda")),
    "done": ("ok", _l("Selesai")),
    "cancelled": ("mute", _l("Dihentikan")),
    "undoing": ("warn", _l("Sedang dibatalkan")),
    "undone": ("mute", _l("Dibatalkan")),
    "failed": ("bad", _l("Tidak terbaca")),
}
SOURCES: dict[str, str] = {
    "csv": "CSV",
    "xlsx": "Excel",
    "phpnuxbill": "PHPNuxBill",
    "indonusa": "Java Indonusa",
}
MOVING = {"checking", "running", "undoing"}
SHOWN = 100
"""Rows of each list on the page; the files have all of them."""


def listing(role: str) -> Select[Any]:
    """The imports this role may see, the newest first."""
    found = select(ImportRun).order_by(ImportRun.id.desc())
    return found if role == "owner" else found.where(ImportRun.role == role)


def one(run_id: int, role: str) -> ImportRun | None:
    """One import, if this role may see it."""
    return db.session.scalar(listing(role).where(ImportRun.id == run_id))


def findings(run: ImportRun) -> dict[str, Any] | None:
    """What the check found; None before it, and when it is forgotten."""
    found: dict[str, Any] | None = shelf.get_json(run.id, "check")
    return found


def not_done(run: ImportRun) -> list[ImportChange]:
    """Lines that were refused while writing, and what an undo had to leave, with reasons."""
    return list(
        db.session.scalars(
            select(ImportChange)
            .where(
                ImportChange.run_id == run.id,
                or_(ImportChange.state == "refused", ImportChange.state == "kept"),
            )
            .order_by(ImportChange.row_line, ImportChange.id)
            .limit(1_000)
        )
    )


def busy() -> ImportRun | None:
    """The import that holds the only place."""
    return db.session.scalar(select(ImportRun).where(ImportRun.slot.is_not(None)).limit(1))
