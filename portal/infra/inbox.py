"""The inbox: every provider callback is stored raw before anything acts on it.

Answering is fast and processing can be repeated. A repeat of the same bytes is one row
(unique source and key) with its repeats counted.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import (
    JSON,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    case,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model, db
from portal.infra import queue
from portal.infra.database import is_postgres, updated
from portal.infra.locks import LEASE
from portal.infra.timekeeping import wall
from portal.infra.types import State, UtcDateTime


class NotYet(Exception):
    """A processor cannot act on a callback now; it is tried again later."""


STATUS_SOURCE = "whatsapp."
TALK_SOURCE = "whatsapp.telegram"
_RUNG = "loket.statuses_rung_at"
# Rings of a sweep: what fills the lane for about ten seconds, and what is asked for anyway.
_ROOM, _AT_LEAST = 1000, 50
# Only what processing needs: signatures and secrets were checked at the door.
KEPT_HEADERS = ("content-type", "user-agent")


class InboundHook(Model):
    """One callback as it came. `state`: received, processed, failed, refused."""

    __tablename__ = "inbound_hook"
    __table_args__ = (
        UniqueConstraint("source", "dedupe_key"),
        Index("ix_inbound_hook_state_next_at", "state", "next_at"),
        Index("ix_inbound_hook_source_received_at", "source", "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(State(40))
    dedupe_key: Mapped[str] = mapped_column(String(64))
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(State(), default="received")
    repeats: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    processed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(Text, default="")


def store(source: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Keep one callback and ring for it after the commit; returns the row's id.

    The same bytes again count as a repeat; a row that was already processed is looked
    at once more, since providers repeat what they think we missed.
    """
    key = hashlib.sha256(body).hexdigest()
    now = wall()
    kept = {name: headers[name][:300] for name in KEPT_HEADERS if headers.get(name)}
    insert = (postgresql if is_postgres() else sqlite).insert(InboundHook)
    statement = insert.values(
        source=source,
        dedupe_key=key,
        headers=kept,
        body=body,
        state="received",
        repeats=0,
        attempts=0,
        received_at=now,
        next_at=now,
        outcome="",
    ).on_conflict_do_update(
        index_elements=["source", "dedupe_key"],
        set_={
            "repeats": InboundHook.repeats + 1,
            "state": "received",
            "next_at": now,
            # One that was done with, or given up, has all its tries but the first again.
            "attempts": case((InboundHook.state == "received", InboundHook.attempts), else_=1),
        },
    )
    told = statement.returning(InboundHook.id, InboundHook.repeats, InboundHook.attempts)
    hook_id, repeats, attempts = db.session.execute(told).one()
    # A repeat of one that nobody has tried yet: its ring is on the way, or the sweeper's. A
    # provider that says everything ten times must not make the lane ten times as long.
    if not repeats or attempts:
        _ring(hook_id, source)
    return int(hook_id)


def _ring(hook_id: int, source: str) -> None:
    """Money goes to the lane of money, each by its id; so does what somebody says to the bot and
    waits for an answer to. Word about messages comes by the thousand: one job takes whatever
    waits, and is called for once a second at most."""
    if not source.startswith(STATUS_SOURCE) or source.startswith(TALK_SOURCE):
        queue.ring(queue.PROCESS_HOOK, hook_id)
        return
    rung_at: float = current_app.extensions.get(_RUNG, float("-inf"))
    if time.monotonic() - rung_at >= 1:
        current_app.extensions[_RUNG] = time.monotonic()
        queue.ring(queue.PROCESS_STATUSES)


def ring_for_due() -> None:
    """Ring for callbacks that nobody processed; the caller commits.

    As many as their lane has room for: after the database was away thousands wait whose rings
    were spent in vain, and yet a lane already full must not be filled with the same ones again.
    """
    room = _ROOM - queue.bell().waiting(queue.LANE_OF[queue.PROCESS_HOOK])
    for hook_id, source in _due(max(room, _AT_LEAST)):
        _ring(hook_id, source)


def claim(hook_id: int) -> InboundHook | None:
    """Take one waiting callback for processing, or None when somebody else has it."""
    now = wall()
    taken = updated(
        update(InboundHook)
        .where(
            InboundHook.id == hook_id,
            InboundHook.state == "received",
            InboundHook.next_at <= now,
        )
        .values(next_at=now + LEASE, attempts=InboundHook.attempts + 1)
    )
    return db.session.get(InboundHook, hook_id) if taken == 1 else None


def claim_statuses(limit: int = 100) -> list[InboundHook]:
    """Take some waiting word about messages; commits."""
    now = wall()
    waiting = (
        select(InboundHook.id)
        .where(
            InboundHook.state == "received",
            InboundHook.next_at <= now,
            InboundHook.source.startswith(STATUS_SOURCE),
        )
        .order_by(InboundHook.id)
        .limit(limit)
    )
    if is_postgres():
        waiting = waiting.with_for_update(skip_locked=True)
    ids = db.session.scalars(waiting).all()
    if ids:
        updated(
            update(InboundHook)
            .where(InboundHook.id.in_(ids))
            .values(next_at=now + LEASE, attempts=InboundHook.attempts + 1)
        )
    db.session.commit()
    if not ids:
        return []
    rows = select(InboundHook).where(InboundHook.id.in_(ids)).order_by(InboundHook.id)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def give_back(ids: Sequence[int]) -> None:
    """Claimed, but not processed: due again at once; commits."""
    updated(
        update(InboundHook)
        .where(InboundHook.id.in_(ids), InboundHook.state == "received")
        .values(next_at=wall(), attempts=InboundHook.attempts - 1)
    )
    db.session.commit()


def finish(hook: InboundHook, state: str, outcome: str) -> None:
    """Record what became of it, in words."""
    hook.state, hook.outcome, hook.processed_at = state, outcome[:500], wall()


def postpone(hook: InboundHook, outcome: str) -> None:
    """Try again later, further apart each time; after ten tries it is left as failed."""
    if hook.attempts >= 10:
        finish(hook, "failed", outcome)
        return
    hook.outcome = outcome[:500]
    hook.next_at = wall() + timedelta(seconds=min(15 * 2**hook.attempts, 3600))


def clock_went_back(latest: datetime) -> None:
    """What waited until some moment before the clock was set back waits no longer."""
    now = wall()
    # Later tries are at most an hour apart.
    ahead = (InboundHook.next_at > now, InboundHook.next_at <= latest + timedelta(hours=2))
    updated(update(InboundHook).where(InboundHook.state == "received", *ahead).values(next_at=now))


def due(limit: int = 100) -> list[int]:
    """Ids of callbacks whose hour has come, money before word about messages."""
    return [hook_id for hook_id, _source in _due(limit)]


def _due(limit: int) -> list[tuple[int, str]]:
    rows = db.session.execute(
        select(InboundHook.id, InboundHook.source)
        .where(InboundHook.state == "received", InboundHook.next_at <= wall())
        .order_by(InboundHook.source.startswith(STATUS_SOURCE), InboundHook.id)
        .limit(limit)
    )
    return [(row.id, row.source) for row in rows]
