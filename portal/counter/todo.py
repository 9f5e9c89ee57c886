"""Cash that was not handed over, and days at the till nobody closed."""

from collections.abc import Iterator

from flask_babel import gettext as _

from portal.counter import overview, queries
from portal.infra.timekeeping import today
from portal.web.filters import rupiah
from portal.web.todo import TodoItem


def items() -> Iterator[TodoItem]:
    """For the first page."""
    waiting = queries.to_settle()
    yield TodoItem(
        "settlements",
        _("Kolektor belum menyetor"),
        len(waiting),
        "settlements.index",
        note=rupiah(sum(int(row[3]) for row in waiting)) if waiting else "",
    )
    late = [one for one in overview.open_days() if one.day < today()]
    yield TodoItem("closings", _("Hari kas belum ditutup"), len(late), "closings.index")
