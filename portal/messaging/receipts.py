"""Delivery statuses: merged by rank, in any order, also when they come before our own commit."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from portal.extensions import db
from portal.infra.inbox import InboundHook, NotYet
from portal.infra.timekeeping import wall
from portal.messaging.delivery import merge_status
from portal.messaging.drivers.base import DeliveryEvent
from portal.messaging.models import Message
from portal.messaging.registry import REGISTRY

PARKED = timedelta(minutes=5)
_STAMP = {"sent": "sent_at", "delivered": "delivered_at", "read": "read_at"}


def process(hook: InboundHook) -> str:
    """Apply every status in a stored callback; the caller commits, except before NotYet.

    Raises NotYet while an event's message is not known and the callback is young: its
    sender may not have stored the id yet.
    """
    kind = hook.source.removeprefix("whatsapp.")
    events = REGISTRY.get(kind)({}, _no_http()).parse_hook(bytes(hook.body))
    unknown = sum(not apply(event) for event in events)
    if unknown and wall() - hook.received_at < PARKED:
        # One foreign id must not hold up the rest of the batch; merging again is harmless.
        db.session.commit()
        raise NotYet(f"{unknown} status belum dikenal")
    return f"{len(events)} status, {unknown} tidak dikenal"


def _no_http() -> Any:
    """Parsing needs no connection."""
    return None


def apply(event: DeliveryEvent) -> bool:
    """Merge one event into its message; False when no message is known for it."""
    message = _find(event)
    if message is None:
        return False
    state = merge_status(message.state, event.state)
    values: dict[str, Any] = {}
    if state != message.state:
        # The lease token stays: who is still sending may add what it learnt.
        values = {"state": state, "lease_until": None}
        values["reason"] = event.reason if state == "failed" else ""
    if message.provider_id is None:
        values["provider_id"] = event.provider_id
    if event.state != "failed" and message.accepted_at is None:
        values["accepted_at"] = event.at
    stamp = _STAMP.get(event.state)
    if stamp:
        known: datetime | None = getattr(message, stamp)
        values[stamp] = event.at if known is None else min(known, event.at)
    if values:
        db.session.execute(
            update(Message)
            .where(Message.id == message.id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
    return True


def _find(event: DeliveryEvent) -> Message | None:
    """By the provider's id, else by our own key, which it hands back. Locked for the merge."""
    statement = select(Message).where(
        or_(
            Message.provider_id == event.provider_id,
            Message.dedupe_key == (event.key or "-"),
        )
    )
    found = db.session.scalars(
        statement.limit(1).with_for_update().execution_options(populate_existing=True)
    )
    return found.first()
