"""What a router confirmed, for `portal/reactions.py`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AccessIsolated:
    """The router has walled the line off. `episode` counts isolations of this line."""

    subscription_id: int
    episode: int


@dataclass(frozen=True)
class AccessRestored:
    """The router has opened the line again."""

    subscription_id: int
    episode: int
