"""GoWA (go-whatsapp-web-multidevice) version 9: a number paired by QR on a server of one's own.

Wire facts (docs/openapi.yaml and source at 51f7b19, August 2026): addresses are full JIDs, since
a bare number of more than 15 digits is silently taken for a group; texts are JSON, files are
multipart; 200 with code SUCCESS is a yes, errors have real HTTP codes. 401 is a wrong password
without a JSON body, and a phone that is logged out with one. No request key. A send may take
45 seconds there, so a lost answer is unknown.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from portal.core.driverkit import ConfigField, DriverError, Health
from portal.infra.http import Reply
from portal.messaging.drivers import _paired
from portal.messaging.drivers._codes import Meaning, later, mis, perm, unclear, wait
from portal.messaging.drivers._fields import http_url, printable
from portal.messaging.drivers._reading import (
    as_dict,
    as_list,
    first_text,
    json_object,
    moment,
    number_of,
    signed_hex,
    words,
)
from portal.messaging.drivers.base import Group, MessageDriver, OutgoingMessage, Receipt
from portal.messaging.drivers.events import (
    DeliveryEvent,
    HookEvent,
    HookRequest,
    InboundMessage,
    UnknownEvent,
)

_OFFLINE = mis("Ponsel WhatsApp di GoWA terputus. Pindai ulang QR di GoWA.")
_PASSWORD = mis("GoWA menolak nama pengguna atau kata sandi.")
_ADDRESS = mis("Alamat GoWA salah, atau versinya bukan 9.")
_FILE = perm("Berkas tidak dapat diolah GoWA.", elsewhere=True)
# `code` of an error body -> what it is. Source src/pkg/error and src/ui/rest/middleware,
# https://github.com/aldinokemal/go-whatsapp-web-multidevice (51f7b19, 22 August 2026).
CODES: dict[str, Meaning] = {
    "INVALID_JID": perm("Nomor ini tidak terdaftar di WhatsApp. Perbaiki nomor pelanggan."),
    "VALIDATION_ERROR": perm("GoWA menolak isian pesan ini. Lihat rinciannya.", elsewhere=True),
    "AUTHENTICATION_ERROR": _OFFLINE,
    "INVALID_WA_CLI": _OFFLINE,
    "LOGIN_ERROR": _OFFLINE,
    "DEVICE_NOT_FOUND": mis("Perangkat itu tidak ada di GoWA. Periksa ID perangkat."),
    "DEVICE_ID_REQUIRED": mis("GoWA punya beberapa perangkat: isi ID perangkat."),
    "DEVICE_MANAGER_UNAVAILABLE": later("GoWA baru dinyalakan. Dicoba lagi."),
    "SESSION_SAVED_ERROR": later("GoWA sedang menyambung. Dicoba lagi."),
    "UPLOAD_MEDIA_ERROR": later("Berkas belum dapat diunggah ke WhatsApp."),
    "WA_REACHOUT_TIMELOCK": wait(
        "WhatsApp melarang nomor ini memulai percakapan baru (galat 463). Kurangi kiriman.", 3600
    ),
}
# Words of an INTERNAL_SERVER_ERROR that prove nothing was sent.
_WORDS: tuple[tuple[str, Meaning], ...] = (
    (r"not logg?ed? ?in|not loggin|websocket not connected", _OFFLINE),
    (r"user is not registered|is not on whatsapp", CODES["INVALID_JID"]),
    (r"failed to (download|decode|open|read|resize|process|save)", _FILE),
    (r"server returned error", later("WhatsApp menolak sementara.")),
)
_GROUPS_BYTES = 8 * 1024 * 1024
_RECEIPTS = {"delivered": "delivered", "read": "read", "played": "read"}
DEFAULT_SECRET = "secret"  # noqa: S105 - GoWA's own, published; refused here


def _webhook_secret(value: str) -> str | None:
    if value.strip().lower() == DEFAULT_SECRET:
        return "Itu secret bawaan GoWA yang diketahui semua orang. Ganti dengan yang acak."
    return None


class Gowa(MessageDriver):
    """A GoWA server."""

    kind = "gowa"
    label = "GoWA (server sendiri, QR)"
    capabilities = _paired.CAPABILITIES
    limits = _paired.LIMITS
    in_flight = 2
    fields = (
        ConfigField(
            "base_url",
            "Alamat GoWA",
            "Misalnya http://192.168.1.10:3000, dengan APP_BASE_PATH bila dipakai.",
            required=True,
            check=http_url,
        ),
        ConfigField("username", "Nama pengguna", "Dari APP_BASIC_AUTH."),
        ConfigField("password", "Kata sandi", secret=True),
        ConfigField(
            "device_id",
            "ID perangkat",
            "Wajib bila GoWA memegang lebih dari satu nomor.",
        ),
        ConfigField(
            "webhook_secret",
            "Secret webhook",
            "Sama dengan WHATSAPP_WEBHOOK_SECRET. Kosong: laporan dari GoWA tidak dipercaya.",
            secret=True,
            check=_webhook_secret,
        ),
    )

    @classmethod
    def check_config(cls, config: Mapping[str, str]) -> dict[str, str]:
        errors = super().check_config(config)
        if config.get("password") and not config.get("username"):
            errors["username"] = "Isi nama pengguna untuk kata sandi itu."
        if sentence := printable(quote(config.get("device_id") or "")):
            errors["device_id"] = sentence
        return errors

    def payload(self, message: OutgoingMessage) -> dict[str, str]:
        field = _field(message)
        if message.media is None:
            return {"phone": _jid(message.to), "message": message.text}
        named = message.media.filename or "berkas" if message.media.load else message.media.url
        caption = {"caption": message.text} if message.text else {}
        place = field if message.media.load else f"{field}_url"
        return {"phone": _jid(message.to), **caption, place: named}

    def send(self, message: OutgoingMessage) -> Receipt:
        shown = self.payload(message)
        if message.media is None:
            reply = self._call("POST", "/send/message", json=shown)
        else:
            reply = self._call("POST", f"/send/{_field(message)}", files=_parts(message, shown))
        said = as_dict(reply.json())
        found = first_text(as_dict(said.get("results")), "message_id")
        if reply.status != 200 or said.get("code") != "SUCCESS" or not found:
            raise unclear("GoWA").of(reply, "", words(said.get("message")) or reply.text[:200])
        return Receipt(found, reply.text[:1000], reply.status)

    def check(self) -> Health:
        said = as_dict(self._call("GET", "/app/status").json())
        found = as_dict(said.get("results"))
        if not found:
            return Health(False, "Jawaban GoWA tidak dikenal. Periksa alamatnya.", {})
        shown = {"perangkat": first_text(found, "device_id"), "nomor": _tail(found.get("jid"))}
        shown = {name: value for name, value in shown.items() if value}
        if found.get("is_logged_in") is not True:
            return Health(False, "Nomor belum dipasangkan. Pindai QR di GoWA.", shown)
        if found.get("is_connected") is not True:
            return Health(False, "GoWA sedang tidak tersambung ke WhatsApp.", shown)
        return Health(True, "Tersambung ke WhatsApp lewat GoWA.", shown)

    def groups(self) -> list[Group]:
        """At most 500, says WhatsApp; each comes with all its participants."""
        said = as_dict(self._call("GET", "/user/my/groups", largest=_GROUPS_BYTES).json())
        rows = [as_dict(row) for row in as_list(as_dict(said.get("results")).get("data"))]
        found = [Group(first_text(row, "JID"), first_text(row, "Name")) for row in rows]
        return [group for group in found if group.id.endswith("@g.us")]

    def _call(self, method: str, path: str, **body: Any) -> Reply:
        device = self.config["device_id"]
        user = self.config["username"]
        reply = self.http.request(
            method,
            self.config["base_url"].rstrip("/") + path,
            headers={"X-Device-Id": quote(device, safe="@:")} if device else {},
            auth=(user, self.config["password"]) if user else None,
            **body,
        )
        if reply.status != 200:
            raise refusal(reply)
        return reply

    def verify_hook(self, request: HookRequest) -> bool:
        secret = self.config["webhook_secret"]
        if not secret or _webhook_secret(secret):
            return False
        given = request.headers.get("X-Hub-Signature-256", "")
        return signed_hex(secret, request.body, given, prefix="sha256=")

    def parse_hook(self, body: bytes) -> list[HookEvent]:
        said = json_object(body)
        name, payload = words(said.get("event")), as_dict(said.get("payload"))
        if not name:
            return []
        if name == "message.ack":
            return _receipts(payload, said.get("timestamp"))
        if name == "message":
            return _inbound(payload, said.get("timestamp"))
        return [UnknownEvent(name[:60])]


def refusal(reply: Reply) -> DriverError:
    """GoWA's code decides; a body that is not its JSON is judged by the HTTP status."""
    said = as_dict(reply.json())
    code, message = words(said.get("code")), words(said.get("message"))
    found = CODES.get(code) or _by_words(reply, message) or _by_status(reply.status, bool(said))
    return found.of(reply, code, message or ("" if said else reply.text[:200]))


