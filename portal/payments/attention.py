"""The *perlu perhatian* list: money a person must look at. Once per cause."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db
from portal.infra import audit
from portal.infra.database import is_postgres, updated
from portal.infra.timekeeping import now
from portal.payments.models import AttentionItem


def raise_item(dedupe_key: str, kind: str, sentence: str, **about: Any) -> None:
    """Add an item unless the same cause is on the list already."""
    insert = (postgresql if is_postgres() else sqlite).insert(AttentionItem)
    db.session.execute(
        insert.values(
            dedupe_key=dedupe_key[:160],
            kind=kind,
            sentence=sentence,
            details=about.pop("details", {}),
            state="open",
            created_at=now(),
            resolved_by="",
            resolution="",
            **about,
        ).on_conflict_do_nothing(index_elements=["dedupe_key"])
    )


def resolve(item_id: int, note: str, actor: str) -> bool:
    """Close an item with a note; False when it was closed before.

    Raises ValueError without a note.
    """
    if not note.strip():
        raise ValueError("Tulis apa yang sudah dilakukan.")
    done = updated(
        update(AttentionItem)
        .where(AttentionItem.id == item_id, AttentionItem.state == "open")
        .values(
            state="resolved", resolved_at=now(), resolved_by=actor, resolution=note.strip()[:500]
        )
    )
    if done == 1:
        audit.record("attention.resolve", f"attention:{item_id}", reason=note.strip()[:500])
    return done == 1
