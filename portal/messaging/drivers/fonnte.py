"""Fonnte: a number paired by QR, spoken to through api.fonnte.com.

Wire facts (docs.fonnte.com, November 2026): a form POST with the device token bare in
`Authorization`; HTTP 200 whatever happened, so the body's `status` decides; its keys come in any
case, its reason as `reason` or `detail`. No request key. A group id is a target like any other.
`connectOnly` makes a disconnected phone a refusal rather than a queue of days. Callbacks are
JSON, unsigned; the first about a message names its `id` and a `stateid`, later ones may hold the
`stateid` alone.
"""

import re
from typing import Any

from portal.core.driverkit import (
    ConfigField,
    Health,
    Misconfigured,
    Permanent,
    RateLimited,
)
from portal.infra.http import Reply
from portal.messaging.drivers import _paired
from portal.messaging.drivers._fields import http_url, printable
from portal.messaging.drivers._reading import (
    e164,
    fingerprint,
    ident,
    is_group,
    lowered,
    moment,
    name_of,
    parsed,
    redacted,
    words,
    yes,
)
from portal.messaging.drivers._refusals import Refusal, refused, shown_of
from portal.messaging.drivers.base import Group, MessageDriver, OutgoingMessage, Receipt
from portal.messaging.drivers.events import (
    DeliveryEvent,
    DeviceEvent,
    HookEvent,
    HookRequest,
    InboundMessage,
    UnknownEvent,
)

_OFFLINE = "HP pengirim terputus dari Fonnte. Pindai ulang QR di dasbor Fonnte."
_MEDIA = "Fonnte menolak berkasnya. "

# `reason` (or `detail`) of a refusal -> class and what to do; the first that fits.
# https://docs.fonnte.com/api-send-message/ and /api-device/ (read November 2026)
REFUSALS: tuple[Refusal, ...] = (
    Refusal(r"disconnected device|device (is )?(disconnect|not connect)", Misconfigured, _OFFLINE),
    Refusal(
        r"token invalid|invalid token|unknown user|invalid device|must belong to an account",
        Misconfigured,
        "Fonnte menolak token. Salin ulang token perangkat dari dasbor Fonnte.",
    ),
    Refusal(
        r"insufficient quota|quota",
        Misconfigured,
        "Kuota Fonnte habis. Perpanjang paket atau tambah kuota di dasbor Fonnte.",
    ),
    Refusal(
        r"rate limit|too many|please wait|try again in",
        RateLimited,
        "Fonnte meminta menunggu.",
    ),
    Refusal(
        r"target invalid|invalid target",
        Permanent,
        "Nomor tujuan tidak sah. Perbaiki nomor pelanggan.",
    ),
    Refusal(
        r"url (invalid|unreachable)",
        Permanent,
        _MEDIA + "Alamatnya tidak dapat dibuka dari internet.",
        elsewhere=True,
    ),
    Refusal(
        r"file format",
        Permanent,
        _MEDIA + "Jenis berkas ini tidak didukung.",
        elsewhere=True,
    ),
    Refusal(r"file size", Permanent, _MEDIA + "Ukurannya harus di bawah 4 MB.", elsewhere=True),
    Refusal(
        r"input invalid|json format invalid",
        Permanent,
        "Fonnte tidak menerima isi pesan ini.",
        elsewhere=True,
    ),
)

# `status` (Fonnte's own) and `state` (WhatsApp's) of a callback.
STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "pending": "accepted",
    "waiting": "accepted",
    "processing": "accepted",
    "processed": "accepted",
}
FAILURES = {
    "invalid": "Nomor tujuan tidak sah atau tidak terdaftar di WhatsApp.",
    "expired": "Fonnte membuang pesan: HP pengirim terputus tujuh hari.",
    "url unreachable": _MEDIA + "Alamatnya tidak dapat dibuka dari internet.",
    "failed": "Fonnte gagal mengirim pesan ini.",
}
_SHOWN = {
    "name": "Perangkat",
    "device_status": "Status",
    "package": "Paket",
    "quota": "Kuota",
    "expired": "Berlaku sampai",
}


