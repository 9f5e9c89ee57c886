"""Wablas: a number paired by QR, spoken to through the Wablas server it lives on.

Wire facts (documentation of bdg.wablas.com, July 2025): every account has a server of its own, so
the address is the owner's; `Authorization: token.secret`; a form POST; the body's `status` decides
whatever the HTTP status is (a bad token may come with 400 or 500). The id is in
`data.messages[].id`; with several devices `data` is a list and the name changes to `message`. A
document's caption is only its name, so the words go first, alone. A group is `phone` without its
suffix and `isGroup`. No request key: `ref_id` is a label. Callbacks are JSON, unsigned; what we
answer to a message would be sent to the customer, so the answer is empty. What it says about
failures is in `_wablas_errors.py`.
"""

import re
from collections.abc import Iterator
from typing import Any

from portal.core.driverkit import (
    ConfigField,
    DriverError,
    Health,
    Permanent,
    Retryable,
)
from portal.infra.http import Reply
from portal.messaging.drivers import _paired
from portal.messaging.drivers._fields import http_url, printable
from portal.messaging.drivers._reading import (
    e164,
    fingerprint,
    ident,
    lowered,
    moment,
    name_of,
    parsed,
    redacted,
    words,
    yes,
)
from portal.messaging.drivers._refusals import half_sent, refused, shown_of
from portal.messaging.drivers._wablas_errors import FAILURES, OFFLINE, REFUSALS, STATES
from portal.messaging.drivers.base import Group, MessageDriver, OutgoingMessage, Receipt
from portal.messaging.drivers.events import (
    DeliveryEvent,
    DeviceEvent,
    HookEvent,
    HookRequest,
    InboundMessage,
    UnknownEvent,
)

_CAPTIONED = ("image", "video")
_SHOWN = {
    "name": "Perangkat",
    "status": "Status",
    "quota": "Kuota",
    "expired_date": "Berlaku sampai",
}


class Wablas(MessageDriver):
    """A WhatsApp number paired with Wablas."""

    kind = "wablas"
    label = "Wablas (QR)"
    capabilities = _paired.CAPABILITIES
    limits = _paired.LIMITS
    text_limit = 1024
    in_flight = 4
    fields = (
        ConfigField(
            "base_url",
            "Alamat server",
            "Server perangkat Anda, misalnya https://bdg.wablas.com (lihat dasbor Wablas).",
            required=True,
            check=http_url,
        ),
        ConfigField(
            "token",
            "Token",
            "Device > Settings di dasbor Wablas.",
            secret=True,
            required=True,
            check=printable,
        ),
        ConfigField(
            "secret_key",
            "Secret Key",
            "Dibuat di Device > Settings; dikirim Wablas ke WhatsApp admin. "
            "Kosong hanya untuk akun lama.",
            secret=True,
            check=printable,
        ),
    )

    def payload(self, message: OutgoingMessage) -> Any:
        """What is posted where."""
        calls = [{"path": path, **form} for path, form in self._calls(message)]
        return calls[0] if len(calls) == 1 else calls

    def send(self, message: OutgoingMessage) -> Receipt:
        """Words first; when the file is refused afterwards the outcome is for a person."""
        first, *rest = self._calls(message)
        receipt = self._post(*first)
        for call in rest:
            try:
                self._post(*call)
            except DriverError as error:
                raise half_sent(error) from None
        return receipt

    def _calls(self, message: OutgoingMessage) -> list[tuple[str, dict[str, str]]]:
        form = {"phone": message.to.lstrip("+"), "ref_id": message.key[:100]}
        if message.to_group:
            form |= {"phone": message.to.removesuffix("@g.us"), "isGroup": "true"}
        if message.kind == "otp_code":
            form["priority"] = "true"  # before what already waits in the queue of Wablas
        text = ("send-message", {**form, "message": message.text})
        if (media := message.media) is None:
            return [text]
        if media.kind in _CAPTIONED:
            file = {**form, media.kind: media.url, "caption": message.text}
            return [(f"send-{media.kind}", file)]
        caption = {"caption": media.filename} if media.filename else {}
        return [text, ("send-document", {**form, "document": media.url, **caption})]

    def _post(self, path: str, form: dict[str, str]) -> Receipt:
        reply = self.http.request("POST", self._url(path), headers=self._auth(), data=form)
        said = self._judge(reply)
        rows = list(_messages(said.get("data")))
        taken = [row for row in rows if words(row.get("status")).lower() not in FAILURES]
        if rows and not taken:
            sentence = FAILURES[words(rows[0].get("status")).lower()]
            raise Permanent(sentence, detail=redacted(words(said.get("message"))), http_status=200)
        found = next((name for row in taken if (name := ident(row.get("id")))), "")
        if not found:
            raise Retryable(
                "Wablas menjawab ya tanpa menyebut pesannya, hasilnya belum pasti.",
                detail=redacted(words(said.get("message"))),
                http_status=reply.status,
                outcome_unknown=True,
            )
        return Receipt(found, reply.text[:1000], reply.status)

    def check(self) -> Health:
        """The documentation wants the token in the query here; other servers read the header."""
        reply = self.http.request(
            "GET", self._url("device/info"), headers=self._auth(), params={"token": self._key}
        )
        data = lowered(self._judge(reply).get("data"))
        shown = shown_of(data, _SHOWN)
        if words(data.get("status")).lower() != "connected":
            return Health(False, OFFLINE, shown)
        if data.get("active") is False:
            return Health(False, "Perangkat tidak aktif. Perpanjang di dasbor Wablas.", shown)
        return Health(True, f"Tersambung: {shown.get('Perangkat', 'perangkat Wablas')}.", shown)

    def groups(self) -> list[Group]:
        """Wablas lists only groups of contacts, not those of WhatsApp."""
        raise Permanent(
            "Wablas tidak dapat menyebutkan grup. Kirim pesan di grup itu, buka Inbox di dasbor "
            "Wablas, salin Group ID, lalu tulis di sini dengan akhiran @g.us."
        )

    @property
    def _key(self) -> str:
        return ".".join(filter(None, (self.config["token"], self.config["secret_key"])))

    def _auth(self) -> dict[str, str]:
        return {"Authorization": self._key}

    def _url(self, path: str) -> str:
        return f"{self.config['base_url'].rstrip('/')}/api/{path}"

    def _judge(self, reply: Reply) -> dict[str, Any]:
        """The answer with its keys in lower case; raises our error classes unless it is a yes."""
        said = lowered(reply.json())
        if 200 <= reply.status < 300 and said.get("status") is True:
            return said
        reason = words(said.get("message")) or words(said.get("reason"))
        raise refused(reply, "Wablas", reason, REFUSALS, said_no=said.get("status") is False)

    def verify_hook(self, request: HookRequest) -> bool:
        """Wablas signs nothing: the token in the address, checked before, is the proof."""
        return True

    def parse_hook(self, body: bytes) -> list[HookEvent]:
        """A message, a status, or word about the phone: Wablas sends one at a time."""
        said = lowered(parsed(body))
        if not said:
            return []
        if "message" in said or "messagetype" in said:
            return [_message(said, body)]
        return [_status(said) if "id" in said else _device(said)]


