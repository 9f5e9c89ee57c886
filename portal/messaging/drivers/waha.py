"""WAHA (WhatsApp HTTP API): a number paired by QR on a server of one's own.

Wire facts (OpenAPI and docs of 2026.7): `X-Api-Key`; every request names its session; chat ids
are `62…@c.us` or `…@g.us`; 201 is a yes. What an answer looks like depends on the engine inside
(WEBJS, NOWEB, GOWS), and so does the long form of a message id: only its own part is kept, since
a receipt may name the chat otherwise than the answer did. Errors repeat the whole request, so
nothing but their message is read. Callbacks are signed (HMAC-SHA512) where a key is set.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from portal.core.driverkit import ConfigField, DriverError, Health
from portal.infra.http import Reply
from portal.messaging.drivers import _paired, _waha_hooks
from portal.messaging.drivers._codes import Meaning, later, mis, perm, unclear, wait
from portal.messaging.drivers._fields import http_url, printable
from portal.messaging.drivers._reading import (
    as_dict,
    as_list,
    first_text,
    number_of,
    signed_hex,
    words,
)
from portal.messaging.drivers.base import Group, MessageDriver, OutgoingMessage, Receipt
from portal.messaging.drivers.events import HookEvent, HookRequest

_OFFLINE = mis("Sesi WAHA tidak tersambung ke WhatsApp. Pindai ulang QR di dasbor WAHA.")
_STARTING = later("Sesi WAHA sedang dinyalakan. Dicoba lagi.")
_NO_SESSION = mis("Sesi itu tidak ada di WAHA. Periksa nama sesi.")
# Words of an error -> what it is. https://waha.devlike.pro/docs (2026.7.1, 24 July 2026) and the
# source of the public core; the engines' own words are in the second half.
WORDS: tuple[tuple[str, Meaning], ...] = (
    (r"status is not as expected|scan_qr_code|session.{0,40}(stopped|failed)", _OFFLINE),
    (r"session.{0,60}(not found|does(n't| not) exist)", _NO_SESSION),
    (r"plus version", perm("WAHA versi ini tidak dapat mengirim berkas.", elsewhere=True)),
    (r"not implemented by the engine", perm("Mesin WAHA ini tidak bisa itu.", elsewhere=True)),
    (
        r"no lid for user|not registered|not on whatsapp|invalid wid|number.{0,20}not exist",
        perm("Nomor ini tidak terdaftar di WhatsApp. Perbaiki nomor pelanggan."),
    ),
    (r"rate-overlimit|too many", wait("WhatsApp meminta menunggu.", 600)),
    (
        r"failed to (download|fetch)|unsupported (media|mime|file)",
        perm("Berkas tidak dapat diambil WAHA.", elsewhere=True),
    ),
)
_KEY = mis("WAHA menolak kunci API.")
_ADDRESS = mis("Alamat WAHA salah. Periksa alamatnya.")
_INPUT = perm("WAHA menolak isian pesan ini. Lihat rinciannya.", elsewhere=True)
_PAGE, _PAGES = 100, 20
_BYTES = 8 * 1024 * 1024
"""Some engines list the participants all the same."""
_STATUS_WORDS = {
    "SCAN_QR_CODE": "Nomor belum dipasangkan. Pindai QR di dasbor WAHA.",
    "STARTING": "Sesi WAHA sedang dinyalakan.",
    "STOPPED": "Sesi WAHA dihentikan. Nyalakan di dasbor WAHA.",
}


def _session(value: str) -> str | None:
    good = re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", value)
    return None if good else "Hanya huruf, angka, titik, garis bawah dan tanda hubung."


class Waha(MessageDriver):
    """A WAHA server, one session of it."""

    kind = "waha"
    label = "WAHA (server sendiri, QR)"
    capabilities = _paired.CAPABILITIES
    limits = _paired.LIMITS
    in_flight = 2
    fields = (
        ConfigField(
            "base_url",
            "Alamat WAHA",
            "Misalnya http://192.168.1.10:3000",
            required=True,
            check=http_url,
        ),
        ConfigField(
            "api_key", "Kunci API", "WAHA_API_KEY di server WAHA.", secret=True, check=printable
        ),
        ConfigField("session", "Nama sesi", default="default", check=_session),
        ConfigField(
            "hmac_key",
            "Kunci HMAC webhook",
            "Sama dengan hmac.key di webhook WAHA. Kosong: alamat webhook itulah rahasianya.",
            secret=True,
        ),
    )

    def payload(self, message: OutgoingMessage) -> dict[str, Any]:
        """What will be sent; a file of ours shows its name, its bytes are added when sending."""
        body: dict[str, Any] = {
            "session": self.config["session"],
            "chatId": message.to if message.to_group else f"{message.to.lstrip('+')}@c.us",
        }
        media = message.media
        if media is None:
            return {**body, "text": message.text}
        file: dict[str, str] = {"mimetype": media.mime or _mime(media.kind)}
        if media.filename:
            file["filename"] = media.filename
        if media.load is None:
            file["url"] = media.url
        return {**body, "file": file, **({"caption": message.text} if message.text else {})}

    def send(self, message: OutgoingMessage) -> Receipt:
        body, media = self.payload(message), message.media
        path = "sendText"
        if media is not None:
            # Videos too go as files: sendVideo leans on a converter many servers lack.
            path = "sendImage" if media.kind == "image" else "sendFile"
        if media is not None and media.load is not None:
            body["file"]["data"] = base64.b64encode(media.load()).decode()
        reply = self._call("POST", f"/api/{path}", json=body)
        found = _waha_hooks.id_in(as_dict(reply.json()))
        if reply.status != 201 or not found:
            raise unclear("WAHA").of(reply, "", "")
        return Receipt(found, found, reply.status)

    def check(self) -> Health:
        session = quote(self.config["session"], safe="")
        said = as_dict(self._call("GET", f"/api/sessions/{session}").json())
        status = first_text(said, "status")
        number = number_of(as_dict(said.get("me")).get("id"))
        shown = {"status": status, "nomor": f"{number[:5]}••••{number[-3:]}" if number else ""}
        shown = {name: value for name, value in shown.items() if value}
        if status == "WORKING":
            return Health(True, "Tersambung ke WhatsApp lewat WAHA.", shown)
        return Health(False, _STATUS_WORDS.get(status, _OFFLINE.sentence), shown)

    def groups(self) -> list[Group]:
        """Page by page; a server that knows no pages answers the same again."""
        session = quote(self.config["session"], safe="")
        found: dict[str, Group] = {}
        for page in range(_PAGES):
            asked = {"limit": str(_PAGE), "offset": str(page * _PAGE), "exclude": "participants"}
            reply = self._call("GET", f"/api/{session}/groups", params=asked, largest=_BYTES)
            rows = {group.id: group for group in _groups(reply.json())}
            fresh = rows.keys() - found.keys()
            found |= rows
            if len(rows) < _PAGE or not fresh:
                break
        return list(found.values())

    def _call(self, method: str, path: str, **body: Any) -> Reply:
        key = self.config["api_key"]
        reply = self.http.request(
            method,
            self.config["base_url"].rstrip("/") + path,
            headers={"X-Api-Key": key} if key else {},
            **body,
        )
        if not 200 <= reply.status < 300:
            raise refusal(reply)
        return reply

    def verify_hook(self, request: HookRequest) -> bool:
        """Signed where the owner set a key; else the token in the address is the secret."""
        key = self.config["hmac_key"]
        if not key:
            return True
        return signed_hex(key, request.body, request.headers.get("X-Webhook-Hmac", ""), "sha512")

    def parse_hook(self, body: bytes) -> list[HookEvent]:
        return _waha_hooks.events(body)


def refusal(reply: Reply) -> DriverError:
    """The message of the error decides, then the HTTP status."""
    said = as_dict(reply.json())
    told = " ".join(_words(said))
    if reply.status == 422 and said.get("status") == "STARTING":
        return _STARTING.of(reply, "", told)
    found = (meaning for pattern, meaning in WORDS if re.search(pattern, told, re.IGNORECASE))
    known = None if reply.status in {401, 403, 408} else next(found, None)
    meaning = known or _by_status(reply.status)
    return meaning.of(reply, "", told or ("" if said else reply.text[:200]))


def _words(said: Mapping[str, Any]) -> Iterator[str]:
    """Of an error only what is its own: `request` repeats the text and the number."""
    for value in (said.get("message"), said.get("error"), as_dict(said.get("exception"))):
        for one in value if isinstance(value, list) else [value]:
            yield words(one.get("message") if isinstance(one, dict) else one)


def _by_status(status: int) -> Meaning:
    if status in {401, 403}:
        return _KEY
    if 300 <= status < 400 or status in {404, 405}:
        return _ADDRESS
    if status == 429:
        return wait("WAHA meminta menunggu.", 60)
    return _INPUT if status in {400, 413, 415, 422} else unclear("WAHA")


def _mime(kind: str) -> str:
    return {"image": "image/jpeg", "video": "video/mp4"}.get(kind, "application/octet-stream")


def _groups(said: Any) -> Iterator[Group]:
    """A list or an object by id, as the engine likes."""
    for value in said.values() if isinstance(said, dict) else as_list(said):
        row = as_dict(value)
        long = as_dict(row.get("id"))
        found = first_text(row, "id", "JID") or first_text(long, "_serialized")
        about = as_dict(row.get("groupMetadata"))
        name = first_text(row, "subject", "name", "Name") or first_text(about, "subject")
        if found.endswith("@g.us"):
            yield Group(found, name)


DRIVER = Waha
