"""WhatsApp Cloud API of Meta: approved templates, login codes, delivery statuses.

Wire facts (Graph v25, November 2026): `to` with a plus; HTTP 200 means accepted, never
delivered; there is no request key, so a lost answer is unknown until a status webhook
brings back `biz_opaque_callback_data`, which is our dedupe key. A parameter may not hold
a newline, a tab or more than four spaces in a row, nor be empty.
Its error codes are in `_meta_errors.py`.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from portal.core.driverkit import Capability, ConfigField, Health, Permanent, Retryable
from portal.infra.http import Reply
from portal.messaging.drivers import _meta_errors
from portal.messaging.drivers._meta_templates import TemplateCalls
from portal.messaging.drivers.base import Limits, MessageDriver, OutgoingMessage, Receipt
from portal.messaging.drivers.events import DeliveryEvent, HookEvent, HookRequest

TEMPLATE_KINDS = (
    "payment_confirmation",
    "invoice_notification",
    "payment_reminder",
    "overdue_notice",
    "isolation_notice",
    "access_opened",
    "otp_code",
)
_STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}


def _digits(value: str) -> str | None:
    return None if value.isdigit() else "Hanya angka."


def _template_name(value: str) -> str | None:
    if re.fullmatch(r"[a-z0-9_]{1,512}", value):
        return None
    return "Hanya huruf kecil, angka dan garis bawah."


def _version(value: str) -> str | None:
    return None if re.fullmatch(r"v\d{1,3}\.0", value) else "Tulis seperti v25.0."


def _base_url(value: str) -> str | None:
    good = re.fullmatch(r"https?://[\w.:-]+(/[\w./-]*)?", value)
    return None if good else "Alamat harus diawali http:// atau https://."


class MetaCloud(TemplateCalls, MessageDriver):
    """Meta's own API: no risk of a ban, approved texts only."""

    kind = "meta"
    label = "Meta Cloud API (resmi)"
    capabilities = frozenset(
        {Capability.TEMPLATE, Capability.TEMPLATE_ADMIN, Capability.TEXT, Capability.DELIVERY_HOOK}
    )
    # 80 a second and number; one message in 6 s to the same person, of which some in advance.
    limits = Limits(per_second=80, pair_seconds=6, pair_burst=10)
    in_flight = 400
    keep_alive = True
    echoes_key = True
    fields = (
        ConfigField(
            "access_token",
            "Permanent Access Token",
            "Token system user dengan izin whatsapp_business_messaging.",
            secret=True,
            required=True,
            env="WHATSAPP_API_KEY",
        ),
        ConfigField(
            "phone_number_id",
            "Phone Number ID",
            "Dari WhatsApp > API Setup; bukan nomor teleponnya.",
            required=True,
            env="META_WA_PHONE_NUMBER_ID",
            check=_digits,
        ),
        ConfigField(
            "waba_id",
            "Business Account ID",
            env="META_WA_BUSINESS_ACCOUNT_ID",
            check=_digits,
        ),
        ConfigField(
            "app_secret",
            "App Secret",
            "Untuk memeriksa tanda tangan webhook.",
            secret=True,
            env="META_WA_APP_SECRET",
        ),
        ConfigField(
            "verify_token",
            "Verify Token",
            "Sama dengan yang ditulis di pengaturan webhook Meta.",
            secret=True,
            env="META_WA_VERIFY_TOKEN",
        ),
        ConfigField(
            "graph_version",
            "Versi Graph API",
            default="v25.0",
            env="META_GRAPH_VERSION",
            check=_version,
        ),
        ConfigField(
            "base_url",
            "Alamat Graph API",
            default="https://graph.facebook.com",
            env="META_GRAPH_BASE_URL",
            check=_base_url,
        ),
        ConfigField("language", "Bahasa template", default="id"),
        *(
            ConfigField(f"template_{kind}", f"Template {kind}", default=kind, check=_template_name)
            for kind in TEMPLATE_KINDS
        ),
    )

    def payload(self, message: OutgoingMessage) -> dict[str, Any]:
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.to,
            "biz_opaque_callback_data": message.key,
        }
        if message.kind in TEMPLATE_KINDS:
            return {**body, "type": "template", "template": self._template(message)}
        text = {"preview_url": False, "body": message.text[:4096]}
        return {**body, "type": "text", "text": text}

    def _template(self, message: OutgoingMessage) -> dict[str, Any]:
        values = [{"type": "text", "text": _flat(value)} for value in message.params]
        components: list[dict[str, Any]] = [{"type": "body", "parameters": values}]
        if message.kind == "otp_code":
            # An AUTHENTICATION template wants the code in its copy button as well.
            components.append(
                {"type": "button", "sub_type": "url", "index": "0", "parameters": values[:1]}
            )
        return {
            "name": self.config[f"template_{message.kind}"],
            "language": {"code": self.config["language"]},
            "components": components,
        }

    def send(self, message: OutgoingMessage) -> Receipt:
        """Raises Permanent too for a template that Meta took but does not send."""
        path = f"{self.config['phone_number_id']}/messages"
        reply = self._call("POST", path, self.payload(message))
        data = reply.json()
        try:
            sent = data["messages"][0]
            provider_id, status = str(sent["id"]), sent.get("message_status")
        except (KeyError, IndexError, TypeError, AttributeError):
            raise Retryable(
                "Jawaban Meta tidak dikenal, hasilnya belum pasti.",
                detail=reply.text[:300],
                http_status=reply.status,
                outcome_unknown=True,
            ) from None
        if status == "paused":
            raise Permanent(
                "Template sedang dijeda Meta karena mutu. Ubah atau tunggu.",
                detail=reply.text[:300],
                http_status=reply.status,
            )
        return Receipt(provider_id, reply.text[:1000], reply.status)

    def check(self) -> Health:
        fields = "display_phone_number,verified_name,quality_rating,status"
        reply = self._call("GET", f"{self.config['phone_number_id']}?fields={fields}")
        data = reply.json()
        if not isinstance(data, dict):
            raise Retryable("Jawaban Meta tidak dikenal.", http_status=reply.status)
        shown = {name: str(data[name]) for name in fields.split(",") if data.get(name)}
        return Health(True, f"Tersambung ke {shown.get('verified_name', 'Meta')}.", shown)

    def _call(self, method: str, path: str, body: Any = None) -> Reply:
        base = self.config["base_url"].rstrip("/")
        reply = self.http.request(
            method,
            f"{base}/{self.config['graph_version']}/{path}",
            headers={"Authorization": f"Bearer {self.config['access_token']}"},
            json=body,
        )
        if reply.status != 200:
            raise _meta_errors.from_reply(reply)
        return reply

    def verify_hook(self, request: HookRequest) -> bool:
        """HMAC over the raw bytes with any of the comma separated app secrets (rotation)."""
        body = request.body
        given = request.headers.get("X-Hub-Signature-256", "").removeprefix("sha256=")
        secrets = [part.strip() for part in self.config["app_secret"].split(",") if part.strip()]
        return any(
            hmac.compare_digest(
                hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode(),
                given.lower().encode(),
            )
            for secret in secrets
        )

    def answer_challenge(self, args: Mapping[str, str]) -> str | None:
        token = self.config["verify_token"]
        given = args.get("hub.verify_token", "")
        if args.get("hub.mode") != "subscribe" or not token:
            return None
        if not hmac.compare_digest(given.encode(), token.encode()):
            return None
        return args.get("hub.challenge", "")

    def parse_hook(self, body: bytes) -> list[HookEvent]:
        """Every status of every entry and change; batches hold up to a thousand."""
        try:
            data = json.loads(body)
        except ValueError:
            return []
        return [event for status in _statuses(data) if (event := _event(status))]


def _flat(value: str) -> str:
    """A parameter Meta accepts: one line, at most single spaces, not empty."""
    return re.sub(r"\s+", " ", value).strip()[:1024] or "-"


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _statuses(data: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(data, dict):
        return
    for entry in _dicts(data.get("entry")):
        for change in _dicts(entry.get("changes")):
            value = change.get("value")
            if isinstance(value, dict):
                yield from _dicts(value.get("statuses"))


def _event(status: dict[str, Any]) -> DeliveryEvent | None:
    state = _STATES.get(str(status.get("status")))
    if state is None or not status.get("id"):
        return None
    try:
        at = datetime.fromtimestamp(int(status.get("timestamp", "")), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        at = datetime.now(UTC)
    reason = ""
    if state == "failed" and (errors := _dicts(status.get("errors"))):
        code = errors[0].get("code")
        reason = _meta_errors.sentence(code) or str(errors[0].get("title", ""))[:200]
        reason = f"{reason} (kode {code})"
    key = str(status.get("biz_opaque_callback_data") or "")
    return DeliveryEvent(str(status["id"]), key, state, at, reason)


DRIVER = MetaCloud
