"""Evolution API version 2: a number paired by QR on a server of one's own.

Wire facts (source 2.3.6, October 2025): header `apikey`, the global key or the instance's;
the instance stands in the path; 201 with `key.id` is a yes. Errors are
`{status, error, response: {message}}`, where an unknown number is a 400 with `exists: false`.
A callback carries the API key in clear: it is taken out before the callback is kept. Callbacks
are not signed; a header of the owner's choice or a JWT made from a key may prove the sender.
"""

import base64
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from portal.core.driverkit import ConfigField, DriverError, Health
from portal.infra.http import Reply
from portal.messaging.drivers import _evolution_hooks, _paired
from portal.messaging.drivers._codes import Meaning, mis, perm, unclear, wait
from portal.messaging.drivers._fields import header_name, http_url, printable
from portal.messaging.drivers._reading import as_dict, as_list, first_text, same, words
from portal.messaging.drivers.base import Group, MessageDriver, OutgoingMessage, Receipt
from portal.messaging.drivers.events import HookEvent, HookRequest

_OFFLINE = mis("Instance Evolution terputus dari WhatsApp. Pindai ulang QR.")
# Words of `response.message` -> what it is. Source src/exceptions, src/api/guards and
# whatsapp.baileys.service.ts, https://github.com/EvolutionAPI/evolution-api (2.3.6).
WORDS: tuple[tuple[str, Meaning], ...] = (
    (r"instance does not exist", mis("Instance itu tidak ada. Periksa nama instance.")),
    (r"connection closed|not connected|connection lost|logged out", _OFFLINE),
    (r"rate-overlimit|too many", wait("WhatsApp meminta menunggu.", 600)),
    (
        r"media upload failed|owned media must be|not (a )?valid (url|base64)|mimetype",
        perm("Berkas tidak dapat diolah Evolution.", elsewhere=True),
    ),
)
_UNKNOWN_NUMBER = perm("Nomor ini tidak terdaftar di WhatsApp. Perbaiki nomor pelanggan.")
_KEY = mis("Evolution menolak kunci API.")
_ADDRESS = mis("Alamat Evolution atau nama instance salah.")
_INPUT = perm("Evolution menolak isian pesan ini. Lihat rinciannya.", elsewhere=True)
# What to call a file nobody named; the published description wants all fields.
_FILES = {
    "image": ("image/jpeg", "gambar.jpg"),
    "video": ("video/mp4", "video.mp4"),
    "document": ("application/octet-stream", "berkas"),
}
_GROUPS_BYTES = 4 * 1024 * 1024
_TIMED_OUT = re.compile(r"time[ds]? ?-?out", re.IGNORECASE)


