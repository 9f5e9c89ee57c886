"""Qontak's callbacks and broadcast logs read, as far as integrators have shown them.

No shape is published, so names are looked for rather than expected, and what is not recognised
is counted under its own word.
"""

import re
from collections.abc import Mapping
from typing import Any

from portal.messaging.drivers._reading import (
    as_dict,
    first_text,
    json_object,
    moment,
    words,
)
from portal.messaging.drivers.events import (
    DeliveryEvent,
    HookEvent,
    InboundMessage,
    UnknownEvent,
)

_STATES = {"sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed"}
_EARLIER = frozenset({"todo", "pending", "created", "processing", "queued"})
_BROADCAST = ("messages_broadcast_id", "broadcast_id", "message_broadcast_id")
_NAMES = ("data_event", "webhook_event", "event", "type")


def events(body: bytes) -> list[HookEvent]:
    """What a callback says; never raises."""
    said = json_object(body)
    row = as_dict(said.get("data")) or said
    name = first_text(said, *_NAMES) or first_text(row, *_NAMES)
    found = first_text(row, *_BROADCAST) or first_text(said, *_BROADCAST)
    if found:
        event = _delivery(found, row)
        if event is not None:
            return [event]
        if words(row.get("status")).lower() in _EARLIER:
            return []
    if "from_customer" in name or words(row.get("participant_type")) == "customer":
        return _inbound(row)
    return [UnknownEvent(re.sub(r"[^\w.: -]", "", name)[:60] or "tidak dikenal")] if said else []


def logged(broadcast_id: str, data: Any) -> DeliveryEvent | None:
    """The state of a direct broadcast by its log, which has one line."""
    rows = data if isinstance(data, list) else [data]
    return _delivery(broadcast_id, as_dict(rows[0])) if rows else None


def _delivery(broadcast_id: str, row: Mapping[str, Any]) -> DeliveryEvent | None:
    state = _STATES.get(words(row.get("status")).lower())
    if state is None:
        return None
    reason = ""
    if state == "failed":
        told = first_text(row, "whatsapp_error_message", "error_message", "reason")
        reason = f"WhatsApp tidak menyampaikan pesan ini. {told}".strip()[:300]
    at = first_text(row, "updated_at", "created_at")
    return DeliveryEvent(broadcast_id, "", state, moment(at), reason)


def _inbound(row: Mapping[str, Any]) -> list[HookEvent]:
    found, room = first_text(row, "id"), as_dict(row.get("room"))
    person = as_dict(row.get("sender"))
    number = re.sub(r"\D", "", first_text(room, "account_uniq_id", "phone_number"))
    if not found:
        return []
    return [
        InboundMessage(
            provider_id=found,
            sender=f"+{number}" if 8 <= len(number) <= 15 else "",
            at=moment(first_text(row, "created_at")),
            text=first_text(row, "text"),
            form=first_text(row, "type") or "text",
            name=first_text(person, "name") or first_text(room, "name"),
        )
    ]
