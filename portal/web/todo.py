"""What needs a person now: the shape of one entry, and the list of who has any.

A feature names its entries in `todo.py` (`items()`), and is named itself in
`portal/assembly.py`; the first page shows a person what they may open.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, url_for

from portal.web.access import may_open

LEVELS = ("bad", "warn", "info")


@dataclass(frozen=True)
class TodoItem:
    """One kind of thing that waits: how many, and the page that shows exactly these.

    `level`: bad (stands still), warn (soon does), info (ordinary work). `rows` are a few of
    them, (words, words below, address), for who works from the first page.
    """

    key: str
    title: str
    count: int
    endpoint: str
    level: str = "warn"
    args: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    rows: Sequence[tuple[str, str, str]] = ()

    @property
    def url(self) -> str:
        """The list with its filter."""
        return url_for(self.endpoint, **self.args)


Source = Callable[[], Iterable[TodoItem]]


def items() -> list[TodoItem]:
    """Everything that waits and this person may open, the worst first."""
    sources: Sequence[Source] = current_app.extensions.get("loket.todo", ())
    found = [item for source in sources for item in source() if item.count]
    found = [item for item in found if may_open(item.endpoint)]
    return sorted(found, key=lambda item: LEVELS.index(item.level))
