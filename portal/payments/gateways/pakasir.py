"""Pakasir, profiles v1 and v2 (chosen explicitly; never a silent fallback).

v1: the pay link carries the amount and can be edited by anyone, so only the amount that
`transactiondetail` finds counts; its key is in the query, so URLs never reach an error.
v2: `create-transaction` finds or creates; `transaction-status` at most once per 4 s and
transaction. Webhooks are hints. Fees are read, never computed. Sources: the vendor's API
pages for v1 and v2, and what public integrators observed, as of 2026.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from portal.core.driverkit import ConfigField, Permanent, Retryable
from portal.payments.gateways import _pakasir_wire as wire
from portal.payments.gateways.base import (
    Charge,
    ChargeRequest,
    ChargeStatus,
    PaymentGateway,
    PaymentNotice,
)


def _check_slug(value: str) -> str | None:
    return None if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", value) else "Slug proyek tidak sah."


def _check_url(value: str) -> str | None:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    ok = parts.scheme in {"http", "https"} and parts.netloc
    return None if ok else "Alamat harus diawali http:// atau https://."


class Pakasir(PaymentGateway):
    """QRIS, virtual accounts and more through Pakasir's hosted page."""

    kind = "pakasir"
    label = "Pakasir"
    smallest = 500
    largest = 50_000_000
    fields = (
        ConfigField("slug", "Slug proyek", required=True, env="PAKASIR_SLUG", check=_check_slug),
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
            check=_check_url,
        ),
        ConfigField(
            "public_domain",
            "Domain bayar sendiri",
            help="Mengganti host tautan bayar saja, misalnya https://bayar.contoh.id.",
            env="PAKASIR_PUBLIC_DOMAIN",
            check=_check_url,
        ),
        ConfigField("webhook_secret", "Secret webhook", secret=True, env="PAKASIR_WEBHOOK_SECRET"),
        ConfigField(
            "qris_only",
            "Hanya QRIS",
            default="0",
            env="PAKASIR_QRIS_ONLY",
            choices=(("0", "Semua metode"), ("1", "Hanya QRIS")),
        ),
    )

    @property
    def _v1(self) -> bool:
        return self.config["api"] == "v1"

    @property
    def _slug(self) -> str:
        return self.config["slug"]

    def create_charge(self, request: ChargeRequest) -> Charge:
        if self._v1:
            path = f"{self._base}/pay/{self._slug}/{request.amount}"
            return Charge(self._page(path, request, order_id=request.order_id))
        data = self._call(
            "POST",
            f"/api/v2/create-transaction/{self._slug}/{quote(request.order_id, safe='')}",
            json={"method": "payment_link", "amount": request.amount},
        )
        link, reference = data.get("payment_link"), data.get("txn_id")
        if not isinstance(link, str) or _check_url(link) or not isinstance(reference, str | int):
            raise Retryable(
                "Jawaban Pakasir tidak dikenal.", detail="no payment_link", outcome_unknown=True
            )
        return Charge(
            self._page(link, request),
            str(reference)[:120],
            wire.whole(data.get("total_payment")),
            wire.moment(data.get("expired_at")),
        )

    @property
    def _base(self) -> str:
        return self.config["base_url"].rstrip("/")

    def _page(self, link: str, request: ChargeRequest, **query: str) -> str:
        """The pay link: back to us afterwards, on the owner's own domain when there is one."""
        query["redirect"] = request.return_url
        if self.config["qris_only"] == "1":
            query["qris_only"] = "1"
        parts = urlsplit(link)
        joined = "&".join(part for part in (parts.query, urlencode(query)) if part)
        host = urlsplit(self.config["public_domain"] or link)
        return urlunsplit((host.scheme, host.netloc, parts.path, joined, ""))

    def fetch(self, order_id: str, amount: int, reference: str) -> ChargeStatus:
        if self._v1:
            return self._fetch_v1(order_id, amount)
        if not reference:
            # No link was ever handed out, so nobody can have paid.
            return ChargeStatus("pending", order_id)
        path = f"/api/v2/transaction-status/{self._slug}/{quote(reference, safe='')}"
        try:
            return wire.status(self._call("GET", path), self._slug)
        except Permanent as error:
            return _not_found(error, order_id)

    def _fetch_v1(self, order_id: str, amount: int) -> ChargeStatus:
        params = {
            "project": self._slug,
            "amount": str(amount),
            "order_id": order_id,
            "api_key": self.config["api_key"],
        }
        try:
            data = self._call("GET", "/api/transactiondetail", params=params)
        except Permanent as error:
            # The amount is part of the lookup: nobody has opened or paid this order yet.
            return _not_found(error, order_id)
        inner = data.get("transaction")
        if not isinstance(inner, dict):
            raise Retryable("Jawaban Pakasir tidak dikenal.", detail="no transaction")
        return wire.status(inner, self._slug)

    def _call(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        headers = {} if self._v1 else {"X-Api-Key": self.config["api_key"]}
        reply = self.http.request(
            method, self._base + path, headers=headers, json=json, params=params
        )
        if reply.status != 200:
            raise wire.error(reply, self.config["api_key"])
        data = reply.json()
        if not isinstance(data, dict):
            raise Retryable(
                "Jawaban Pakasir tidak dikenal.", http_status=reply.status, outcome_unknown=True
            )
        return data

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> bool:
        secret = self.config["webhook_secret"]
        return not secret or wire.proves(headers, body, secret)

    def parse_hook(self, body: bytes) -> PaymentNotice | None:
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(data, dict) or data.get("project") not in (None, self._slug):
            return None
        order_id = data.get("order_id")
        if not isinstance(order_id, str) or not order_id:
            return None
        reference = data.get("txn_id")
        return PaymentNotice(
            order_id=order_id[:64],
            amount=wire.whole(data.get("amount")),
            completed=data.get("status") == "completed",
            reference=reference[:120] if isinstance(reference, str) else "",
        )


def _not_found(error: Permanent, order_id: str) -> ChargeStatus:
    if error.http_status in {400, 404, 422}:
        return ChargeStatus("pending", order_id)
    raise error


DRIVER = Pakasir