class Evolution(MessageDriver):
    """An Evolution API server, one instance of it."""

    kind = "evolution"
    label = "Evolution API (server sendiri, QR)"
    capabilities = _paired.CAPABILITIES
    limits = _paired.LIMITS
    in_flight = 2
    fields = (
        ConfigField(
            "base_url",
            "Alamat Evolution API",
            "Misalnya http://192.168.1.10:8080",
            required=True,
            check=http_url,
        ),
        ConfigField(
            "api_key",
            "Kunci API",
            "Token instance lebih aman daripada kunci global.",
            secret=True,
            required=True,
            check=printable,
        ),
        ConfigField("instance", "Nama instance", required=True),
        ConfigField(
            "hook_auth",
            "Bukti pengirim webhook",
            "Tanpa: alamat webhook itulah rahasianya.",
            default="none",
            choices=(("none", "Tanpa"), ("header", "Header"), ("jwt", "JWT (jwt_key)")),
        ),
        ConfigField(
            "hook_header",
            "Nama header webhook",
            "Sama dengan yang ditulis di headers webhook Evolution.",
            required=True,
            shown_when=("hook_auth", ("header",)),
            check=header_name,
        ),
        ConfigField(
            "hook_secret",
            "Isi header atau jwt_key",
            secret=True,
            required=True,
            shown_when=("hook_auth", ("header", "jwt")),
            check=printable,
        ),
    )

    def payload(self, message: OutgoingMessage) -> dict[str, Any]:
        """What will be sent; a file of ours shows its name, its bytes are added when sending."""
        number = message.to if message.to_group else message.to.lstrip("+")
        media = message.media
        if media is None:
            return {"number": number, "text": message.text}
        kind = media.kind if media.kind in _FILES else "document"
        mime, name = _FILES[kind]
        return {
            "number": number,
            "mediatype": kind,
            "mimetype": media.mime or mime,
            "caption": message.text,
            "media": media.url if media.load is None else f"({media.filename or name})",
            "fileName": media.filename or name,
        }

    def send(self, message: OutgoingMessage) -> Receipt:
        body, media = self.payload(message), message.media
        if media is not None and media.load is not None:
            body["media"] = base64.b64encode(media.load()).decode()
        path = "sendText" if media is None else "sendMedia"
        reply = self._call("POST", f"message/{path}", json=body)
        found = first_text(as_dict(as_dict(reply.json()).get("key")), "id")
        if reply.status != 201 or not found:
            raise unclear("Evolution").of(reply, "", "")
        return Receipt(found, found, reply.status)

    def check(self) -> Health:
        said = as_dict(self._call("GET", "instance/connectionState").json())
        state = first_text(as_dict(said.get("instance")), "state")
        if state == "open":
            return Health(True, "Tersambung ke WhatsApp lewat Evolution.", {"status": state})
        if state == "connecting":
            sentence = "Instance sedang menyambung, atau menunggu QR dipindai."
            return Health(False, sentence, {"status": state})
        return Health(False, _OFFLINE.sentence, {"status": state} if state else {})

    def groups(self) -> list[Group]:
        reply = self._call(
            "GET",
            "group/fetchAllGroups",
            params={"getParticipants": "false"},
            largest=_GROUPS_BYTES,
        )
        rows = [as_dict(row) for row in as_list(reply.json())]
        found = [Group(first_text(row, "id"), first_text(row, "subject")) for row in rows]
        return [group for group in found if group.id.endswith("@g.us")]

    def _call(self, method: str, path: str, **body: Any) -> Reply:
        instance = quote(self.config["instance"], safe="")
        reply = self.http.request(
            method,
            f"{self.config['base_url'].rstrip('/')}/{path}/{instance}",
            headers={"apikey": self.config["api_key"]},
            **body,
        )
        if not 200 <= reply.status < 300:
            raise refusal(reply)
        return reply

    def verify_hook(self, request: HookRequest) -> bool:
        """By the header or the JWT the owner chose; else the address is the secret."""
        secret = self.config["hook_secret"]
        if self.config["hook_auth"] == "none":
            return True
        if not secret:
            return False
        if self.config["hook_auth"] == "jwt":
            return _evolution_hooks.is_our_jwt(request.headers.get("Authorization", ""), secret)
        return same(request.headers.get(self.config["hook_header"], ""), secret)

    def redact_hook(self, body: bytes) -> bytes:
        """Without the API key every callback carries."""
        return _evolution_hooks.without_key(body)

    def parse_hook(self, body: bytes) -> list[HookEvent]:
        return _evolution_hooks.events(body)


def refusal(reply: Reply) -> DriverError:
    """The words of the error decide, then the HTTP status."""
    said = as_dict(reply.json())
    message = as_dict(said.get("response")).get("message")
    told = " ".join(_words(message if message is not None else said.get("message")))
    meaning = _UNKNOWN_NUMBER if _unknown_number(message) else None
    if meaning is None and reply.status not in {401, 403, 408}:
        found = (known for words, known in WORDS if re.search(words, told, re.IGNORECASE))
        meaning = next(found, None)
    if meaning is None:
        meaning = _by_status(reply.status, bool(_TIMED_OUT.search(told)))
    return meaning.of(reply, "", told or ("" if said else reply.text[:200]))


def _words(message: Any, depth: int = 0) -> Iterator[str]:
    """The strings of a message, which is one, a list, or a list of lists or objects."""
    if isinstance(message, list) and depth < 3:
        for one in message:
            yield from _words(one, depth + 1)
    elif isinstance(message, dict):
        yield words(message.get("message"))
    else:
        yield words(message)


def _unknown_number(message: Any, depth: int = 0) -> bool:
    if isinstance(message, list) and depth < 3:
        return any(_unknown_number(one, depth + 1) for one in message)
    return isinstance(message, dict) and message.get("exists") is False


def _by_status(status: int, timed_out: bool) -> Meaning:
    if status in {401, 403}:
        return _KEY
    if 300 <= status < 400 or status in {404, 405}:
        return _ADDRESS
    if status == 429:
        return wait("Evolution meminta menunggu.", 60)
    if status in {400, 413, 415, 422} and not timed_out:
        return _INPUT
    return unclear("Evolution")


DRIVER = Evolution
