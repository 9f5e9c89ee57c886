"""What happened to orders for work, for `portal/reactions.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ServiceOrderMoved:
    """An order is in another state; `state` is the new one, `before` the old one.

    "queued" with a `payment_id` means that its money was recorded in this transaction.
    """

    order_id: int
    before: str
    state: str
    payment_id: int | None = None
