"""WatZap: a number paired by QR (classic) or an official one (WABA), through api.watzap.id.

Wire facts (WatZap's Postman documentation, November 2026): POST with JSON, the keys in the body;
HTTP 200 whatever happened: `status` "200" or `ack` "successfully" is a yes, anything else a code.
No message id (WABA may give a `wamid`), no request key, no receipts. A file travels without
words, so the text goes first, alone. WABA has no groups; how its parameters are called differs
from one source to the next, so the owner chooses. Callbacks are JSON, unsigned, of messages only.
Its codes are in `_watzap_errors.py`, its fields in `_watzap_fields.py`.
"""

import re
from collections.abc import Mapping
from typing import Any

from portal.core.driverkit import Capability, DriverError, Health, Misconfigured, Permanent
from portal.infra.http import Http, Reply
from portal.messaging.drivers import _watzap_errors
from portal.messaging.drivers._reading import (
    e164,
    fingerprint,
    ident,
    is_group,
    lowered,
    moment,
    name_of,
    parsed,
    words,
    yes,
)
from portal.messaging.drivers._refusals import half_sent, shown_of
from portal.messaging.drivers._watzap_fields import FIELDS, TEMPLATE
from portal.messaging.drivers.base import (
    Group,
    Limits,
    Media,
    MessageDriver,
    OutgoingMessage,
    Receipt,
)
from portal.messaging.drivers.events import HookEvent, HookRequest, InboundMessage, UnknownEvent

_CLASSIC = frozenset({Capability.TEXT, Capability.MEDIA, Capability.GROUP, Capability.INBOUND})
_OFFICIAL = frozenset({Capability.TEXT, Capability.MEDIA, Capability.TEMPLATE, Capability.INBOUND})
_SHOWN = {
    "wa_number": "Nomor",
    "expires_on": "Berlaku sampai",
    "limit_message_per_day": "Batas per hari",
}
Call = tuple[str, dict[str, Any]]


