"""Mekari Qontak: WhatsApp Business through approved templates only.

Wire facts (public integrators and the open API, November 2026): a direct broadcast is one
message to one number with a template's id and its values by place; 201 with `status: success`
is a yes and `data.id` names the broadcast. Two ways in: a Bearer token at the chat service, or
an HMAC over date and request line at Mekari's API gateway. Free text is not sent. The body of
its callbacks is not published and they are not signed: what is recognised is used, the rest
counted, and `status()` asks the log of a broadcast.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from portal.core.driverkit import (
    Capability,
    ConfigField,
    DriverError,
    Health,
    Misconfigured,
    Permanent,
)
from portal.infra.http import Reply
from portal.messaging.drivers import _qontak_hooks
from portal.messaging.drivers._codes import Meaning, later, mis, perm, unclear, wait
from portal.messaging.drivers._fields import http_url, printable
from portal.messaging.drivers._kinds import FIRST_KIND, LABELS
from portal.messaging.drivers._reading import as_dict, as_list, first_text, words
from portal.messaging.drivers.base import Limits, MessageDriver, OutgoingMessage, Receipt
from portal.messaging.drivers.events import DeliveryEvent, HookEvent, HookRequest

# Whose first value is the customer's name.
_NAMELESS = {
    "otp_code": "Pelanggan",
    "broadcast": "Pelanggan",
    "customer_notice": "Pelanggan",
    "staff_notice": "Petugas",
}
# Words of `error.messages` -> what it is. No table is published; collected from integrators,
# November 2026. What is not here goes by the HTTP status.
WORDS: tuple[tuple[str, Meaning], ...] = (
    (
        r"balance|quota|saldo|kuota|credit",
        mis("Saldo atau kuota Qontak habis. Isi ulang di Mekari."),
    ),
    (
        r"channel.{0,20}(not found|inactive|invalid|expired)",
        mis("Channel WhatsApp tidak ditemukan di Qontak. Periksa ID channel."),
    ),
    (
        r"template.{0,30}(not found|invalid|reject|paus|inactive)|param(eter)?s?\b",
        perm("Template atau isiannya tidak diterima Qontak. Periksa ID template.", elsewhere=True),
    ),
    (
        r"(phone|number|to_number).{0,40}(invalid|not valid|format)|not registered|no whatsapp",
        perm("Nomor tujuan tidak sah atau tidak terdaftar di WhatsApp."),
    ),
    (r"too many|rate limit", wait("Qontak meminta menunggu.", 60)),
)
_KEY = mis("Qontak menolak kunci. Token mungkin kedaluwarsa: buat yang baru.")
_ADDRESS = mis("Alamat Qontak salah, atau kunci ini bukan untuk alamat itu.")
_INPUT = perm("Qontak menolak pesan ini. Lihat rinciannya.", elsewhere=True)
_BASES = {"token": "https://service-chat.qontak.com", "hmac": "https://api.mekari.com"}
_ROOTS = {"token": "/api/open/v1", "hmac": "/qontak/chat/v1"}

_WITHOUT_TEMPLATE = "Jenis pesan yang kosong tidak dikirim lewat Qontak."


def _uuid(value: str) -> str | None:
    good = re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value)
    return None if good else "Bukan ID Qontak. Contoh: 0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0."


class Qontak(MessageDriver):
    """Qontak's direct broadcasts."""

    kind = "qontak"
    label = "Mekari Qontak (resmi)"
    capabilities = frozenset(
        {
            Capability.TEMPLATE,
            Capability.STATUS_CHECK,
            Capability.DELIVERY_HOOK,
            Capability.INBOUND,
        }
    )
    limits = Limits(per_second=5, pair_seconds=6, pair_burst=10)
    in_flight = 8
    fields = (
        ConfigField(
            "auth",
            "Autentikasi",
            default="token",
            choices=(("token", "Token Qontak"), ("hmac", "HMAC (Mekari Developer)")),
        ),
        ConfigField(
            "access_token",
            "Access Token",
            secret=True,
            required=True,
            shown_when=("auth", ("token",)),
            check=printable,
        ),
        ConfigField(
            "client_id",
            "Client ID",
            required=True,
            shown_when=("auth", ("hmac",)),
            check=printable,
        ),
        ConfigField(
            "client_secret",
            "Client Secret",
            secret=True,
            required=True,
            shown_when=("auth", ("hmac",)),
        ),
        ConfigField(
            "channel_integration_id",
            "ID channel WhatsApp",
            "channel_integration_id di Qontak > Settings > Integrations.",
            required=True,
            check=_uuid,
        ),
        ConfigField("language", "Bahasa template", default="id"),
        *(
            ConfigField(
                f"template_{kind}",
                f"ID template: {label}",
                _WITHOUT_TEMPLATE if kind == FIRST_KIND else "",
                check=_uuid,
            )
            for kind, label in LABELS.items()
        ),
        ConfigField(
            "base_url",
            "Alamat API",
            "Kosong: service-chat.qontak.com, atau api.mekari.com untuk HMAC.",
            check=http_url,
        ),
    )

    def payload(self, message: OutgoingMessage) -> dict[str, Any]:
        values = [re.sub(r"\s+", " ", value).strip()[:1024] or "-" for value in message.params]
        parameters: dict[str, Any] = {
            "body": [
                {"key": str(place), "value": f"param_{place}", "value_text": value}
                for place, value in enumerate(values, 1)
            ]
        }
        if message.kind == "otp_code":
            # An AUTHENTICATION template wants the code in its copy button as well.
            parameters["buttons"] = [
                {"index": "0", "type": "url", "value": value} for value in values[:1]
            ]
        name = _NAMELESS.get(message.kind) or (values[0] if values else "Pelanggan")
        return {
            "to_number": message.to.lstrip("+"),
            "to_name": name[:60],
            "message_template_id": self.config.get(f"template_{message.kind}", ""),
            "channel_integration_id": self.config["channel_integration_id"],
            "language": {"code": self.config["language"]},
            "parameters": parameters,
        }

    def send(self, message: OutgoingMessage) -> Receipt:
        """Raises Permanent without asking for a kind that has no template here."""
        if not self.config.get(f"template_{message.kind}") or message.to_group:
            raise Permanent("Belum ada ID template Qontak untuk jenis pesan ini.", elsewhere=True)
        reply = self._call("POST", "/broadcasts/whatsapp/direct", json=self.payload(message))
        said = as_dict(reply.json())
        found = first_text(as_dict(said.get("data")), "id")
        if reply.status != 201 or said.get("status") != "success" or not found:
            raise unclear("Qontak").of(reply, "", " ".join(_words(said)))
        return Receipt(found, reply.text[:1000], reply.status)

    def check(self) -> Health:
        said = as_dict(self._call("GET", "/templates/whatsapp").json())
        if said.get("status") != "success":
            return Health(False, "Jawaban Qontak tidak dikenal. Periksa alamatnya.", {})
        found = [as_dict(row) for row in as_list(said.get("data"))]
        return Health(True, "Tersambung ke Qontak.", {"template": str(len(found))})

    def status(self, provider_id: str) -> DeliveryEvent | None:
        if _uuid(provider_id):
            return None
        try:
            reply = self._call("GET", f"/broadcasts/{provider_id}/whatsapp/log")
        except Misconfigured as error:
            if error.http_status == 404:
                return None
            raise
        return _qontak_hooks.logged(provider_id, as_dict(reply.json()).get("data"))

    def _call(self, method: str, path: str, json: Any = None) -> Reply:
        way = self.config["auth"]
        base = (self.config["base_url"] or _BASES[way]).rstrip("/")
        url = f"{base}{_ROOTS[way]}{path}"
        reply = self.http.request(method, url, headers=self._headers(method, url), json=json)
        if not 200 <= reply.status < 300:
            raise refusal(reply)
        return reply

    def _headers(self, method: str, url: str) -> dict[str, str]:
        if self.config["auth"] == "token":
            return {"Authorization": f"Bearer {self.config['access_token']}"}
        date = format_datetime(datetime.now(UTC), usegmt=True)
        signature = signed_line(self.config["client_secret"], date, method, urlsplit(url).path)
        words = (
            f'hmac username="{self.config["client_id"]}", algorithm="hmac-sha256", '
            f'headers="date request-line", signature="{signature}"'
        )
        return {"Date": date, "Authorization": words}

    def verify_hook(self, request: HookRequest) -> bool:
        """Qontak signs nothing: the token in the address is the secret."""
        return True

    def parse_hook(self, body: bytes) -> list[HookEvent]:
        return _qontak_hooks.events(body)


