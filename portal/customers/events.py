"""What happens to customers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PhoneChanged:
    """A customer proved another number; E.164, `old` may be empty."""

    change_id: int
    customer_id: int
    old: str
    new: str
