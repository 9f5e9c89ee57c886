"""Domain events: a service emits, `portal/reactions.py` says what follows.

Reactions run at once, in the same database transaction as the change that caused them,
and only write rows (a message, a wanted access state). So either the change and all its
consequences are committed, or none. Nothing slow and nothing outside happens in one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import current_app

Reaction = Callable[[Any], None]
Table = Mapping[type, Sequence[Reaction]]


def emit(event: object) -> None:
    """Run the reactions declared for this event, in order.

    Raises KeyError for an event nobody declared: an empty list is a decision,
    a missing one is a mistake.
    """
    table: Table = current_app.extensions["loket.reactions"]
    for reaction in table[type(event)]:
        reaction(event)
