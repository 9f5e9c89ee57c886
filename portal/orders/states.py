"""Where an order for work may go from where it is. Pure, and a table.

pending (waits for its money) -> queued (paid, or accepted without) -> scheduled, in_progress ->
done; cancelled and expired end it. Money beats a clock: an expired order that is paid after all
is queued. Nothing leaves done and cancelled.
"""

from typing import Literal

State = Literal["pending", "queued", "scheduled", "in_progress", "done", "cancelled", "expired"]
STATES: tuple[State, ...] = (
    "pending",
    "queued",
    "scheduled",
    "in_progress",
    "done",
    "cancelled",
    "expired",
)
OPEN: tuple[State, ...] = ("queued", "scheduled", "in_progress")
"""A technician has something to do."""

TRANSITIONS: frozenset[tuple[State, State]] = frozenset(
    {
        ("pending", "queued"),
        ("pending", "cancelled"),
        ("pending", "expired"),
        ("expired", "queued"),
        ("queued", "scheduled"),
        ("queued", "in_progress"),
        ("queued", "done"),
        ("queued", "cancelled"),
        ("scheduled", "scheduled"),
        ("scheduled", "in_progress"),
        ("scheduled", "queued"),
        ("scheduled", "done"),
        ("scheduled", "cancelled"),
        ("in_progress", "scheduled"),
        ("in_progress", "queued"),
        ("in_progress", "done"),
        ("in_progress", "cancelled"),
    }
)


def sources(target: State) -> tuple[State, ...]:
    """The states one may come from."""
    return tuple(state for state in STATES if (state, target) in TRANSITIONS)