def _by_words(reply: Reply, message: str) -> Meaning | None:
    if reply.status not in {400, 500}:
        return None
    found = (meaning for pattern, meaning in _WORDS if re.search(pattern, message, re.IGNORECASE))
    return next(found, None)


def _by_status(status: int, own: bool) -> Meaning:
    if status == 401:
        return _PASSWORD
    if status == 403 or 300 <= status < 400 or status in {404, 405}:
        return _ADDRESS
    if status == 429:
        return wait("GoWA meminta menunggu.", 60)
    if status in {400, 413, 415, 422} and (own or status != 400):
        return CODES["VALIDATION_ERROR"]
    return unclear("GoWA")


def _jid(to: str) -> str:
    return to if "@" in to else f"{to.lstrip('+')}@s.whatsapp.net"


def _tail(jid: Any) -> str:
    """The paired number as it may be shown."""
    number = number_of(jid)
    return f"{number[:5]}••••{number[-3:]}" if number else ""


def _field(message: OutgoingMessage) -> str:
    """GoWA takes pictures as JPEG and PNG only; anything else travels as a file."""
    media = message.media
    if media is None:
        return ""
    if media.kind == "image":
        return "image" if media.mime in {"", "image/jpeg", "image/png"} else "file"
    return "video" if media.kind == "video" else "file"