class Watzap(MessageDriver):
    """A WatZap number; the mode decides what it can carry."""

    kind = "watzap"
    label = "WatZap (QR atau WABA)"
    capabilities = _CLASSIC | _OFFICIAL
    # For the paired number: operators tell of bans for good. Official numbers may be faster.
    limits = Limits(per_minute=6, per_day=500, spacing_min=5, spacing_max=15)
    in_flight = 4
    fields = FIELDS

    def __init__(self, config: Mapping[str, str], http: Http) -> None:
        super().__init__(config, http)
        # The mode of this channel, not of all of them.
        self.capabilities = _OFFICIAL if self._official else _CLASSIC  # type: ignore[misc]

    @classmethod
    def check_config(cls, config: Mapping[str, str]) -> dict[str, str]:
        errors = super().check_config(config)
        classic = (config.get("mode") or "classic") == "classic"
        if classic and not (config.get("number_key") or "").strip():
            errors |= {"number_key": "Number Key wajib diisi."}
        return errors

    @property
    def _official(self) -> bool:
        return self.config["mode"] == "waba"

    def payload(self, message: OutgoingMessage) -> Any:
        """What is posted where; the keys are added on the way out."""
        calls = [{"path": path, **body} for path, body in self._calls(message)]
        return calls[0] if len(calls) == 1 else calls

    def send(self, message: OutgoingMessage) -> Receipt:
        """Words first; when the file is refused afterwards the outcome is for a person."""
        if self._official and message.to_group:
            raise Permanent("Nomor WABA tidak dapat mengirim ke grup.", elsewhere=True)
        first, *rest = self._calls(message)
        reply, said = self._call(*first)
        for call in rest:
            try:
                self._call(*call)
            except DriverError as error:
                raise half_sent(error) from None
        inner = lowered(said.get("data"))
        wamid = ident(said.get("wamid")) or ident(inner.get("wamid"))
        return Receipt(wamid or None, reply.text[:1000], reply.status)

    def _calls(self, message: OutgoingMessage) -> list[Call]:
        return self._official_calls(message) if self._official else _classic_calls(message)

    def _official_calls(self, message: OutgoingMessage) -> list[Call]:
        """An approved template where there is one; it carries no file."""
        to = {"phone_no": message.to.lstrip("+")}
        if name := self.config.get(f"template_{message.kind}", ""):
            return [("waba_send_message_template", {**to, **self._filled(name, message)})]
        if (media := message.media) is None:
            return [("waba_send_message", {**to, "message": message.text})]
        called = "image_url" if media.kind == "image" else "file_url"
        if self.config["media_shape"] == "url":
            called = "url"
        path = "waba_send_image_url" if media.kind == "image" else "waba_send_file_url"
        return [(path, {**to, called: media.url, "caption": message.text})]

    def _filled(self, setting: str, message: OutgoingMessage) -> dict[str, Any]:
        """The template's name, language and values, called as the owner's account calls them."""
        found = TEMPLATE.fullmatch(setting)
        name, listed = (found[1], found[2] or "") if found else (setting, "")
        values = [re.sub(r"\s+", " ", value).strip() or "-" for value in message.params]
        language = self.config["language"]
        if self.config["template_shape"] == "list":
            return {"template_name": name, "parameters": values, "language": language}
        given = [part.strip() for part in listed.split(",") if part.strip()]
        names = given + [str(number) for number in range(len(given) + 1, len(values) + 1)]
        return {
            "template_name": name,
            "template_language": language,
            "parameter": [dict(zip(names, values, strict=False))],
        }

    def check(self) -> Health:
        """Whether the key is good and the number connected."""
        reply, said = self._call("checking_key", {}, plain=False)
        rows = lowered(said.get("data")).get("licenses_key")
        found = [lowered(row) for row in rows] if isinstance(rows, list) else []
        key = self.config["number_key"]
        mine = [row for row in found if key in {"", "ALL"} or words(row.get("key")) == key]
        if not mine:
            raise Misconfigured("Number Key tidak dikenal WatZap.", http_status=reply.status)
        best = next((row for row in mine if _connected(row)), mine[0])
        shown = shown_of(best, _SHOWN)
        if not _connected(best):
            return Health(False, _watzap_errors.OFFLINE, shown)
        return Health(True, "Nomor WatZap tersambung.", shown)

    def groups(self) -> list[Group]:
        """WatZap tells them as an object named by their ids."""
        if self._official:
            return []
        _reply, said = self._call("groups", {})
        rows = said.get("groups") or lowered(said.get("data")).get("groups")
        pairs = rows.items() if isinstance(rows, dict) else ()
        return [
            Group(ident(jid), words(lowered(row).get("name"), 200) or words(row, 200))
            for jid, row in pairs
            if is_group(jid) and ident(jid)
        ]

    def _call(
        self, path: str, body: dict[str, Any], *, plain: bool = True
    ) -> tuple[Reply, dict[str, Any]]:
        """POST with the keys and judge. Not `plain`: `checking_key` says `true`, and wants the
        API key alone."""
        keys = {"api_key": self.config["api_key"]}
        if plain:
            optional = ("number_key", "access_token") if self._official else ("number_key",)
            keys |= {name: self.config[name] for name in optional if self.config[name]}
        reply = self.http.request(
            "POST", f"{self.config['base_url'].rstrip('/')}/{path}", json={**keys, **body}
        )
        return reply, _watzap_errors.judge(reply, plain=plain)

    def verify_hook(self, request: HookRequest) -> bool:
        """WatZap signs nothing: the token in the address, checked before, is the proof."""
        return True

    def parse_hook(self, body: bytes) -> list[HookEvent]:
        """Messages only: WatZap tells nothing about what became of ours."""
        said = lowered(parsed(body))
        if not said:
            return []
        kind = words(said.get("type"), 60)
        return [
            _message(lowered(said.get("data")), body)
            if kind == "incoming_chat"
            else UnknownEvent(name_of(said, "type"))
        ]


def _classic_calls(message: OutgoingMessage) -> list[Call]:
    """A group has its own paths. Only an image has room for words."""
    group = "_group" if message.to_group else ""
    to = {"group_id": message.to} if message.to_group else {"phone_no": message.to.lstrip("+")}
    text: Call = (f"send_message{group}", {**to, "message": message.text})
    if (media := message.media) is None:
        return [text]
    if media.kind == "image":
        return [(_path("image", group), {**to, **_picture(media, message.text)})]
    return [text, (_path("file", group), {**to, "url": media.url})]


def _path(what: str, group: str) -> str:
    return f"send_{what}{group or '_url'}"


def _picture(media: Media, text: str) -> dict[str, str]:
    return {"url": media.url, "message": text, "separate_caption": "0"}


def _connected(row: Mapping[str, Any]) -> bool:
    return yes(row.get("is_connected")) or words(row.get("is_connected")).lower() == "connected"


def _message(said: dict[str, Any], body: bytes) -> HookEvent:
    if is_group(said.get("chat_id")):
        return UnknownEvent("pesan grup")
    if yes(said.get("is_from_me")):
        return UnknownEvent("pesan keluar")
    if not said:
        return UnknownEvent("pesan kosong")
    number = e164(said.get("chat_id"))
    return InboundMessage(
        provider_id=ident(said.get("message_id")) or fingerprint(body),
        sender=number,
        at=moment(said.get("timestamp")),
        text=words(said.get("message_body")),
        form="media" if yes(said.get("has_media")) else "text",
        name=words(said.get("name"), 120),
        user_id="" if number else ident(said.get("chat_id")),
    )


DRIVER = Watzap
