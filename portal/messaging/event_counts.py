"""Events of providers nobody acts on yet: counted by name, so that a new one is noticed."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db
from portal.infra.database import is_postgres
from portal.infra.timekeeping import wall
from portal.messaging.models_inbound import HookEventCount


def add(source: str, names: Iterable[str]) -> None:
    """Count these; in the caller's transaction."""
    insert = (postgresql if is_postgres() else sqlite).insert(HookEventCount)
    for name, count in sorted(Counter(name[:80] for name in names).items()):
        db.session.execute(
            insert.values(
                source=source, name=name, count=count, last_at=wall()
            ).on_conflict_do_update(
                index_elements=["source", "name"],
                set_={
                    "count": HookEventCount.count + insert.excluded.count,
                    "last_at": insert.excluded.last_at,
                },
            )
        )


def seen() -> list[HookEventCount]:
    """All of them, the newest first."""
    return list(db.session.scalars(select(HookEventCount).order_by(HookEventCount.last_at.desc())))
