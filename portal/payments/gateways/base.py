"""The contract of payment gateways. A gateway never touches an invoice and settles nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal

from portal.core.driverkit import Driver, Permanent
from portal.infra.http import Http

Form = Literal["page", "qris", "va", "code", "account"]
"""How a method is paid: on the gateway's own page, or here with a QR code, a virtual account
number, a code for a counter, or a bank account of the ISP."""

PAGE = ""
"""The method that stands for the gateway's own page, where one chooses there."""


@dataclass(frozen=True)
class Method:
    """A way to pay an amount. `fee` in rupiah comes on top; None when it is told only later."""

    key: str
    label: str
    form: Form
    fee: int | None = None


@dataclass(frozen=True)
class ChargeRequest:
    """What the customer is to pay: rupiah, our order id, where to return to, and how.

    `method` is the key of one of the gateway's methods; empty is the gateway's own page.
    """

    order_id: str
    amount: int
    return_url: str
    method: str = PAGE


@dataclass(frozen=True)
class Charge:
    """An opened charge: where to pay it, or what to pay it with here.

    `code` is a QRIS string, or the number to type in. `total` in rupiah adds the gateway's
    fee if known. `sandbox`: no real money, as far as the gateway says so.
    """

    pay_url: str = ""
    reference: str = ""
    total: int | None = None
    expires_at: datetime | None = None
    code: str = ""
    sandbox: bool = False


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
    """A callback, parsed. Only a hint: nothing in it is believed without asking.

    `metadata` is what whoever opened the charge wrote beside it; no gateway confirms it.
    """

    order_id: str
    amount: int | None
    completed: bool
    reference: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


class PaymentGateway(Driver):
    """Speaks to one payment provider; raises the classes of `portal.core.driverkit`.

    `smallest` and `largest` are the rupiah one charge may ask for. `unique_codes` is how
    many rupiah at most are added so that an amount names its order; 0 adds nothing.
    """

    smallest: ClassVar[int] = 1
    largest: ClassVar[int] = 10**12
    unique_codes: ClassVar[int] = 0
    by_hand: ClassVar[bool] = False
    """Nobody can be asked: a cashier says what arrived."""

    def __init__(self, config: Mapping[str, str], http: Http) -> None:
        self.config = {
            declared.name: (config.get(declared.name) or "").strip() or declared.default
            for declared in self.fields
        }
        self.http = http

    def methods(self, amount: int) -> Sequence[Method]:
        """The ways to pay this many rupiah, the best first, without fees. Calls nobody."""
        return (Method(PAGE, self.label, "page"),)

    def describe(self, method: str) -> Method:
        """Name and form of a method, of whatever amount and whether still offered or not."""
        return Method(method, self.label, "page")

    def fees(self, amount: int) -> Mapping[str, int]:
        """Rupiah on top by method, as far as the gateway tells before choosing."""
        return {}

    def create_charge(self, request: ChargeRequest) -> Charge:
        """Open a charge; the same order id and method again finds the same charge."""
        raise NotImplementedError

    def cancel(self, order_id: str, amount: int, reference: str) -> bool:
        """Take a charge back; False when this gateway cannot. Money may come all the same."""
        return False

    @property
    def simulates(self) -> bool:
        """Whether `simulate` may be called with this configuration."""
        return False

    def simulate(self, order_id: str, amount: int, reference: str) -> None:
        """Pay a sandbox charge without money. Never called in production."""
        raise Permanent("Gerbang pembayaran ini tidak punya simulasi.")

    def browser_link(self, order_id: str, amount: int, reference: str) -> str:
        """Where an opened charge can be paid by QRIS in a browser; empty when nowhere."""
        return ""

    def can_ask(self, reference: str) -> bool:
        """Whether `fetch` can learn anything with this reference."""
        return True

    def fetch(self, order_id: str, amount: int, reference: str) -> ChargeStatus:
        """Ask for the charge's state, with our own amount."""
        raise NotImplementedError

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether a callback may be stored; True when the provider signs nothing."""
        raise NotImplementedError

    @property
    def proves_hooks(self) -> bool:
        """Whether a callback that passed `verify_hook` surely came from the provider."""
        return False

    def parse_hook(self, body: bytes) -> PaymentNotice | None:
        """The notice in a callback, or None when it is not one."""
        raise NotImplementedError