def _parts(message: OutgoingMessage, shown: Mapping[str, str]) -> dict[str, Any]:
    """The fields of the payload as parts of a form, the file's bytes where we have them."""
    parts: dict[str, Any] = {name: (None, value) for name, value in shown.items()}
    media = message.media
    if media is not None and media.load is not None:
        field = _field(message)
        mime = media.mime or ("image/jpeg" if field == "image" else "application/octet-stream")
        parts[field] = (media.filename or "berkas", media.load(), mime)
    return parts


def _receipts(payload: Mapping[str, Any], at: Any) -> list[HookEvent]:
    """One event an id; those about our own reading or a retry say nothing of delivery."""
    state = _RECEIPTS.get(words(payload.get("receipt_type")))
    if state is None:
        return []
    ids = [words(one) for one in as_list(payload.get("ids"))]
    return [DeliveryEvent(one, "", state, moment(at)) for one in ids if one]


def _inbound(payload: Mapping[str, Any], at: Any) -> list[HookEvent]:
    """What a person wrote to us alone; groups and our own words are nobody's answer."""
    found = first_text(payload, "id")
    group = words(payload.get("chat_id")).endswith(("@g.us", "@newsletter", "@broadcast"))
    if not found or payload.get("is_from_me") is True or group:
        return []
    form = next((one for one in _FORMS if payload.get(one)), "text")
    sender = number_of(payload.get("from"))
    return [
        InboundMessage(
            provider_id=found,
            sender=sender,
            at=moment(payload.get("timestamp") or at),
            text=words(payload.get("body")),
            form=form,
            name=first_text(payload, "from_name", "sender_display_name"),
            user_id="" if sender else first_text(payload, "from_lid", "from"),
            reply_to=first_text(payload, "replied_to_id"),
        )
    ]


_FORMS = ("image", "video", "audio", "document", "sticker", "contact", "location")
DRIVER = Gowa
