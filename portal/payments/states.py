"""What a gateway's answer means for a payment order, and what money that came is called.

Pure, and tables. Money beats everything: a completed answer settles a pending, expired or
cancelled order. Money that was not simply expected gets a name, so that a person looks.
"""

from collections.abc import Sequence
from typing import Literal

OrderState = Literal["pending", "settled", "expired", "cancelled"]
ChargeState = Literal["pending", "completed", "expired", "canceled", "unknown"]
Action = Literal["settle", "expire", "cancel", "wait", "ignore"]
Circumstance = Literal["ordinary", "late", "double", "for_void", "surplus"]

TABLE: dict[tuple[str, str], Action] = {
    ("pending", "completed"): "settle",
    ("expired", "completed"): "settle",
    ("cancelled", "completed"): "settle",
    ("pending", "expired"): "expire",
    ("pending", "canceled"): "cancel",
    ("pending", "pending"): "wait",
    ("pending", "unknown"): "wait",
}

# What the *perlu perhatian* list says of money that was not simply expected.
SENTENCES: dict[str, str] = {
    "late": "datang setelah order kedaluwarsa atau dibatalkan.",
    "double": "tagihannya sudah lunas lebih dulu, mungkin dibayar dua kali. "
    "Kelebihannya dipakai untuk tagihan lain atau menjadi saldo.",
    "for_void": "tagihannya sudah dibatalkan. "
    "Uangnya dipakai untuk tagihan lain atau menjadi saldo.",
    "surplus": "lebih besar dari sisa tagihan. "
    "Kelebihannya dipakai untuk tagihan lain atau menjadi saldo.",
}


def action(order: str, charge: str) -> Action:
    """What to do; whatever the table does not name changes nothing."""
    return TABLE.get((order, charge), "ignore")


def circumstance(order: str, amount: int, invoices: Sequence[str], owed: int) -> Circumstance:
    """The name of money that completes an order.

    `order` is the order's state before, `amount` the rupiah that came, `invoices` the
    states of the chosen invoices and `owed` what they still owe together.
    """
    if amount > owed:
        if "void" in invoices or "written_off" in invoices:
            return "for_void"
        return "double" if "paid" in invoices else "surplus"
    return "ordinary" if order == "pending" else "late"
