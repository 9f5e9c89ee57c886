"""WhatsApp Cloud API of Meta: approved templates, login codes, delivery statuses.

Wire facts (Graph v25, November 2026): `to` with a plus; HTTP 200 means accepted, never
delivered; there is no request key, so a lost answer is unknown until a status webhook
brings back `biz_opaque_callback_data`, which is our dedupe key. A parameter may not hold
a newline, a tab or more than four spaces in a row, nor be empty.
Errors: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from portal.core.driverkit import (
    Capability,
    ConfigField,
    DriverError,
    Health,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.infra.http import Reply
from portal.messaging.drivers.base import (
    DeliveryEvent,
    MessageDriver,
    OutgoingMessage,
    Receipt,
)

# code -> (class, what to do, seconds to wait). Anything else by HTTP status.
RATE, MIS, PERM, RETRY = "rate", "misconfigured", "permanent", "retry"
CODES: dict[int, tuple[str, str, int]] = {
    0: (MIS, "Token tidak berlaku. Buat token permanen baru lalu simpan di sini.", 0),
    190: (MIS, "Token kedaluwarsa atau dicabut. Buat token permanen baru.", 0),
    3: (MIS, "Aplikasi Meta belum punya izin. Beri izin whatsapp_business_messaging.", 0),
    10: (MIS, "Izin aplikasi dicabut. Beri izin kembali di Meta Business.", 0),
    33: (MIS, "Phone Number ID sudah tidak ada. Periksa kembali isiannya.", 0),
    368: (MIS, "Akun WhatsApp Business dibatasi Meta karena kebijakan. Ajukan banding.", 0),
    131005: (MIS, "Akses ditolak. Hubungkan akun WhatsApp ke system user.", 0),
    131031: (MIS, "Akun WhatsApp terkunci. Periksa WhatsApp Manager.", 0),
    131037: (MIS, "Nama tampilan nomor belum disetujui Meta.", 0),
    131042: (MIS, "Ada masalah pembayaran di akun Meta. Lunasi tagihan Meta.", 0),
    131045: (MIS, "Nomor belum terdaftar di Cloud API. Daftarkan dahulu.", 0),
    133010: (MIS, "Nomor belum terdaftar di Cloud API. Daftarkan dahulu.", 0),
    4: (RATE, "Batas panggilan aplikasi Meta tercapai.", 300),
    80007: (RATE, "Batas panggilan akun WhatsApp tercapai.", 600),
    80008: (RATE, "Batas panggilan akun WhatsApp tercapai.", 600),
    130429: (RATE, "Terlalu cepat mengirim. Menunggu sebentar.", 10),
    131056: (RATE, "Terlalu sering ke nomor yang sama. Menunggu sebentar.", 12),
    131048: (RATE, "Meta membatasi nomor ini karena mutu pesan. Kurangi kiriman.", 3600),
    1: (RETRY, "Meta sedang bermasalah.", 0),
    2: (RETRY, "Layanan Meta sedang tidak tersedia.", 0),
    131000: (RETRY, "Meta sedang bermasalah.", 0),
    131016: (RETRY, "Layanan Meta sedang tidak tersedia.", 0),
    131057: (RETRY, "Akun dalam pemeliharaan Meta.", 0),
    133004: (RETRY, "Server Meta sedang tidak tersedia.", 0),
    100: (PERM, "Ada isian yang tidak diterima Meta. Periksa rinciannya.", 0),
    131008: (PERM, "Isian template kurang. Samakan template dengan urutan parameter.", 0),
    131009: (PERM, "Nilai isian tidak sah. Periksa nomor tujuan.", 0),
    131021: (PERM, "Nomor tujuan sama dengan nomor pengirim.", 0),
    131026: (PERM, "Nomor ini tidak terdaftar di WhatsApp. Perbaiki nomor pelanggan.", 0),
    131030: (PERM, "Nomor uji Meta hanya boleh ke daftar penerima. Pakai nomor produksi.", 0),
    131047: (PERM, "Lebih dari 24 jam sejak pelanggan membalas: kirim dengan template.", 0),
    131049: (PERM, "Meta memilih tidak menyampaikan pesan ini. Coba lagi besok.", 0),
    131050: (PERM, "Pelanggan menolak pesan promosi.", 0),
    131051: (PERM, "Jenis pesan tidak didukung.", 0),
    132000: (PERM, "Jumlah parameter tidak sama dengan template.", 0),
    132001: (PERM, "Template tidak ada dalam bahasa itu atau belum disetujui.", 0),
    132005: (PERM, "Teks template menjadi terlalu panjang.", 0),
    132007: (PERM, "Isi pesan melanggar kebijakan Meta.", 0),
    132012: (PERM, "Bentuk parameter tidak cocok dengan template.", 0),
    132015: (PERM, "Template sedang dijeda Meta karena mutu. Ubah atau tunggu.", 0),
    132016: (PERM, "Template dimatikan Meta. Buat template baru.", 0),
    132018: (PERM, "Parameter memuat baris baru atau terlalu banyak spasi.", 0),
}
TEMPLATE_KINDS = (
    "payment_confirmation",
    "invoice_notification",
    "payment_reminder",
    "overdue_notice",
    "isolation_notice",
    "access_opened",
    "otp_code",
)
_STATES = {"sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed"}


def _digits(value: str) -> str | None:
    return None if value.isdigit() else "Hanya angka."


def _template_name(value: str) -> str | None:
    if re.fullmatch(r"[a-z0-9_]{1,512}", value):
        return None
    return "Hanya huruf kecil, angka dan garis bawah."


def _version(value: str) -> str | None:
    return None if re.fullmatch(r"v\d{1,3}\.0", value) else "Tulis seperti v25.0."


class MetaCloud(MessageDriver):
    """Meta's own API: no risk of a ban, approved texts only."""

    kind = "meta"
    label = "Meta Cloud API (resmi)"
    capabilities = frozenset({Capability.TEMPLATE, Capability.TEXT, Capability.DELIVERY_HOOK})
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
            "business_account_id",
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
        ),
        ConfigField("language", "Bahasa template", default="id"),
        *(
            ConfigField(
                f"template_{kind}", f"Template {kind}", default=kind, check=_template_name
            )
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
        reply = self._call("POST", f"{self.config['phone_number_id']}/messages", self.payload(message))
        data = reply.json()
        try:
            provider_id = str(data["messages"][0]["id"])
        except (KeyError, IndexError, TypeError):
            raise Retryable(
                "Jawaban Meta tidak dikenal, hasilnya belum pasti.",
                detail=reply.text[:300],
                http_status=reply.status,
                outcome_unknown=True,
            ) from None
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
            raise _error(reply)
        return reply

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """HMAC over the raw bytes with any of the comma separated app secrets (rotation)."""
        given = headers.get("X-Hub-Signature-256", "").removeprefix("sha256=")
        secrets = [part.strip() for part in self.config["app_secret"].split(",") if part.strip()]
        return any(
            hmac.compare_digest(
                hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(), given.lower()
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

    def parse_hook(self, body: bytes) -> list[DeliveryEvent]:
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
        known = CODES.get(code) if isinstance(code, int) else None
        reason = known[1] if known else str(errors[0].get("title", ""))[:200]
        reason = f"{reason} (kode {code})"
    key = str(status.get("biz_opaque_callback_data") or "")
    return DeliveryEvent(str(status["id"]), key, state, at, reason)


def _error(reply: Reply) -> DriverError:
    """Meta's code decides; without one, the HTTP status."""
    data = reply.json()
    error = data.get("error") if isinstance(data, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    detail = _detail(error) if isinstance(error, dict) else reply.text[:200]
    about: dict[str, Any] = {
        "detail": detail,
        "code": "" if code is None else str(code),
        "http_status": reply.status,
    }
    if isinstance(code, int):
        if 200 <= code <= 299:
            return Misconfigured("Izin Meta belum diberikan untuk akun ini.", **about)
        if code in CODES:
            return _known(CODES[code], about)
        if 400 <= reply.status < 500:
            return Permanent("Meta menolak pesan ini.", **about)
    if reply.status in {401, 403}:
        return Misconfigured("Meta menolak token.", **about)
    if reply.status == 429:
        return RateLimited("Batas kirim Meta tercapai.", retry_after=60, **about)
    if 400 <= reply.status < 500:
        return Permanent("Meta menolak pesan ini.", **about)
    return Retryable("Meta sedang bermasalah, hasilnya belum pasti.", outcome_unknown=True, **about)


def _known(entry: tuple[str, str, int], about: dict[str, Any]) -> DriverError:
    kind, sentence, seconds = entry
    if kind == RATE:
        return RateLimited(sentence, retry_after=seconds, **about)
    if kind == MIS:
        return Misconfigured(sentence, **about)
    return (Retryable if kind == RETRY else Permanent)(sentence, **about)


def _detail(error: dict[str, Any]) -> str:
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else data
    return f"{error.get('message', '')} {details or ''}".strip()[:300]


DRIVER = MetaCloud
