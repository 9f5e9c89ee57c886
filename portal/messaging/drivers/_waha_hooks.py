"""WAHA's callbacks read: receipts, answers, and whether the session is up."""

from collections.abc import Mapping
from typing import Any

from portal.messaging.drivers._reading import (
    as_dict,
    first_text,
    json_object,
    moment,
    number_of,
    words,
)
from portal.messaging.drivers.events import (
    DeliveryEvent,
    DeviceEvent,
    HookEvent,
    InboundMessage,
    UnknownEvent,
)

_ACKS = {
    "ERROR": "failed",
    "-1": "failed",
    "SERVER": "sent",
    "1": "sent",
    "DEVICE": "delivered",
    "2": "delivered",
    "READ": "read",
    "3": "read",
    "PLAYED": "read",
    "4": "read",
}
_DOWN = {
    "SCAN_QR_CODE": "Nomor menunggu dipasangkan: pindai QR di dasbor WAHA.",
    "PASSKEY_REQUIRED": "WhatsApp meminta passkey: selesaikan di dasbor WAHA.",
    "PASSKEY_CONFIRMATION_REQUIRED": "WhatsApp meminta passkey: selesaikan di dasbor WAHA.",
    "STOPPED": "Sesi WAHA dihentikan.",
    "FAILED": "Sesi WAHA gagal: nyalakan ulang, lalu pindai QR bila diminta.",
}
_OTHERS = ("@g.us", "@newsletter", "@broadcast")


def events(body: bytes) -> list[HookEvent]:
    """What a callback says; never raises."""
    said = json_object(body)
    name, payload = words(said.get("event")), as_dict(said.get("payload"))
    if not name:
        return []
    if name in {"message.ack", "message.ack.group"}:
        return _receipt(payload, said.get("timestamp"))
    if name in {"message", "message.any"}:
        return _inbound(payload)
    if name == "session.status":
        return _session(payload)
    return [UnknownEvent(name[:60])]


def bare(message_id: str) -> str:
    """`3EB0…` of `true_62…@c.us_3EB0…_participant`; anything else as it is."""
    parts = message_id.split("_")
    return parts[2] if len(parts) > 2 and parts[0] in {"true", "false"} else message_id


def id_in(said: Mapping[str, Any]) -> str:
    """The message's own id in an answer of any engine; empty when there is none."""
    inside = as_dict(said.get("_data"))
    if found := first_text(said, "id"):
        return bare(found)
    for place in (as_dict(said.get("id")), as_dict(said.get("key")), as_dict(inside.get("id"))):
        if found := first_text(place, "id", "_serialized"):
            return bare(found)
    return first_text(as_dict(inside.get("Info")), "ID")


def _receipt(payload: Mapping[str, Any], at: Any) -> list[HookEvent]:
    state = _ACKS.get(words(payload.get("ackName"))) or _ACKS.get(words(payload.get("ack")))
    found = id_in(payload)
    if state is None or not found or payload.get("fromMe") is False:
        return []
    reason = "WhatsApp gagal mengirim pesan ini." if state == "failed" else ""
    return [DeliveryEvent(found, "", state, moment(at), reason)]


def _inbound(payload: Mapping[str, Any]) -> list[HookEvent]:
    """What a person wrote to us alone; groups and our own words are nobody's answer."""
    chat, found = words(payload.get("from")), id_in(payload)
    if not found or payload.get("fromMe") is True or chat.endswith(_OTHERS):
        return []
    inside, media = as_dict(payload.get("_data")), as_dict(payload.get("media"))
    sender = number_of(chat)
    form = words(media.get("mimetype")).partition("/")[0]
    return [
        InboundMessage(
            provider_id=found,
            sender=sender,
            at=moment(payload.get("timestamp")),
            text=words(payload.get("body")),
            form=form or ("media" if payload.get("hasMedia") is True else "text"),
            name=first_text(inside, "notifyName", "pushName"),
            user_id="" if sender else chat,
            reply_to=bare(first_text(as_dict(payload.get("replyTo")), "id")),
        )
    ]


def _session(payload: Mapping[str, Any]) -> list[HookEvent]:
    status = words(payload.get("status"))
    if status == "WORKING":
        return [DeviceEvent(True)]
    if status in _DOWN:
        return [DeviceEvent(False, _DOWN[status])]
    return []
