"""Named points in the work where a process may be made to die, so that recovery can be tried.

In production nothing is registered and a call costs a dictionary lookup. The campaign in
`tests/campaign/` registers a function that ends the process at the point it chose.
"""

from collections.abc import Callable

from flask import current_app

Visitor = Callable[[str], None]
_KEY = "loket.checkpoint"


def checkpoint(name: str) -> None:
    """Pass the named point."""
    visit: Visitor | None = current_app.extensions.get(_KEY)
    if visit is not None:
        visit(name)
