"""WhatsApp Cloud API of Meta: approved templates, login codes, free text within 24 hours.

Wire facts (Graph v25, November 2026): `to` with a plus; HTTP 200 means accepted, never
delivered; there is no request key, so a lost answer is unknown until a status webhook
brings back `biz_opaque_callback_data`, which is our dedupe key.
What is sent is made in `_meta_payload.py`, files go up in `_meta_media.py`, error codes are in
`_meta_errors.py`, callbacks are read in `_meta_hooks.py`, template calls in
`_meta_templates.py`.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from portal.core.driverkit import Capability, Health, Permanent, Retryable
from portal.infra.http import Http, Reply
from portal.messaging.drivers import (
    _meta_check,
    _meta_errors,
    _meta_hooks,
    _meta_payload,
    _meta_usage,
    _meta_versions,
)
from portal.messaging.drivers._meta_fields import FIELDS
from portal.messaging.drivers._meta_media import Uploads
from portal.messaging.drivers._meta_templates import TemplateCalls
from portal.messaging.drivers._reading import redacted
from portal.messaging.drivers.base import Limits, MessageDriver, OutgoingMessage, Receipt
from portal.messaging.drivers.events import HookEvent, HookRequest

HELD = "Meta menahan pesan ini sebentar untuk menilai mutu templatenya."
PAUSED, LATE = "132015", 131047


class MetaCloud(TemplateCalls, MessageDriver):
    """Meta's own API: no risk of a ban, approved texts only."""

    kind = "meta"
    label = "Meta Cloud API (resmi)"
    capabilities = frozenset(
        {
            Capability.TEMPLATE,
            Capability.TEMPLATE_ADMIN,
            Capability.TEXT,
            Capability.INTERACTIVE,
            Capability.MEDIA,
            Capability.DELIVERY_HOOK,
            Capability.INBOUND,
        }
    )
    # 80 a second and number; one message in 6 s to the same person, of which some in advance.
    limits = Limits(per_second=80, pair_seconds=6, pair_burst=10)
    in_flight = 400
    keep_alive = True
    echoes_key = True
    fields = FIELDS

    def __init__(self, config: Mapping[str, str], http: Http) -> None:
        super().__init__(config, http)
        self._uploads = Uploads(self._upload)

    def payload(self, message: OutgoingMessage) -> dict[str, Any]:
        return _meta_payload.body(message, self.config)

    def send(self, message: OutgoingMessage) -> Receipt:
        """Raises Permanent too for a template that Meta took but does not send, and without
        asking for free text that Meta would take now and drop later."""
        if message.window is False and not _meta_payload.takes_template(message, self.config):
            raise Permanent(_meta_errors.CODES[LATE][1], elsewhere=True, code=str(LATE))
        media = _meta_payload.wants_upload(message, self.config)
        media_id = self._uploads.id_of(media) if media else ""
        body = _meta_payload.body(message, self.config, media_id)
        reply = self._call("POST", f"{self.config['phone_number_id']}/messages", body)
        data = reply.json()
        try:
            sent = data["messages"][0]
            provider_id, status = str(sent["id"]), sent.get("message_status")
        except (KeyError, IndexError, TypeError, AttributeError):
            raise Retryable(
                "Jawaban Meta tidak dikenal, hasilnya belum pasti.",
                detail=redacted(reply.text),
                http_status=reply.status,
                outcome_unknown=True,
            ) from None
        if status == "paused":
            raise Permanent(
                _meta_errors.CODES[int(PAUSED)][1],
                elsewhere=True,
                code=PAUSED,
                detail=redacted(reply.text),
                http_status=reply.status,
            )
        said = HELD if status == "held_for_quality_assessment" else ""
        words = (said, _meta_usage.note(reply.headers), reply.text[:1000])
        return Receipt(provider_id, " ".join(filter(None, words)), reply.status)

    def check(self) -> Health:
        """How the number is; an older Graph version that does not know a field is asked less."""
        try:
            reply = self._number(_meta_check.FIELDS)
        except Permanent as error:
            if error.code != "100":
                raise
            reply = self._number(_meta_check.BASIC)
        data = reply.json()
        if not isinstance(data, dict):
            raise Retryable("Jawaban Meta tidak dikenal.", http_status=reply.status)
        return _meta_check.health(data, self.config["graph_version"])

    def version_warning(self) -> str:
        """What to do about a Graph version that ends soon or has ended; empty when nothing."""
        return _meta_versions.warning(self.config["graph_version"])

    def _number(self, fields: str) -> Reply:
        return self._call("GET", f"{self.config['phone_number_id']}?fields={fields}")

    def _upload(self, filename: str, content: bytes, mime: str) -> Reply:
        return self._request(
            "POST",
            f"{self.config['phone_number_id']}/media",
            data={"messaging_product": "whatsapp", "type": mime},
            files={"file": (filename, content, mime)},
        )

    def _call(self, method: str, path: str, body: Any = None) -> Reply:
        return self._request(method, path, json=body)

    def _request(self, method: str, path: str, **parts: Any) -> Reply:
        """Raises DriverError for anything but 200."""
        base = self.config["base_url"].rstrip("/")
        reply = self.http.request(
            method,
            f"{base}/{self.config['graph_version']}/{path}",
            headers={"Authorization": f"Bearer {self.config['access_token']}"},
            **parts,
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
                given.lower().encode("utf-8", "replace"),
            )
            for secret in secrets
        )

    def answer_challenge(self, args: Mapping[str, str]) -> str | None:
        token = self.config["verify_token"]
        given = args.get("hub.verify_token", "")
        if args.get("hub.mode") != "subscribe" or not token:
            return None
        if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
            return None
        return args.get("hub.challenge", "")

    def parse_hook(self, body: bytes) -> list[HookEvent]:
        """Everything of every entry and change; batches hold up to a thousand."""
        return _meta_hooks.events(body)


DRIVER = MetaCloud
