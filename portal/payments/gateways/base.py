"""The contract of payment gateways. A gateway never touches an invoice and settles nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from portal.core.driverkit import Driver
from portal.infra.http import Http


@dataclass(frozen=True)
class ChargeRequest:
    """What the customer is to pay: rupiah, our order id, and where to return to."""

    order_id: str
    amount: int
    return_url: str


@dataclass(frozen=True)
class Charge:
    """An opened charge: where to pay it; `total` in rupiah adds the gateway's fee if known."""

    pay_url: str
    reference: str = ""
    total: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class ChargeStatus:
    """What the gateway says of a charge now. `state`: pending, completed, expired,
    canceled, unknown. `amount` in rupiah is the base amount, without the fee.
    `objection` is the gateway's own reason, in words, not to believe the answer."""

    state: str
    order_id: str = ""
    amount: int | None = None
    reference: str = ""
    method: str = ""
    completed_at: datetime | None = None
    sandbox: bool = False
    objection: str = ""


@dataclass(frozen=True)
class PaymentNotice:
    """A callback, parsed. Only a hint: nothing in it is believed without asking."""

    order_id: str
    amount: int | None
    completed: bool
    reference: str = ""


class PaymentGateway(Driver):
    """Speaks to one payment provider; raises the classes of `portal.core.driverkit`.

    `smallest` and `largest` are the rupiah one charge may ask for.
    """

    smallest: ClassVar[int] = 1
    largest: ClassVar[int] = 10**12

    def __init__(self, config: Mapping[str, str], http: Http) -> None:
        self.config = {
            declared.name: (config.get(declared.name) or "").strip() or declared.default
            for declared in self.fields
        }
        self.http = http

    def create_charge(self, request: ChargeRequest) -> Charge:
        """Open a charge; the same order id again finds the same charge."""
        raise NotImplementedError

    def fetch(self, order_id: str, amount: int, reference: str) -> ChargeStatus:
        """Ask for the charge's state, with our own amount."""
        raise NotImplementedError

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether a callback may be stored; True when the provider signs nothing."""
        raise NotImplementedError

    def parse_hook(self, body: bytes) -> PaymentNotice | None:
        """The notice in a callback, or None when it is not one."""
        raise NotImplementedError
