"""A WhatsApp gateway in the manner of PHPNuxBill: JSON POST, or the legacy GET with a URL.

POST: `{secret}`, `:secret` or `[secret]` in the URL is replaced; an address whose path has
neither `/ext/` nor `/wa` gets `/ext/<secret>/wa` appended. A `[[wa]]` block goes out with its
buttons; when the gateway plainly refuses them, its words follow once as text. The same
idempotency key goes in header and body and stays the same across retries. The gateway's own
retries are off unless a payload asks for them, so that only one side repeats. A block's `to`
redirects nothing: a message goes to whom it is for. GET carries words only.

Addresses are made in `_gateway_address.py`, answers judged in `_gateway_answers.py`, the form is
`_gateway_fields.py`.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from portal.core import wablock
from portal.core.driverkit import (
    Capability,
    ConfigField,
    DriverError,
    Health,
    Misconfigured,
    Permanent,
    Retryable,
)
from portal.core.wablock.wire import number
from portal.infra.http import Http
from portal.messaging.drivers import _gateway_answers
from portal.messaging.drivers._gateway_address import build_url, get_address, needs_secret
from portal.messaging.drivers._gateway_answers import NOBODY
from portal.messaging.drivers._gateway_fields import FIELDS
from portal.messaging.drivers.base import Group, Limits, MessageDriver, OutgoingMessage, Receipt

_HEADER_TYPES = {"image": 2, "video": 3, "document": 4}
_CONTENT = ("text", "body", "message", "interactive", "requestPhoneNumber", "contacts")
_KEY, _IN_WORDS = 128, ":text"
AS_TEXT = "Tombol ditolak, dikirim sebagai teks."


class Gateway(MessageDriver):
    """Any gateway that understands PHPNuxBill's POST or GET."""

    kind = "gateway"
    label = "Gateway WhatsApp (POST/GET)"
    capabilities = frozenset(
        {
            Capability.TEXT,
            Capability.INTERACTIVE,
            Capability.MEDIA,
            Capability.GROUP,
            Capability.IDEMPOTENT,
        }
    )
    # Most gateways hold a number paired by QR: people were banned at 2 s and at 7 s of spacing.
    limits = Limits(per_minute=20, per_day=1000, spacing_min=1, spacing_max=4)
    fields = FIELDS
    _WORDS_ONLY: ClassVar = frozenset({Capability.TEXT, Capability.GROUP})

    def __init__(self, config: Mapping[str, str], http: Http) -> None:
        super().__init__(config, http)
        self.config = {name: value.strip() for name, value in self.config.items()}
        self._wrong = next(iter(self.check_config(self.config).values()), "")
        if self._by_get:
            self.capabilities = self._WORDS_ONLY  # type: ignore[misc]

    @property
    def _by_get(self) -> bool:
        return self.config["mode"] == "get"

    @classmethod
    def is_shown(cls, field: ConfigField, config: Mapping[str, str]) -> bool:
        in_post = (config.get("mode") or "post") == "post"
        if field.name in {"username", "password", "header_name", "token"} and not in_post:
            return False
        return super().is_shown(field, config)

    @classmethod
    def check_config(cls, config: Mapping[str, str]) -> dict[str, str]:
        errors = super().check_config(config)
        if (config.get("mode") or "post") == "post" and "url" not in errors:
            url, secret = config.get("url", ""), config.get("secret", "").strip()
            if needs_secret(url) and not secret:
                errors |= {"secret": "Alamat ini membutuhkan secret."}
        return errors

    @property
    def idempotent(self) -> bool:
        """Whether the owner says a repeated key is sent once."""
        return not self._by_get and self.config["dedupes"] == "yes"

    def payload(self, message: OutgoingMessage) -> dict[str, Any]:
        if self._by_get:
            return {"number": number(message.to), "text": message.text}
        block = message.block or wablock.Block(text=message.text)
        data = wablock.payload(block)
        if data["action"] == "send":
            data["to"] = number(message.to)
            self._complete(data, message)
        else:
            data.pop("to", None)
        data["queue"] = data.get("queue") or False
        data["auto_retry"] = data.get("auto_retry") or False
        data["idempotency_key"] = _key(message.key)
        return data

    def _complete(self, data: dict[str, Any], message: OutgoingMessage) -> None:
        """The words where nothing else is left, and the header file."""
        if not any(data.get(name) for name in _CONTENT):
            data["text"] = message.text
        media = message.media
        if media is None:
            return
        if isinstance(data.get("interactive"), dict):
            data["interactive"] |= {
                "headerType": _HEADER_TYPES.get(media.kind, 4),
                "headerMedia": {"type": media.kind, "url": media.url},
            }
        else:
            place = "body" if data.get("body") and not data.get("text") else "text"
            data[place] = _with_link(str(data.get(place) or ""), media.url)

    def send(self, message: OutgoingMessage) -> Receipt:
        data = self.payload(message)
        _refuse_empty(data)
        if self._by_get:
            self._refuse_incomplete()
            address = get_address(self.config["get_url"], data["number"], data["text"])
            return _gateway_answers.judge(self.http.request("GET", address), plain_text=True)
        try:
            return self._post(data)
        except DriverError as error:
            if not _worth_as_text(error, data):
                raise
            plain = self._as_text(data, message)
            if not plain["text"].strip():
                raise
            receipt = self._post(plain)
            return replace(receipt, answer=f"{AS_TEXT} {error.detail}\n{receipt.answer}"[:1000])

    def _as_text(self, data: Mapping[str, Any], message: OutgoingMessage) -> dict[str, Any]:
        """The same message in words only, under a key of its own that repeats with it."""
        text = wablock.spelled_out(message.block) if message.block else message.text
        if message.media is not None:
            text = _with_link(text, message.media.url)
        kept = {name: data[name] for name in ("session_id", "thread_id") if data.get(name)}
        return {
            "action": "send",
            "to": data["to"],
            "text": text,
            **kept,
            "queue": data["queue"],
            "auto_retry": data["auto_retry"],
            "idempotency_key": _key(message.key)[: _KEY - len(_IN_WORDS)] + _IN_WORDS,
        }

    def upsert_contacts(self, contacts: Sequence[Mapping[str, str]], key: str) -> Receipt:
        """Make or change contacts at the gateway, as {name, phone}. Raises DriverError."""
        return self._contacts("upsert", contacts, key)

    def delete_contacts(self, contacts: Sequence[Mapping[str, str]], key: str) -> Receipt:
        """Remove contacts at the gateway, as {id} or {phone}. Raises DriverError."""
        return self._contacts("delete", contacts, key)

    def _contacts(self, action: str, contacts: Sequence[Mapping[str, str]], key: str) -> Receipt:
        if self._by_get:
            raise Permanent("Metode GET tidak mengenal kontak. Pakai metode POST.")
        given = {"action": action, "contacts": [dict(contact) for contact in contacts]}
        data = wablock.payload(wablock.Block(given=given))
        return self._post({**data, "idempotency_key": _key(key)})

    def _refuse_incomplete(self) -> None:
        """Nothing leaves with half a configuration, wherever it came from."""
        if self._wrong:
            raise Misconfigured(self._wrong)

    def _post(self, data: Mapping[str, Any]) -> Receipt:
        self._refuse_incomplete()
        reply = self.http.request(
            "POST",
            build_url(self.config["url"], self.config["secret"]),
            headers={"Idempotency-Key": data["idempotency_key"], **self._auth_headers()},
            json=data,
        )
        return _gateway_answers.judge(reply, plain_text=False)

    def _auth_headers(self) -> dict[str, str]:
        auth = self.config["auth"]
        if auth == "basic":
            pair = f"{self.config['username']}:{self.config['password']}".encode()
            return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
        if auth == "header":
            return {self.config["header_name"]: self.config["token"]}
        if auth == "jwt":
            return {"Authorization": f"Bearer {self.config['token']}"}
        return {}

    def check(self) -> Health:
        """The contract has no health call; we only say whether the server answers."""
        url = self.config["get_url"] if self._by_get else self.config["url"]
        found = re.match(r"https?://[^/?#]+", url)
        reply = self.http.request("GET", f"{found[0] if found else url}/")
        return Health(True, "Server gateway menjawab.", {"http": str(reply.status)})

    def groups(self) -> list[Group]:
        """The contract has no call for them; an id typed by hand is passed on."""
        raise Permanent("Gateway ini tidak menyebutkan daftar grup. Salin ID grup dari panelnya.")


def _worth_as_text(error: DriverError, data: Mapping[str, Any]) -> bool:
    """Whether the buttons may be why: the refusal is certain and not about key, device, pace or
    number. An answer that leaves the outcome open is never followed by a second message."""
    special = any(data.get(name) for name in ("interactive", "message", "requestPhoneNumber"))
    plain_no = isinstance(error, Permanent | Retryable) and error.http_status is not None
    certain = not error.outcome_unknown and error.code != NOBODY
    return data["action"] == "send" and special and plain_no and certain


def _refuse_empty(data: Mapping[str, Any]) -> None:
    if not any(data.get(name) for name in (*_CONTENT, "allowEmptyText")):
        raise Permanent("Pesan ini tidak berisi apa pun. Periksa teksnya.")


def _with_link(text: str, url: str) -> str:
    return text if url in text else f"{text}\n\n{url}".strip()


def _key(key: str) -> str:
    """At most 128 bytes, printable: it travels in a header."""
    return re.sub(r"[^!-~]", "-", key)[:_KEY]


DRIVER = Gateway
