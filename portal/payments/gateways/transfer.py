"""Transfer to the ISP's own bank account: nobody can be asked, a cashier says what arrived.

This one file is the whole gateway. What makes it different is declared, not coded elsewhere:
`by_hand` (no status to ask for, see `portal/payments/transfers.py`) and `unique_codes` (a few
rupiah are added so that the amount names the order, see `portal/payments/making.py`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.core.driverkit import ConfigField, Permanent
from portal.payments.gateways.base import (
    Charge,
    ChargeRequest,
    ChargeStatus,
    Method,
    PaymentGateway,
    PaymentNotice,
)


@dataclass(frozen=True)
class Account:
    """One bank account money is sent to; `key` is the method's name."""

    key: str
    bank: str
    number: str
    holder: str


def accounts(value: str) -> list[Account]:
    """`BCA|1234567890|PT Contoh; BRI|…`. Raises ValueError with a sentence."""
    found: list[Account] = []
    for entry in filter(None, (part.strip() for part in value.split(";"))):
        parts = [part.strip() for part in entry.split("|")]
        if len(parts) != 3 or not all(parts):
            raise ValueError("Tulis bank|nomor|atas nama, dipisah titik koma.")
        bank, number, holder = parts
        digits = re.sub(r"[ .-]", "", number)
        if not re.fullmatch(r"[0-9]{5,20}", digits):
            raise ValueError(f"Nomor rekening {bank} harus 5 sampai 20 angka.")
        key = re.sub(r"[^a-z0-9]+", "_", f"{bank} {digits[-4:]}".lower()).strip("_")[:40]
        found.append(Account(key, bank[:40], digits, holder[:80]))
    if not found or len({account.key for account in found}) != len(found):
        raise ValueError("Isi paling sedikit satu rekening, masing-masing sekali.")
    return found


def _check_accounts(value: str) -> str | None:
    try:
        accounts(value)
    except ValueError as error:
        return str(error)
    return None


class Transfer(PaymentGateway):
    """A bank transfer with a *kode unik*, confirmed by a cashier."""

    kind = "transfer"
    label = "Transfer bank"
    smallest = 1_000
    largest = 100_000_000
    unique_codes = 999
    by_hand = True
    fields = (
        ConfigField(
            "accounts",
            "Rekening tujuan",
            help="bank|nomor|atas nama, dipisah titik koma.",
            required=True,
            env="TRANSFER_ACCOUNTS",
            check=_check_accounts,
        ),
    )

    def methods(self, amount: int) -> Sequence[Method]:
        return [self._method(account) for account in accounts(self.config["accounts"])]

    def _method(self, account: Account) -> Method:
        return Method(account.key, f"Transfer {account.bank}", "account")

    def describe(self, method: str) -> Method:
        return Method(method, self.label, "account")

    def create_charge(self, request: ChargeRequest) -> Charge:
        """The account as it stands now; the order keeps it, whatever the owner changes later."""
        for account in accounts(self.config["accounts"]):
            if account.key == request.method:
                return Charge(code=f"{account.bank}|{account.number}|{account.holder}")
        raise Permanent("Rekening itu tidak dipakai lagi.")

    def fetch(self, order_id: str, amount: int, reference: str) -> ChargeStatus:
        """A bank account tells nobody: waiting until a cashier confirms, or time is over."""
        return ChargeStatus("pending", order_id)

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> bool:
        return False

    def parse_hook(self, body: bytes) -> PaymentNotice | None:
        return None


DRIVER = Transfer