class Fonnte(MessageDriver):
    """A WhatsApp number paired with Fonnte."""

    kind = "fonnte"
    label = "Fonnte (QR)"
    capabilities = _paired.CAPABILITIES
    limits = _paired.LIMITS
    text_limit = 60_000
    in_flight = 4
    fields = (
        ConfigField(
            "token",
            "Token perangkat",
            "Dasbor Fonnte > Device > Token. Bukan token akun.",
            secret=True,
            required=True,
            check=printable,
        ),
        ConfigField(
            "base_url",
            "Alamat API",
            default="https://api.fonnte.com",
            check=http_url,
        ),
    )

    def payload(self, message: OutgoingMessage) -> dict[str, str]:
        """The form; every value is text. Numbers are whole, so no country code is put before."""
        form = {
            "target": message.to.lstrip("+"),
            "message": message.text,
            "countryCode": "0",
            "connectOnly": "true",
        }
        if message.media is not None:
            form["url"] = message.media.url
            if message.media.kind == "document" and message.media.filename:
                form["filename"] = message.media.filename
        return form

    def send(self, message: OutgoingMessage) -> Receipt:
        reply, said = self._call("send", self.payload(message))
        ids = said.get("id")
        first = ids[0] if isinstance(ids, list) and ids else ids
        return Receipt(ident(first) or None, reply.text[:1000], reply.status)

    def check(self) -> Health:
        """Asked rarely: Fonnte limits this call."""
        _reply, said = self._call("device")
        shown = shown_of(said, _SHOWN)
        if words(said.get("device_status")).lower() not in {"connect", "connected"}:
            return Health(False, _OFFLINE, shown)
        if words(said.get("quota")).strip() == "0":
            return Health(False, "Kuota Fonnte habis.", shown)
        return Health(True, f"Tersambung: {shown.get('Perangkat', 'perangkat Fonnte')}.", shown)

    def groups(self) -> list[Group]:
        """Fonnte is told to read them from the phone first; its list is empty before that."""
        self._call("fetch-group")
        _reply, said = self._call("get-whatsapp-group")
        rows = said.get("data")
        found = [lowered(row) for row in rows] if isinstance(rows, list) else []
        return [
            Group(ident(row.get("id")), words(row.get("name"), 200))
            for row in found
            if is_group(row.get("id")) and ident(row.get("id"))
        ]

    def _call(self, path: str, form: dict[str, str] | None = None) -> tuple[Reply, dict[str, Any]]:
        """POST and judge; the answer with its keys in lower case. Raises our error classes."""
        reply = self.http.request(
            "POST",
            f"{self.config['base_url'].rstrip('/')}/{path}",
            headers={"Authorization": self.config["token"]},
            data=form,
        )
        said = lowered(reply.json())
        if 200 <= reply.status < 300 and said.get("status") is True:
            return reply, said
        reason = words(said.get("reason")) or words(said.get("detail"))
        raise refused(reply, "Fonnte", reason, REFUSALS, said_no=said.get("status") is False)

    def verify_hook(self, request: HookRequest) -> bool:
        """Fonnte signs nothing: the token in the address, checked before, is the proof."""
        return True

    def parse_hook(self, body: bytes) -> list[HookEvent]:
        """A status, a message, or word about the phone: Fonnte sends one at a time."""
        said = lowered(parsed(body))
        if not said:
            return []
        if "sender" in said:
            return [_message(said, body)]
        if "stateid" in said or "id" in said:
            return [_status(said)]
        return [_device(said)]


def _status(said: dict[str, Any]) -> HookEvent:
    own, later = ident(said.get("id")), ident(said.get("stateid"))
    status, state = (words(said.get(name), 60).strip().lower() for name in ("status", "state"))
    # WhatsApp's own word is later than Fonnte's.
    found = STATES.get(state) or STATES.get(status)
    reason = FAILURES.get(state) or ("" if state in STATES else FAILURES.get(status, ""))
    if not (own or later) or not (found or reason):
        return UnknownEvent(f"status {name_of(said, 'state', 'status')}")
    return DeliveryEvent(
        provider_id=own or later,
        key="",
        state="failed" if reason else str(found),
        at=moment(said.get("timestamp")),
        reason=reason,
        next_id=later if own else "",
    )


def _message(said: dict[str, Any], body: bytes) -> HookEvent:
    """In a group `sender` is the group and `member` who wrote."""
    if is_group(said.get("sender")) or yes(said.get("isgroup")) or words(said.get("member")):
        return UnknownEvent("pesan grup")
    number = e164(said.get("sender"))
    return InboundMessage(
        provider_id=ident(said.get("inboxid")) or fingerprint(body),
        sender=number,
        at=moment(said.get("timestamp")),
        text=words(said.get("message")),
        form="media" if words(said.get("url")) else "text",
        name=words(said.get("name"), 120),
        user_id="" if number else ident(said.get("sender")),
    )


def _device(said: dict[str, Any]) -> HookEvent:
    status = words(said.get("status"), 60).strip().lower()
    if not re.fullmatch(r"(dis)?connect(ed)?", status):
        return UnknownEvent(name_of(said, "status"))
    connected = not status.startswith("dis")
    return DeviceEvent(connected, "" if connected else redacted(words(said.get("reason"))))


DRIVER = Fonnte
