"""WhatsApp through Twilio: approved contents, free text within 24 hours, signed callbacks.

Wire facts (API 2010-04-01, twilio-oai of April 2026): a form POST answered with 201; a content
and a body never go together; without a ContentSid the text leaves as Body, which WhatsApp takes
only within 24 hours of the customer's last word. No request key, so a lost answer is unknown.
Twilio signs callbacks over the public address and all parameters; they are forms.
Its error codes are in `_twilio_errors.py`, its signature in
`_twilio_signature.py`, its callbacks in `_twilio_hooks.py`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from portal.core.driverkit import Capability, ConfigField, Health, Misconfigured, Permanent
from portal.infra.http import Reply
from portal.messaging.drivers import _twilio_errors, _twilio_hooks, _twilio_signature
from portal.messaging.drivers._codes import unclear
from portal.messaging.drivers._fields import http_url
from portal.messaging.drivers._kinds import FIRST_KIND, LABELS
from portal.messaging.drivers._reading import as_dict, first_text
from portal.messaging.drivers.base import Limits, MessageDriver, OutgoingMessage, Receipt
from portal.messaging.drivers.events import DeliveryEvent, HookEvent, HookRequest

LATE = 63016
_WITHOUT_CONTENT = (
    "Jenis pesan yang kosong dikirim sebagai teks bebas, yang hanya sampai dalam 24 jam sesudah "
    "pelanggan menulis."
)


def _sid(prefix: str) -> Any:
    def check(value: str) -> str | None:
        good = re.fullmatch(rf"{prefix}[0-9a-fA-F]{{32}}", value)
        return None if good else f"Diawali {prefix}, lalu 32 huruf dan angka."

    return check


def _number(value: str) -> str | None:
    return None if re.fullmatch(r"\+[1-9]\d{6,14}", value) else "Tulis seperti +6281234567890."


def _callback(value: str) -> str | None:
    if sentence := http_url(value):
        return sentence
    if "_" in (urlsplit(value).hostname or ""):
        return "Twilio tidak menerima garis bawah dalam nama host."
    return None


class Twilio(MessageDriver):
    """Twilio's Messages API, WhatsApp senders only."""

    kind = "twilio"
    label = "Twilio WhatsApp (resmi)"
    capabilities = frozenset(
        {
            Capability.TEXT,
            Capability.TEMPLATE,
            Capability.MEDIA,
            Capability.STATUS_CHECK,
            Capability.DELIVERY_HOOK,
            Capability.INBOUND,
        }
    )
    # 80 a second and sender, and WhatsApp's own rule for one recipient, as with Meta.
    limits = Limits(per_second=80, pair_seconds=6, pair_burst=10)
    text_limit = 1600
    in_flight = 50
    fields = (
        ConfigField(
            "account_sid",
            "Account SID",
            "Di halaman depan Twilio Console.",
            required=True,
            check=_sid("AC"),
        ),
        ConfigField(
            "auth",
            "Autentikasi",
            default="token",
            choices=(("token", "Auth Token"), ("key", "API Key")),
        ),
        ConfigField(
            "auth_token",
            "Auth Token",
            "Juga untuk memeriksa tanda tangan kabar dari Twilio: isi walau memakai API Key.",
            secret=True,
        ),
        ConfigField(
            "key_sid",
            "API Key SID",
            required=True,
            shown_when=("auth", ("key",)),
            check=_sid("SK"),
        ),
        ConfigField(
            "key_secret",
            "API Key Secret",
            secret=True,
            required=True,
            shown_when=("auth", ("key",)),
        ),
        ConfigField(
            "sender",
            "Pengirim",
            default="number",
            choices=(("number", "Nomor WhatsApp"), ("service", "Messaging Service")),
        ),
        ConfigField(
            "from_number",
            "Nomor pengirim",
            "Nomor WhatsApp di Twilio, misalnya +14155238886 untuk sandbox.",
            required=True,
            shown_when=("sender", ("number",)),
            check=_number,
        ),
        ConfigField(
            "messaging_service_sid",
            "Messaging Service SID",
            required=True,
            shown_when=("sender", ("service",)),
            check=_sid("MG"),
        ),
        ConfigField(
            "status_callback",
            "Alamat Status Callback",
            "Salin alamat webhook saluran ini ke sini supaya Twilio melapor.",
            check=_callback,
        ),
        ConfigField(
            "signing_key",
            "Shared Key webhook",
            "Hanya bila webhook Twilio memakai SharedKey (HMAC-SHA256).",
            secret=True,
        ),
        *(
            ConfigField(
                f"content_{kind}",
                f"Content SID: {label}",
                _WITHOUT_CONTENT if kind == FIRST_KIND else "",
                check=_sid("HX"),
            )
            for kind, label in LABELS.items()
        ),
        ConfigField("base_url", "Alamat API", default="https://api.twilio.com", check=http_url),
    )

    @classmethod
    def check_config(cls, config: Mapping[str, str]) -> dict[str, str]:
        errors = super().check_config(config)
        if (config.get("auth") or "token") == "token" and not config.get("auth_token"):
            errors["auth_token"] = "Auth Token wajib diisi."  # noqa: S105 - a sentence
        return errors

    def payload(self, message: OutgoingMessage) -> dict[str, str]:
        """The form. A document has no caption at Twilio, so its address goes into the text."""
        form = {"To": f"whatsapp:{message.to}", **self._sender()}
        if self.config["status_callback"]:
            form["StatusCallback"] = self.config["status_callback"]
        content = self.config.get(f"content_{message.kind}", "")
        if content:
            return {**form, "ContentSid": content, **_variables(message.params)}
        media = message.media
        if media is None:
            return {**form, "Body": message.text}
        if media.kind == "document":
            return {**form, "Body": f"{message.text}\n{media.url}".strip()}
        return {**form, **({"Body": message.text} if message.text else {}), "MediaUrl": media.url}

    def _sender(self) -> dict[str, str]:
        if self.config["sender"] == "service":
            return {"MessagingServiceSid": self.config["messaging_service_sid"]}
        return {"From": f"whatsapp:{self.config['from_number']}"}

    def send(self, message: OutgoingMessage) -> Receipt:
        """Raises Permanent without asking for free text that Twilio would take now and drop
        later."""
        if message.window is False and not self.config.get(f"content_{message.kind}", ""):
            raise Permanent(_twilio_errors.CODES[LATE].sentence, elsewhere=True, code=str(LATE))
        reply = self._call("POST", "/Messages.json", self.payload(message))
        said = as_dict(reply.json())
        sid = first_text(said, "sid")
        if reply.status != 201 or not sid:
            raise unclear("Twilio").of(reply, "", "" if said else reply.text[:200])
        return Receipt(sid, reply.text[:1000], reply.status)

    def check(self) -> Health:
        """Reads the account; says nothing about whether the sender is approved."""
        reply = self._call("GET", ".json")
        said = as_dict(reply.json())
        status = first_text(said, "status")
        if not status:
            raise unclear("Twilio").of(reply, "", reply.text[:200])
        shown = {"status": status, "nama": first_text(said, "friendly_name")}
        if status != "active":
            return Health(False, "Akun Twilio tidak aktif. Periksa Twilio Console.", shown)
        return Health(True, "Tersambung ke Twilio.", shown)

    def status(self, provider_id: str) -> DeliveryEvent | None:
        if re.fullmatch(r"(SM|MM)[0-9a-fA-F]{32}", provider_id) is None:
            return None
        try:
            said = as_dict(self._call("GET", f"/Messages/{provider_id}.json").json())
        except Misconfigured as error:
            if error.http_status == 404:
                return None
            raise
        values = {
            "MessageSid": provider_id,
            "MessageStatus": first_text(said, "status"),
            "ErrorCode": first_text(said, "error_code"),
        }
        return _twilio_hooks.delivery(values)

    def _call(self, method: str, path: str, form: dict[str, str] | None = None) -> Reply:
        base = self.config["base_url"].rstrip("/")
        account = self.config["account_sid"]
        key = self.config["auth"] == "key"
        auth = (
            (self.config["key_sid"], self.config["key_secret"])
            if key
            else (account, self.config["auth_token"])
        )
        url = f"{base}/2010-04-01/Accounts/{account}{path}"
        reply = self.http.request(method, url, data=form, auth=auth)
        if not 200 <= reply.status < 300:
            raise _twilio_errors.from_reply(reply)
        return reply

    def verify_hook(self, request: HookRequest) -> bool:
        """Twilio always signs: without an Auth Token or shared key nothing is believed."""
        keys = [self.config["signing_key"], self.config["auth_token"]]
        public = self.config["status_callback"]
        return _twilio_signature.is_genuine(request, [key for key in keys if key], public)

    def parse_hook(self, body: bytes) -> list[HookEvent]:
        return _twilio_hooks.events(body)


def _variables(params: Any) -> dict[str, str]:
    """One line a value and never empty: WhatsApp refuses anything else."""
    flat = {
        str(place): re.sub(r"\s+", " ", value).strip()[:1024] or "-"
        for place, value in enumerate(params, 1)
    }
    return {"ContentVariables": json.dumps(flat, ensure_ascii=False)} if flat else {}


DRIVER = Twilio
