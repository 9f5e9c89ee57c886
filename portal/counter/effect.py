"""What an amount would do to invoices, before anybody confirms it. Pure; rupiah."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """What one invoice gets and still demands afterwards."""

    invoice_id: int
    amount: int
    left: int


@dataclass(frozen=True)
class Effect:
    """Where an amount goes: to invoices in order, the rest to the customer's credit."""

    parts: Sequence[Part]
    credit: int

    @property
    def still_owed(self) -> int:
        """What is left of all these invoices together."""
        return sum(part.left for part in self.parts)


def foresee(amount: int, owed: Sequence[tuple[int, int]]) -> Effect:
    """The effect of `amount` on (invoice id, what it demands), in this order.

    The same rule as recording a payment: chosen ones first, then the oldest.
    """
    parts = []
    for invoice_id, demand in owed:
        part = min(amount, demand)
        parts.append(Part(invoice_id, part, demand - part))
        amount -= part
    return Effect(parts, amount)
