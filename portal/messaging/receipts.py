"""Delivery statuses: merged by rank, in any order, also when they come before our own record.

A callback may hold a thousand of them: what they are about is read in one query, merged in
memory, and written in one statement. The rows are locked meanwhile, so two callbacks at once
cannot undo each other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, or_, select, true, update

from portal.extensions import db
from portal.messaging.delivery import merge_status
from portal.messaging.drivers.events import DeliveryEvent
from portal.messaging.models import Message

CHUNK = 200
_STAMP = {"sent": "sent_at", "delivered": "delivered_at", "read": "read_at"}
_message: Table = Message.__table__  # type: ignore[assignment]
_READ = (
    "id",
    "dedupe_key",
    "provider_id",
    "state",
    "reason",
    "lease_until",
    "accepted_at",
    "sent_at",
    "delivered_at",
    "read_at",
    "billing_category",
    "billable",
)
_WRITTEN = _READ[2:]


@dataclass(frozen=True)
class Scope:
    """Whose messages a callback may speak of: another provider may use the same ids."""

    driver: str
    channel_id: int | None = None

    def condition(self) -> ColumnElement[bool]:
        """For the query that finds them."""
        if self.channel_id is None:
            return true()  # Meta's ids and our keys are nobody else's
        channel = _message.c.channel_id
        # None: word may come before our own record of who sent it.
        return (channel == self.channel_id) | channel.is_(None)


def source_of(driver: str, channel_id: int | None) -> str:
    """The inbox source of a channel's callbacks; all of Meta's come by one address."""
    if driver == "meta" or channel_id is None:
        return f"whatsapp.{driver}"
    return f"whatsapp.{driver}.{channel_id}"


def scope_of(source: str) -> Scope:
    """`whatsapp.meta` is every Meta channel's, `whatsapp.fonnte.7` that of channel 7."""
    _family, kind, *rest = source.split(".")
    return Scope(kind, int(rest[0]) if rest else None)


def apply(events: Sequence[DeliveryEvent], scope: Scope | None = None) -> list[DeliveryEvent]:
    """Merge events into their messages; returns those that had none."""
    foreign: list[DeliveryEvent] = []
    for begin in range(0, len(events), CHUNK):
        foreign += _apply_chunk(events[begin : begin + CHUNK], scope)
    return foreign


def _apply_chunk(events: Sequence[DeliveryEvent], scope: Scope | None) -> list[DeliveryEvent]:
    by_id, by_key = _find(events, scope)
    merged: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
    foreign: list[DeliveryEvent] = []
    for event in events:
        # Others of this batch may already use the new name.
        if event.next_id and (named := by_id.get(event.provider_id)):
            by_id.setdefault(event.next_id, named)
    for event in events:
        row = by_id.get(event.provider_id) or by_id.get(event.next_id) or by_key.get(event.key)
        if row is None:
            foreign.append(event)
            continue
        _before, after = merged.setdefault(row["id"], (row, dict(row)))
        _merge(after, event)
    changed = [after for before, after in merged.values() if before != after]
    if changed:
        values = [{f"b_{name}": after[name] for name in _READ} for after in changed]
        db.session.connection().execute(_WRITE, values)
    return foreign


def _find(
    events: Iterable[DeliveryEvent], scope: Scope | None
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The messages of these events, by provider's id and by our key, locked in one order."""
    ids = {name for event in events for name in (event.provider_id, event.next_id) if name}
    keys = {event.key for event in events if event.key}
    rows = db.session.execute(
        select(*(_message.c[name] for name in _READ))
        .where(or_(_message.c.provider_id.in_(ids), _message.c.dedupe_key.in_(keys)))
        .where(true() if scope is None else scope.condition())
        .order_by(_message.c.id)
        .with_for_update()
    ).mappings()
    found = [dict(row) for row in rows]
    by_id = {row["provider_id"]: row for row in found if row["provider_id"]}
    return by_id, {row["dedupe_key"]: row for row in found}


def _merge(row: dict[str, Any], event: DeliveryEvent) -> None:
    """One event into the values of its message."""
    state = merge_status(row["state"], event.state)
    if state != row["state"]:
        # The lease token stays: who is still sending may add what it learnt.
        row["state"], row["lease_until"] = state, None
        row["reason"] = event.reason if state == "failed" else ""
    if event.next_id:
        row["provider_id"] = event.next_id
    elif row["provider_id"] is None:
        row["provider_id"] = event.provider_id
    if event.state != "failed" and row["accepted_at"] is None:
        row["accepted_at"] = event.at
    if event.category:
        row["billing_category"], row["billable"] = event.category, event.billable
    stamp = _STAMP.get(event.state)
    if stamp:
        known: datetime | None = row[stamp]
        row[stamp] = event.at if known is None else min(known, event.at)


_WRITE = (
    update(_message)
    .where(_message.c.id == bindparam("b_id"))
    .values(**{name: bindparam(f"b_{name}") for name in _WRITTEN})
)
