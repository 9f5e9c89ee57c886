"""What happened to accounts, for `portal/reactions.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OtpRequested:
    """A login code is to be sent to a phone (E.164) that belongs to a customer."""

    challenge_id: int
    phone: str
    customer_id: int
    language: str
