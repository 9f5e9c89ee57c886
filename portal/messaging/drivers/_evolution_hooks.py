"""Evolution's callbacks: the key taken out, the JWT checked, the events read.

Its `date_time` is local time written as if it were UTC, so it is not read.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from portal.messaging.drivers._reading import (
    as_dict,
    first_text,
    json_object,
    moment,
    number_of,
    same,
    words,
)
from portal.messaging.drivers.events import (
    DeliveryEvent,
    DeviceEvent,
    HookEvent,
    InboundMessage,
    UnknownEvent,
)

_STATES = {
    "ERROR": "failed",
    "SERVER_ACK": "sent",
    "DELIVERY_ACK": "delivered",
    "READ": "read",
    "PLAYED": "read",
}
_SILENT = frozenset({"PENDING", "DELETED"})
_GONE = frozenset({"logout.instance", "remove.instance", "qrcode.updated"})
_DOWN = {"close": "Sambungan ditutup.", "refused": "QR tidak dipindai sampai batasnya."}
_OTHERS = ("@g.us", "@newsletter", "@broadcast")
_KEY = re.compile(rb'("api_?key"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)
_SKEW = 60
"""Seconds the other server's clock may differ."""


def without_key(body: bytes) -> bytes:
    """The same bytes with every `apikey` emptied, also where the body is no JSON."""
    return _KEY.sub(rb'\1""', body)


def is_our_jwt(authorization: str, secret: str) -> bool:
    """Whether a Bearer token is Evolution's HS256 one, made with this key and not over."""
    parts = authorization.removeprefix("Bearer ").strip().split(".")
    if len(parts) != 3 or not authorization.startswith("Bearer "):
        return False
    signed = ".".join(parts[:2]).encode("utf-8", "replace")
    made = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    if not same(base64.urlsafe_b64encode(made).rstrip(b"=").decode(), parts[2]):
        return False
    head, claims = _segment(parts[0]), _segment(parts[1])
    if head.get("alg") != "HS256" or claims.get("app") != "evolution":
        return False
    until = claims.get("exp")
    fresh = isinstance(until, int | float) and time.time() < until + _SKEW
    return fresh and claims.get("action") == "webhook"


def _segment(part: str) -> dict[str, Any]:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        return as_dict(json.loads(raw))
    except (ValueError, binascii.Error, RecursionError):
        return {}


def events(body: bytes) -> list[HookEvent]:
    """What a callback says; never raises."""
    said = json_object(body)
    name = re.sub(r"[_-]", ".", words(said.get("event")).lower())
    rows = list(_rows(said.get("data")))
    if not name:
        return []
    if name == "messages.update":
        return [event for row in rows for event in _receipt(row)]
    if name == "messages.upsert":
        return [event for row in rows for event in _inbound(row)]
    if name == "connection.update":
        return [event for row in rows for event in _connection(row)]
    if name in _GONE:
        return [DeviceEvent(False, "Instance menunggu QR dipindai.")]
    return [UnknownEvent(name[:60])]


def _rows(data: Any) -> Iterator[dict[str, Any]]:
    for one in data if isinstance(data, list) else [data]:
        if isinstance(one, dict):
            yield one


def _receipt(row: Mapping[str, Any]) -> list[HookEvent]:
    status = words(row.get("status"))
    found = first_text(row, "keyId") or first_text(as_dict(row.get("key")), "id")
    if not found or row.get("fromMe") is False or status in _SILENT or not status:
        return []
    state = _STATES.get(status)
    if state is None:
        return [UnknownEvent(f"status {status}"[:60])]
    reason = "WhatsApp gagal mengirim pesan ini." if state == "failed" else ""
    return [DeliveryEvent(found, "", state, datetime.now(UTC), reason)]


def _inbound(row: Mapping[str, Any]) -> list[HookEvent]:
    """What a person wrote to us alone; groups and our own words are nobody's answer."""
    key, content = as_dict(row.get("key")), as_dict(row.get("message"))
    chat, found = words(key.get("remoteJid")), words(key.get("id"))
    if not found or key.get("fromMe") is True or chat.endswith(_OTHERS):
        return []
    sender = next(
        filter(None, (number_of(key.get(n)) for n in ("remoteJid", "remoteJidAlt", "senderPn"))), ""
    )
    kind = words(row.get("messageType"))
    inner = as_dict(content.get(kind))
    return [
        InboundMessage(
            provider_id=found,
            sender=sender,
            at=moment(row.get("messageTimestamp")),
            text=first_text(content, "conversation") or first_text(inner, "text", "caption"),
            form="text" if kind in {"", "conversation"} else kind.removesuffix("Message"),
            name=words(row.get("pushName")),
            user_id="" if sender else chat,
            reply_to=words(as_dict(row.get("contextInfo")).get("stanzaId")),
        )
    ]


def _connection(row: Mapping[str, Any]) -> list[HookEvent]:
    state = words(row.get("state"))
    if state == "open":
        return [DeviceEvent(True)]
    return [DeviceEvent(False, _DOWN[state])] if state in _DOWN else []
