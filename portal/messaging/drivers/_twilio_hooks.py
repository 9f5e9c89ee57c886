"""Twilio's callbacks read: statuses of what was sent, and what customers write.

A form, or JSON where the owner chose so. Twilio adds parameters without notice and tells no
moment, so an event's is the one it is read at.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from portal.messaging.drivers import _twilio_errors
from portal.messaging.drivers._reading import as_dict, first_text, json_object
from portal.messaging.drivers.events import (
    DeliveryEvent,
    HookEvent,
    InboundMessage,
    UnknownEvent,
)

_STATES = {
    "sent": "sent",
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "read",
    "failed": "failed",
    "undelivered": "failed",
    "canceled": "failed",
}
_EARLIER = frozenset({"queued", "accepted", "scheduled", "sending", "receiving"})


def events(body: bytes) -> list[HookEvent]:
    """What a callback says; never raises."""
    values = _values(body)
    if not first_text(values, "MessageSid", "SmsSid"):
        return []
    if _is_inbound(values):
        return [_inbound(values)]
    event = delivery(values)
    if event is not None:
        return [event]
    status = first_text(values, "MessageStatus", "SmsStatus").lower()
    return [] if not status or status in _EARLIER else [UnknownEvent(f"status {status}"[:60])]


def _values(body: bytes) -> dict[str, Any]:
    """The parameters of a callback, a form or (by choice of the owner) JSON."""
    if body.lstrip()[:1] == b"{":
        return json_object(body)
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return as_dict(dict(pairs))


def _is_inbound(values: Mapping[str, Any]) -> bool:
    if first_text(values, "SmsStatus").lower() == "received":
        return True
    return not first_text(values, "MessageStatus") and ("Body" in values or "NumMedia" in values)


def _phone(address: str) -> str:
    number = address.strip().removeprefix("whatsapp:")
    return number if re.fullmatch(r"\+\d{6,15}", number) else ""


def _inbound(values: Mapping[str, Any]) -> InboundMessage:
    sender = first_text(values, "From")
    form = first_text(values, "MessageType") or "text"
    return InboundMessage(
        provider_id=first_text(values, "MessageSid", "SmsSid"),
        sender=_phone(sender),
        at=datetime.now(UTC),
        text=first_text(values, "Body"),
        form="button" if first_text(values, "ButtonPayload", "ButtonText") else form,
        name=first_text(values, "ProfileName"),
        user_id="" if _phone(sender) else sender,
        reply_to=first_text(values, "OriginalRepliedMessageSid"),
        payload=first_text(values, "ButtonPayload"),
    )


def delivery(values: Mapping[str, Any]) -> DeliveryEvent | None:
    """A status; None for those that say no more than our own receipt."""
    status = first_text(values, "MessageStatus", "SmsStatus").lower()
    state = _STATES.get(status) or _STATES.get(first_text(values, "EventType").lower())
    if state is None:
        return None
    code, reason = first_text(values, "ErrorCode"), ""
    if state == "failed":
        words = _twilio_errors.sentence(code) or "Twilio tidak dapat menyampaikan pesan ini."
        reason = f"{words} (kode {code})" if code else words
    sid = first_text(values, "MessageSid", "SmsSid")
    return DeliveryEvent(sid, "", state, datetime.now(UTC), reason)
