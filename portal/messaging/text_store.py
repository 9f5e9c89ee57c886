"""Which text is in force: the newest version somebody saved, else the one that ships with Loket.

Versions are only added. An empty version means "the shipped text again". Sending reads them
once in `FRESH_SECONDS` per process, so a saved text counts everywhere within that time; the
editor always reads the database.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from flask import current_app, g
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.infra import audit
from portal.infra.database import is_postgres
from portal.infra.queue import after_commit
from portal.infra.timekeeping import now
from portal.messaging.models import MessageText

FOLDER = Path(__file__).parent / "defaults"
LANGUAGES = ("id", "en")
FRESH_SECONDS = 5.0
SHOWN_VERSIONS = 100


class Outdated(Exception):
    """Somebody saved another version since this one was begun."""


@dataclass
class _Cache:
    read_at: float = float("-inf")
    bodies: Mapping[tuple[str, str], str] = field(default_factory=dict)


@cache
def default_text(kind: str, language: str) -> str:
    """The shipped text of a kind; Indonesian when the language has none."""
    for wanted in (language, "id"):
        path = FOLDER / f"{kind}.{wanted}.txt"
        if path.is_file():
            return path.read_text(encoding="utf-8").strip()
    raise KeyError(kind)


def current(kind: str, language: str) -> str:
    """The text in force, for a message that leaves; may be `FRESH_SECONDS` old."""
    cached: _Cache = current_app.extensions.setdefault("loket.texts", _Cache())
    if time.monotonic() - cached.read_at > FRESH_SECONDS:
        cached.bodies = {key: row.body for key, row in newest().items()}
        cached.read_at = time.monotonic()
    return cached.bodies.get((kind, language)) or default_text(kind, language)


def newest() -> dict[tuple[str, str], MessageText]:
    """(kind, language) -> the newest version, straight from the database."""
    later = aliased(MessageText)
    rows = db.session.scalars(
        select(MessageText).where(
            ~select(later.id)
            .where(
                later.kind == MessageText.kind,
                later.language == MessageText.language,
                later.version > MessageText.version,
            )
            .exists()
        )
    )
    return {(row.kind, row.language): row for row in rows}


def history(kind: str, language: str, most: int = SHOWN_VERSIONS) -> Sequence[MessageText]:
    """The saved versions, the newest first: what is in force, then what was."""
    return db.session.scalars(
        select(MessageText)
        .where(MessageText.kind == kind, MessageText.language == language)
        .order_by(MessageText.version.desc())
        .limit(most)
    ).all()


def version(kind: str, language: str, number: int) -> MessageText | None:
    """One saved version."""
    return db.session.scalar(
        select(MessageText).where(
            MessageText.kind == kind,
            MessageText.language == language,
            MessageText.version == number,
        )
    )


def text_of(row: MessageText | None, kind: str, language: str) -> str:
    """The words of a version; the shipped ones for an empty version or none."""
    return (row.body if row else "") or default_text(kind, language)


def save(kind: str, language: str, body: str, seen: int | None = None) -> bool:
    """Add a version; False when the text is what is in force already. Audited.

    An empty body goes back to the shipped text. `seen` is the version the writer had before
    them (0 for none). Raises Outdated when another one came in between.
    """
    last = newest_of(kind, language)
    number = last.version if last else 0
    if seen is not None and seen != number:
        raise Outdated
    body = body.replace("\r\n", "\n").strip()
    before, default = text_of(last, kind, language), default_text(kind, language)
    if (body or default) == before:
        return False
    insert = (postgresql if is_postgres() else sqlite).insert(MessageText)
    added = db.session.execute(
        insert.values(
            kind=kind,
            language=language,
            version=number + 1,
            body="" if body == default else body,
            created_at=now(),
            created_by=g.get("actor") or "",
        )
        .on_conflict_do_nothing()
        .returning(MessageText.id)
    )
    if added.scalar_one_or_none() is None:
        raise Outdated
    audit.record(
        "text.save",
        f"text:{kind}:{language}",
        before={"version": number, "text": before},
        after={"version": number + 1, "text": body or default},
    )
    db.session.flush()
    after_commit(forget)
    return True


def newest_of(kind: str, language: str) -> MessageText | None:
    """The newest version of one text; None when nobody ever changed it."""
    return next(iter(history(kind, language, 1)), None)


def forget() -> None:
    """Read again at the next use."""
    current_app.extensions.pop("loket.texts", None)
