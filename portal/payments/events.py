"""What happened to money, for `portal/reactions.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class PaymentRecorded:
    """Money was recorded and allocated in this transaction."""

    payment_id: int
    customer_id: int


@dataclass(frozen=True)
class PaymentReversed:
    """A payment was taken back by a row of its own in this transaction."""

    payment_id: int


@dataclass(frozen=True)
class StrangeMoney:
    """The gateway confirmed money (rupiah) for an order that is not here.

    Whoever knows what it is for writes the payment order of that id (gateway id = order id) in
    this transaction; it is settled then. `metadata` is the callback's word alone, worth something
    only when `proven`: the callback surely came from the provider.
    """

    gateway: str
    order_id: str
    amount: int
    reference: str
    proven: bool
    metadata: Mapping[str, Any] = field(default_factory=dict)
