"""Pakasir, profiles v1 and v2 (chosen explicitly; never a silent fallback).

v1: the pay link carries the amount and can be edited by anyone, so only the amount that
`transactiondetail` finds counts; its key is in the query, so URLs never reach an error.
v2: `create-transaction` finds or creates; `transaction-status` at most once per 4 s and
transaction. Webhooks are hints; `X-Secret` (v2) or `X-Pakasir-Signature` (hex HMAC-SHA256
of the body) is checked when a webhook secret is set. Fees are read, never computed.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from portal.core.driverkit import (
    ConfigField,
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.infra.http import Reply
from portal.payments.gateways.base import (
    Charge,
    ChargeRequest,
    ChargeStatus,
    PaymentGateway,
    PaymentNotice,
)

STATES = {
    "completed": "completed",
    "pending": "pending",
    "canceled": "canceled",
    "cancelled": "canceled",
    "expired": "expired",
    "failed": "canceled",
}
_MOST = 10**12


def _slug(value: str) -> str | None:
    return None if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", value) else "Slug proyek tidak sah."


def _url(value: str) -> str | None:
    parts = urlsplit(value)
    ok = parts.scheme in {"http", "https"} and parts.netloc
    return None if ok else "Alamat harus diawali http:// atau https://."


class Pakasir(PaymentGateway):
    """QRIS, virtual accounts and more through Pakasir's hosted page."""

    kind = "pakasir"
    label = "Pakasir"
    fields = (
        ConfigField("slug", "Slug proyek", required=True, env="PAKASIR_SLUG", check=_slug),
        ConfigField("api_key", "API key", secret=True, required=True, env="PAKASIR_API_KEY"),
        ConfigField(
            "api",
            "Versi API",
            default="v2",
            env="PAKASIR_API",
            choices=(("v2", "v2"), ("v1", "v1 (lama)")),
        ),
        ConfigField(
            "base_url",
            "Alamat Pakasir",
            default="https://app.pakasir.com",
            env="PAKASIR_BASE_URL",
            check=_url,
        ),
        ConfigField("public_domain", "Domain bayar sendiri", env="PAKASIR_PUBLIC_DOMAIN", check=_url),
        ConfigField("webhook_secret", "Secret webhook", secret=True, env="PAKASIR_WEBHOOK_SECRET"),
    )

    @property
    def _v1(self) -> bool:
        return self.config["api"] == "v1"

    @property
    def _base(self) -> str:
        return self.config["base_url"].rstrip("/")

    def create_charge(self, request: ChargeRequest) -> Charge:
        if self._v1:
            query = urlencode({"order_id": request.order_id, "redirect": request.return_url})
            return Charge(
                self._public(f"{self._base}/pay/{self.config['slug']}/{request.amount}?{query}")
            )
        data = self._call(
            "POST",
            f"/api/v2/create-transaction/{self.config['slug']}/{quote(request.order_id, safe='')}",
            json={"method": "payment_link", "amount": request.amount},
        )
        link, reference = data.get("payment_link"), data.get("txn_id")
        if not isinstance(link, str) or _url(link) or not reference:
            raise Retryable("Jawaban Pakasir tidak dikenal.", detail="no payment_link")
        joint = "&" if "?" in link else "?"
        return Charge(
            self._public(f"{link}{joint}{urlencode({'redirect': request.return_url})}"),
            str(reference)[:120],
            _whole(data.get("total_payment")),
            _moment(data.get("expired_at")),
        )

    def _public(self, url: str) -> str:
        """The pay link on the owner's own domain, when there is one."""
        domain = self.config["public_domain"]
        if not domain:
            return url
        host, link = urlsplit(domain), urlsplit(url)
        return urlunsplit((host.scheme, host.netloc, link.path, link.query, ""))

    def fetch(self, order_id: str, amount: int, reference: str) -> ChargeStatus:
        if self._v1:
            return self._fetch_v1(order_id, amount)
        if not reference:
            return ChargeStatus("pending", order_id)
        try:
            data = self._call(
                "GET",
                f"/api/v2/transaction-status/{self.config['slug']}/{quote(reference, safe='')}",
            )
        except Permanent as error:
            return _not_found(error, order_id)
        return _status(data)

    def _fetch_v1(self, order_id: str, amount: int) -> ChargeStatus:
        try:
            data = self._call(
                "GET",
                "/api/transactiondetail",
                params={
                    "project": self.config["slug"],
                    "amount": str(amount),
                    "order_id": order_id,
                    "api_key": self.config["api_key"],
                },
            )
        except Permanent as error:
            # The amount is part of the lookup: nobody has opened or paid this order yet.
            return _not_found(error, order_id)
        inner = data.get("transaction")
        if not isinstance(inner, dict):
            raise Retryable("Jawaban Pakasir tidak dikenal.", detail="no transaction")
        if inner.get("project") not in (None, self.config["slug"]):
            return ChargeStatus("unknown", order_id)
        return _status(inner)

    def _call(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        headers = {} if self._v1 else {"X-Api-Key": self.config["api_key"]}
        reply = self.http.request(
            method, self._base + path, headers=headers, json=json, params=params
        )
        if reply.status != 200:
            raise _error(reply)
        data = reply.json()
        if not isinstance(data, dict):
            raise Retryable("Jawaban Pakasir tidak dikenal.", http_status=reply.status)
        return data

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> bool:
        secret = self.config["webhook_secret"]
        if not secret:
            return True
        plain = headers.get("X-Secret", "")
        if plain:
            return hmac.compare_digest(plain.encode(), secret.encode())
        given = headers.get("X-Pakasir-Signature", "").removeprefix("sha256=").lower()
        wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(given.encode(), wanted.encode())

    def parse_hook(self, body: bytes) -> PaymentNotice | None:
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(data, dict) or not isinstance(data.get("order_id"), str):
            return None
        if data.get("project") not in (None, self.config["slug"]):
            return None
        return PaymentNotice(
            data["order_id"][:64], _whole(data.get("amount")), data.get("status") == "completed"
        )


def _not_found(error: Permanent, order_id: str) -> ChargeStatus:
    if error.http_status in {400, 404, 422}:
        return ChargeStatus("pending", order_id)
    raise error


def _status(data: Mapping[str, Any]) -> ChargeStatus:
    raw = str(data.get("status", "")).lower()
    return ChargeStatus(
        state=STATES.get(raw, "unknown"),
        order_id=str(data.get("order_id", "")),
        amount=_whole(data.get("amount")),
        reference=str(data.get("txn_id") or "")[:120],
        method=str(data.get("payment_method") or "")[:40],
        completed_at=_moment(data.get("completed_at")),
        sandbox=data.get("is_sandbox") is True,
    )


def _whole(value: Any) -> int | None:
    """A whole, sensible number of rupiah; never a float, a bool or a text."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST:
        return value
    return None


def _moment(value: Any) -> datetime | None:
    """An aware time; Pakasir writes nine fractional digits and Z, or +07:00."""
    try:
        stamp = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return stamp if stamp.tzinfo else None


def _error(reply: Reply) -> DriverError:
    data = reply.json()
    said = ""
    if isinstance(data, dict):
        said = str(data.get("message") or data.get("error") or "")[:200]
    about: dict[str, Any] = {"detail": said, "http_status": reply.status}
    if reply.status in {401, 403}:
        return Misconfigured("Pakasir menolak API key atau slug proyek.", **about)
    if reply.status == 429:
        wait = reply.headers.get("Retry-After", "")
        return RateLimited(
            "Pakasir meminta menunggu.", retry_after=int(wait) if wait.isdigit() else 5, **about
        )
    if 400 <= reply.status < 500:
        return Permanent("Pakasir menolak permintaan ini.", **about)
    return Retryable("Pakasir sedang bermasalah.", **about)


DRIVER = Pakasir
