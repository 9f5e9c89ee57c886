"""A payment provider in this process, and the gateway that speaks to it.

The gateway passes the same contract as the real ones (`tests/contracts/payments.py`).
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.infra.http import Http
from portal.payments.gateways.base import (
    Charge,
    ChargeRequest,
    ChargeStatus,
    Form,
    Method,
    PaymentGateway,
    PaymentNotice,
)
from portal.simulators.qris import qris


@dataclass
class Account:
    """One charge at the provider."""

    order_id: str
    amount: int
    reference: str
    state: str = "pending"
    paid: int = 0
    completed_at: datetime | None = None
    sandbox: bool = False
    objection: str = ""


@dataclass
class Bank:
    """The far end: what was opened and paid, who asked, and how it misbehaves."""

    charges: dict[str, Account] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    trouble: list[DriverError] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None
    expires_at: datetime | None = None
    fees: dict[str, int] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    sandbox: bool = False
    cancelled: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def open(self, request: ChargeRequest) -> Account:
        with self._lock:
            self.opened.append(request.order_id)
            known = self.charges.get(request.order_id)
            if known is None:
                reference = f"txn{next(self._numbers)}"
                known = Account(request.order_id, request.amount, reference)
                self.charges[request.order_id] = known
            return known

    def pay(self, order_id: str, amount: int | None = None, at: datetime | None = None) -> None:
        """Somebody pays this charge, possibly another amount than it asked for."""
        charge = self.charges[order_id]
        charge.state, charge.completed_at = "completed", at
        charge.paid = charge.amount if amount is None else amount


class FakeGateway(PaymentGateway):
    """Stands where Pakasir stands; fails the test when a transaction is open during a call."""

    kind = "pakasir"
    label = "Uji"
    smallest = 500
    largest = 50_000_000

    def __init__(self, bank: Bank) -> None:
        super().__init__({}, Http())
        self.bank = bank

    def _call(self) -> None:
        assert not db.session().in_transaction(), "a transaction is open during an outside call"
        if self.bank.trouble:
            if self.bank.meanwhile:
                self.bank.meanwhile()
            raise self.bank.trouble.pop(0)

    def methods(self, amount: int) -> tuple[Method, ...]:
        here = tuple(self.describe(key) for key in ("qris", "bri_va"))
        return (*here, *super().methods(amount))

    def describe(self, method: str) -> Method:
        forms: dict[str, Form] = {"qris": "qris", "bri_va": "va"}
        return Method(method, method.upper() or self.label, forms.get(method, "page"))

    def fees(self, amount: int) -> dict[str, int]:
        self._call()
        return self.bank.fees

    def cancel(self, order_id: str, amount: int, reference: str) -> bool:
        self._call()
        self.bank.cancelled.append(order_id)
        return True

    @property
    def simulates(self) -> bool:
        return self.bank.sandbox

    def simulate(self, order_id: str, amount: int, reference: str) -> None:
        self._call()
        self.bank.pay(order_id)

    def create_charge(self, request: ChargeRequest) -> Charge:
        self._call()
        charge = self.bank.open(request)
        if request.method:
            total = request.amount + self.bank.fees.get(request.method, 0)
            usual = qris(total, request.order_id) if request.method == "qris" else "880812345678"
            return Charge(
                reference=charge.reference,
                total=total,
                expires_at=self.bank.expires_at,
                code=self.bank.codes.get(request.method, usual),
                sandbox=self.bank.sandbox,
            )
        return Charge(
            f"https://pay.example/{charge.reference}", charge.reference, None, self.bank.expires_at
        )

    def fetch(self, order_id: str, amount: int, reference: str) -> ChargeStatus:
        self._call()
        self.bank.asked.append(order_id)
        charge = self.bank.charges.get(order_id)
        if charge is None:
            answer = ChargeStatus("pending", order_id)
        else:
            answer = ChargeStatus(
                state=charge.state,
                order_id=charge.order_id,
                amount=charge.paid if charge.state == "completed" else charge.amount,
                reference=charge.reference,
                method="qris",
                completed_at=charge.completed_at,
                sandbox=charge.sandbox,
                objection=charge.objection,
            )
        if self.bank.meanwhile:
            self.bank.meanwhile()
        return answer

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> bool:
        return headers.get("X-Secret", "right") == "right"

    def parse_hook(self, body: bytes) -> PaymentNotice | None:
        try:
            data = json.loads(body)
            order_id, amount = data["order_id"], data.get("amount")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        if not isinstance(order_id, str):
            return None
        whole = type(amount) is int and 0 < amount < 10**12
        done = data.get("status") == "completed"
        return PaymentNotice(
            order_id,
            amount if whole else None,
            done,
            data.get("txn_id", ""),
            data.get("metadata") or {},
        )
