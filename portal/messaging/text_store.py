"""Which text is in force: the newest version somebody saved, else the one that ships with Loket.

Versions are only added. An empty version means "the shipped text again". Read from the
database every few seconds per process at most, so a saved text counts at once everywhere.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from flask import current_app, g
from sqlalchemy import func, select

from portal.extensions import db
from portal.infra import audit
from portal.infra.queue import after_commit
from portal.infra.timekeeping import now
from portal.messaging.models import MessageText

FOLDER = Path(__file__).parent / "defaults"
LANGUAGES = ("id", "en")
FRESH_SECONDS = 3.0


@dataclass
class _Cache:
    read_at: float = float("-inf")
    bodies: dict[tuple[str, str], str] = field(default_factory=dict)


@cache
def default_text(kind: str, language: str) -> str:
    """The shipped text of a kind; Indonesian when the language has none."""
    for wanted in (language, "id"):
        path = FOLDER / f"{kind}.{wanted}.txt"
        if path.is_file():
            return path.read_text(encoding="utf-8").strip()
    raise KeyError(kind)


def current(kind: str, language: str) -> str:
    """The text in force."""
    return _bodies().get((kind, language)) or default_text(kind, language)


def _bodies() -> dict[tuple[str, str], str]:
    cached: _Cache = current_app.extensions.setdefault("loket.texts", _Cache())
    if time.monotonic() - cached.read_at > FRESH_SECONDS:
        newest = (
            select(func.max(MessageText.version))
            .where(
                MessageText.kind == _inner.c.kind,
                MessageText.language == _inner.c.language,
            )
            .correlate(_inner)
            .scalar_subquery()
        )
        rows = db.session.execute(
            select(_inner.c.kind, _inner.c.language, _inner.c.body).where(
                _inner.c.version == newest
            )
        )
        cached.bodies = {(row.kind, row.language): row.body for row in rows}
        cached.read_at = time.monotonic()
    return cached.bodies


_inner = MessageText.__table__.alias("inner_text")


def history(kind: str, language: str) -> Sequence[MessageText]:
    """Every saved version, the newest first."""
    return db.session.scalars(
        select(MessageText)
        .where(MessageText.kind == kind, MessageText.language == language)
        .order_by(MessageText.version.desc())
    ).all()


def save(kind: str, language: str, body: str) -> bool:
    """Add a version; False when the text is what is in force already. Audited.

    An empty body goes back to the shipped text.
    """
    body = body.replace("\r\n", "\n").strip()
    before = current(kind, language)
    if (body or default_text(kind, language)) == before:
        return False
    if body == default_text(kind, language):
        body = ""
    newest = db.session.scalar(
        select(func.max(MessageText.version)).where(
            MessageText.kind == kind, MessageText.language == language
        )
    )
    db.session.add(
        MessageText(
            kind=kind,
            language=language,
            version=(newest or 0) + 1,
            body=body,
            created_at=now(),
            created_by=g.get("actor") or "",
        )
    )
    audit.record(
        "text.save",
        f"text:{kind}:{language}",
        before={"text": before},
        after={"text": body or default_text(kind, language)},
    )
    db.session.flush()
    after_commit(forget)
    return True


def forget() -> None:
    """Read again at the next use."""
    current_app.extensions.pop("loket.texts", None)
