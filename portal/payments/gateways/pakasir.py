"""Pakasir, profiles v1 and v2 (chosen explicitly; never a silent fallback).

v1: the pay link carries the amount and can be edited by anyone, so only the amount that
`transactiondetail` finds counts; its key is in the query, so URLs never reach an error.
v2: `create-transaction` finds or creates; `transaction-status` at most once per 4 s and
transaction. Webhooks are hints. Fees are read, never computed: the vendor rounds up, client
libraries round to the nearest.

Sources: the vendor's API pages for v1 and v2, and what public integrators observed, as of
2026. Where they differ: v1 is said to be switched off since 20 October 2026; cancelling in v2
is documented by one source and denied by two, so a refusal to cancel is no error; simulating
is documented for v1 only; `X-Pakasir-Signature` comes from an integrator's document and the
vendor's `X-Secret` from v2, either is checked when a secret is set.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from portal.core.driverkit import ConfigField, Permanent, Retryable
from portal.payments.gateways import _pakasir_methods as ways
from portal.payments.gateways import _pakasir_wire as wire
from portal.payments.gateways.base import (
    Charge,
    ChargeRequest,
    ChargeStatus,
    Method,
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
        ConfigField(
            "methods",
            "Metode yang ditawarkan",
            help="Dipisah koma, misalnya qris,bri_va. Kosong berarti semua.",
            env="PAKASIR_METHODS",
            check=ways.check,
        ),
    )

    @property
    def _v1(self) -> bool:
        return self.config["api"] == "v1"

    @property
    def _slug(self) -> str:
        return self.config["slug"]

    def methods(self, amount: int) -> Sequence[Method]:
        only_qris = self.config["qris_only"] == "1"
        chosen = frozenset({"qris"}) if only_qris else ways.names(self.config["methods"])
        return ways.offered(self.config["api"], amount, chosen)

    def describe(self, method: str) -> Method:
        way = ways.WAYS.get(method)
        return Method(method, way.label, way.form) if way else super().describe(method)

    def fees(self, amount: int) -> Mapping[str, int]:
        """v2 tells them to anybody who asks; v1 only with the opened charge."""
        if self._v1:
            return {}
        return wire.fees(self._call("GET", f"/api/v2/payment-fee/{amount}"))

    def create_charge(self, request: ChargeRequest) -> Charge:
        way = ways.WAYS.get(request.method)
        if way is not None and way.form != "page":
            return self._open_v1(request) if self._v1 else self._open_v2(request, request.method)
        if self._v1:
            kind = "paypal" if request.method == "paypal" else "pay"
            path = f"{self._base}/{kind}/{self._slug}/{request.amount}"
            return Charge(self._page(path, request, order_id=request.order_id))
        return self._open_v2(request, "payment_link")

    def _open_v1(self, request: ChargeRequest) -> Charge:
        path = f"/api/transactioncreate/{request.method}"
        said = self._call("POST", path, json=self._body(request.order_id, request.amount))
        inner = said.get("payment")
        if not isinstance(inner, dict):
            raise wire.unreadable("no payment")
        return wire.charge(inner, request)

    def _open_v2(self, request: ChargeRequest, method: str) -> Charge:
        data = self._call(
            "POST",
            f"/api/v2/create-transaction/{self._slug}/{quote(request.order_id, safe='')}",
            json={"method": method, "amount": request.amount},
        )
        if not wire.reference(data):
            raise wire.unreadable("no txn_id")  # nobody could ever ask about it
        if method != "payment_link":
            return wire.charge(data, request)
        link = data.get("payment_link")
        if not isinstance(link, str) or _check_url(link):
            raise wire.unreadable("no payment_link")
        return Charge(
            self._page(link, request),
            wire.reference(data),
            wire.whole(data.get("total_payment")),
            wire.moment(data.get("expired_at")),
        )

    def cancel(self, order_id: str, amount: int, reference: str) -> bool:
        if not self._v1 and not reference:
            return False
        try:
            if self._v1:
                self._call("POST", "/api/transactioncancel", json=self._body(order_id, amount))
            else:
                name = quote(reference, safe="")
                self._call("POST", f"/api/v2/cancel-transaction/{self._slug}/{name}")
        except Permanent:
            return False  # paid meanwhile, never opened, or no such endpoint
        return True

    @property
    def simulates(self) -> bool:
        return self._v1

    def simulate(self, order_id: str, amount: int, reference: str) -> None:
        if not self._v1:
            raise Permanent("Pakasir v2 tidak punya simulasi lewat API; pakai dasbor Pakasir.")
        self._call("POST", "/api/paymentsimulation", json=self._body(order_id, amount))

    def _body(self, order_id: str, amount: int) -> dict[str, Any]:
        """What every call of v1 says; its key is in the body."""
        return {
            "project": self._slug,
            "order_id": order_id,
            "amount": amount,
            "api_key": self.config["api_key"],
        }

    @property
    def _base(self) -> str:
        return self.config["base_url"].rstrip("/")

    def browser_link(self, order_id: str, amount: int, reference: str) -> str:
        """The source document's link: on the owner's domain, QRIS only."""
        if not self.can_ask(reference):
            return ""
        if self._v1:
            path, query = f"pay/{self._slug}/{amount}", {"order_id": order_id}
        else:
            path, query = f"pay-v2/{quote(reference, safe='')}", {}
        return self._on_domain(f"{self._base}/{path}", {**query, "qris_only": "1"})

    def can_ask(self, reference: str) -> bool:
        return self._v1 or bool(reference)

    def _page(self, link: str, request: ChargeRequest, **query: str) -> str:
        """The pay link: back to us afterwards, on the owner's own domain when there is one."""
        query["redirect"] = request.return_url
        if self.config["qris_only"] == "1":
            query["qris_only"] = "1"
        return self._on_domain(link, query)

    def _on_domain(self, link: str, query: Mapping[str, str]) -> str:
        parts = urlsplit(link)
        joined = "&".join(part for part in (parts.query, urlencode(query)) if part)
        host = urlsplit(self.config["public_domain"] or link)
        return urlunsplit((host.scheme, host.netloc, parts.path, joined, ""))

    def fetch(self, order_id: str, amount: int, reference: str) -> ChargeStatus:
        if self._v1:
            return self._fetch_v1(order_id, amount)
        if not self.can_ask(reference):
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

    @property
    def proves_hooks(self) -> bool:
        return bool(self.config["webhook_secret"])

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
        reference, metadata = data.get("txn_id"), data.get("metadata")
        return PaymentNotice(
            order_id=order_id[:64],
            amount=wire.whole(data.get("amount")),
            completed=data.get("status") == "completed",
            reference=reference[:120] if isinstance(reference, str) else "",
            metadata=metadata if isinstance(metadata, dict) else {},
        )


def _not_found(error: Permanent, order_id: str) -> ChargeStatus:
    if error.http_status in {400, 404, 422}:
        return ChargeStatus("pending", order_id)
    raise error


DRIVER = Pakasir
