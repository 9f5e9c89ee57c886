"""What a router confirmed, and what the isolation run asks for, for `portal/reactions.py`."""

from dataclasses import dataclass
from datetime import date


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


@dataclass(frozen=True)
class IsolationNear:
    """A line will be walled off for an invoice that fell due on `due_on`: time to warn."""

    subscription_id: int
    due_on: date


@dataclass(frozen=True)
class IsolationStopped:
    """A run wanted to wall off too many and waits for a person."""

    stop_id: int
