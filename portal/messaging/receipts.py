"""Delivery statuses: merged by rank, in any order, also when they come before our own record.

A callback may hold a thousand of them: what they are about is read in one query, merged in
memory, and written in one statement. The rows are locked meanwhile, so two callbacks at once
cannot undo each other.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, bindparam, or_, select, update

from portal.extensions import db
from portal.infra import inbox
from portal.infra.inbox import InboundHook, NotYet
from portal.infra.timekeeping import wall
from portal.messaging.delivery import merge_status
from portal.messaging.drivers.base import DeliveryEvent
from portal.messaging.models import Message
from portal.messaging.registry import REGISTRY

PARKED = timedelta(minutes=5)
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
)
_WRITTEN = _READ[2:]


def process(hook: InboundHook) -> str:
    """Apply every status in a stored callback; the caller commits, except before NotYet.

    Raises NotYet while an event's message is not known and the callback is young: its
    sender may not have stored the id yet.
    """
    kind = hook.source.removeprefix("whatsapp.")
    events = REGISTRY.get(kind)({}, _no_http()).parse_hook(bytes(hook.body))
    unknown = apply(events)
    if unknown and wall() - hook.received_at < PARKED:
        # One foreign id must not hold up the rest of the batch; merging again is harmless.
        db.session.commit()
        raise NotYet(f"{unknown} status belum dikenal")
    return f"{len(events)} status, {unknown} tidak dikenal"


def process_many(hooks: Sequence[InboundHook]) -> None:
    """The same for a batch of stored callbacks at once, each finished or put off by itself; the
    caller commits. What a callback cannot be read for is a fault of that one."""
    told: list[tuple[InboundHook, list[DeliveryEvent]]] = []
    for hook in hooks:
        kind = hook.source.removeprefix("whatsapp.")
        try:
            told.append((hook, REGISTRY.get(kind)({}, _no_http()).parse_hook(bytes(hook.body))))
        except Exception as error:
            inbox.postpone(hook, f"kesalahan: {type(error).__name__}")
    foreign = {id(event) for event in _merge_all([e for _hook, events in told for e in events])}
    for hook, events in told:
        unknown = sum(id(event) in foreign for event in events)
        if unknown and wall() - hook.received_at < PARKED:
            inbox.postpone(hook, f"{unknown} status belum dikenal")
        else:
            inbox.finish(hook, "processed", f"{len(events)} status, {unknown} tidak dikenal")


def _no_http() -> Any:
    """Parsing needs no connection."""
    return None


def apply(events: Sequence[DeliveryEvent]) -> int:
    """Merge events into their messages; returns how many had none."""
    return len(_merge_all(events))


def _merge_all(events: Sequence[DeliveryEvent]) -> list[DeliveryEvent]:
    """The events for which there is no message."""
    foreign: list[DeliveryEvent] = []
    for begin in range(0, len(events), CHUNK):
        foreign += _apply_chunk(events[begin : begin + CHUNK])
    return foreign


def _apply_chunk(events: Sequence[DeliveryEvent]) -> list[DeliveryEvent]:
    by_id, by_key = _find(events)
    merged: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
    foreign: list[DeliveryEvent] = []
    for event in events:
        row = by_id.get(event.provider_id) or by_key.get(event.key)
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
    events: Iterable[DeliveryEvent],
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The messages of these events, by provider's id and by our key, locked in one order."""
    ids = {event.provider_id for event in events}
    keys = {event.key for event in events if event.key}
    rows = db.session.execute(
        select(*(_message.c[name] for name in _READ))
        .where(or_(_message.c.provider_id.in_(ids), _message.c.dedupe_key.in_(keys)))
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
    if row["provider_id"] is None:
        row["provider_id"] = event.provider_id
    if event.state != "failed" and row["accepted_at"] is None:
        row["accepted_at"] = event.at
    stamp = _STAMP.get(event.state)
    if stamp:
        known: datetime | None = row[stamp]
        row[stamp] = event.at if known is None else min(known, event.at)


_WRITE = (
    update(_message)
    .where(_message.c.id == bindparam("b_id"))
    .values(**{name: bindparam(f"b_{name}") for name in _WRITTEN})
)
