"""What a gateway's answer means for a payment order. Pure, and a table.

Money beats everything: a completed answer settles a pending, expired or cancelled order.
The names tell late and double money apart from the ordinary case.
"""

from typing import Literal

OrderState = Literal["pending", "settled", "expired", "cancelled"]
ChargeState = Literal["pending", "completed", "expired", "canceled", "unknown"]
Action = Literal["settle", "settle_late", "expire", "cancel", "wait", "ignore"]

TABLE: dict[tuple[str, str], Action] = {
    ("pending", "completed"): "settle",
    ("expired", "completed"): "settle_late",
    ("cancelled", "completed"): "settle_late",
    ("pending", "expired"): "expire",
    ("pending", "canceled"): "cancel",
    ("pending", "pending"): "wait",
    ("pending", "unknown"): "wait",
}


def action(order: str, charge: str) -> Action:
    """What to do; whatever the table does not name changes nothing."""
    return TABLE.get((order, charge), "ignore")
