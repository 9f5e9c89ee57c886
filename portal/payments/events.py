"""What happened to money, for `portal/reactions.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PaymentRecorded:
    """Money was recorded and allocated in this transaction."""

    payment_id: int
    customer_id: int