def _messages(data: Any) -> Iterator[dict[str, Any]]:
    """Every message in `data`, which may be an object or a list, under either of its names."""
    for part in data if isinstance(data, list) else [data]:
        device = lowered(part)
        for name in ("messages", "message"):
            found = device.get(name)
            yield from filter(None, map(lowered, found if isinstance(found, list) else [found]))


def _status(said: dict[str, Any]) -> HookEvent:
    status, own = words(said.get("status"), 60).strip().lower(), ident(said.get("id"))
    reason = FAILURES.get(status, "")
    if not own or not (reason or status in STATES):
        return UnknownEvent(f"status {name_of(said, 'status')}")
    note = redacted(words(said.get("note")))
    return DeliveryEvent(
        provider_id=own,
        key="",
        state="failed" if reason else STATES[status],
        at=moment(said.get("timestamp")),
        reason=f"{reason} ({note})" if reason and note else reason,
    )


def _message(said: dict[str, Any], body: bytes) -> HookEvent:
    if yes(said.get("isgroup")):
        return UnknownEvent("pesan grup")
    if yes(said.get("isfromme")):
        return UnknownEvent("pesan keluar")
    number = e164(said.get("phone"))
    return InboundMessage(
        provider_id=ident(said.get("id")) or fingerprint(body),
        sender=number,
        at=moment(said.get("timestamp")),
        text=words(said.get("message")),
        form=words(said.get("messagetype"), 30) or "text",
        name=words(said.get("pushname"), 120),
        user_id="" if number else ident(said.get("phone")),
    )


def _device(said: dict[str, Any]) -> HookEvent:
    status = words(said.get("status"), 60).strip().lower()
    if not re.fullmatch(r"(dis)?connected", status):
        return UnknownEvent(name_of(said, "status"))
    connected = status == "connected"
    return DeviceEvent(connected, "" if connected else redacted(words(said.get("note"))))


DRIVER = Wablas
