"""Where a ticket may go from where it is. Pure, and a table.

open (nobody took it, our turn) -> working (somebody did) -> waiting (the customer's turn) ->
closed; closed is opened again by whoever finds it is not over. The customer's word takes a
waiting ticket back to us.
"""

from typing import Literal

State = Literal["open", "working", "waiting", "closed"]
STATES: tuple[State, ...] = ("open", "working", "waiting", "closed")
OURS: tuple[State, ...] = ("open", "working")
"""Our turn."""
ALIVE: tuple[State, ...] = ("open", "working", "waiting")

TRANSITIONS: frozenset[tuple[State, State]] = frozenset(
    {
        ("open", "working"),
        ("open", "waiting"),
        ("open", "closed"),
        ("working", "open"),
        ("working", "waiting"),
        ("working", "closed"),
        ("waiting", "open"),
        ("waiting", "working"),
        ("waiting", "closed"),
        ("closed", "open"),
        ("closed", "working"),
    }
)


def our_turn(assigned: bool) -> State:
    """Whose list a ticket goes back to when the customer wrote."""
    return "working" if assigned else "open"