def signed_line(secret: str, date: str, method: str, path: str) -> str:
    """Mekari's signature of a request: its date and its first line."""
    text = f"date: {date}\n{method} {path} HTTP/1.1"
    made = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(made).decode()


def refusal(reply: Reply) -> DriverError:
    """The words of the error decide, then the HTTP status."""
    said = as_dict(reply.json())
    told = " ".join(_words(said)).strip()
    meaning = None
    if told and reply.status not in {401, 403, 408}:
        found = (known for pattern, known in WORDS if re.search(pattern, told, re.IGNORECASE))
        meaning = next(found, None)
    code = words(as_dict(said.get("error")).get("code"))
    meaning = meaning or _by_status(reply.status, bool(said))
    return meaning.of(reply, code, told or ("" if said else reply.text[:200]))


def _words(said: Mapping[str, Any]) -> Iterator[str]:
    error = as_dict(said.get("error"))
    for value in (error.get("messages"), error.get("message"), said.get("message")):
        for one in value if isinstance(value, list) else [value]:
            yield words(one)


def _by_status(status: int, own: bool) -> Meaning:
    if status in {401, 403}:
        return _KEY
    if 300 <= status < 400 or status in {404, 405}:
        return _ADDRESS
    if status == 429:
        return wait("Qontak meminta menunggu.", 60)
    if status in {400, 413, 415, 422}:
        return _INPUT
    return later("Qontak sedang bermasalah.") if status == 503 and own else unclear("Qontak")


DRIVER = Qontak
