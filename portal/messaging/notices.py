"""Telling the ISP's own people: named groups, and persons who stand in for them."""

from datetime import datetime


def channel_paused(key: str, label: str, reason: str, at: datetime) -> None:
    """A channel stopped sending; once per failure."""
