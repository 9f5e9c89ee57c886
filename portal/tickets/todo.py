"""Tickets that wait for our word, on the first page: the late ones by name."""

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _

from portal.extensions import db
from portal.tickets import queries, words
from portal.web.filters import datetime_id
from portal.web.todo import TodoItem

SHOWN = 5


def items() -> Iterator[TodoItem]:
    """For the first page."""
    waiting, late = queries.counts()
    listed = queries.listed(queries.Filters(), 0)
    rows = db.session.scalars(listed.limit(SHOWN)).all() if waiting else ()
    yield TodoItem(
        "tickets",
        _("Tiket perlu ditangani"),
        waiting,
        "tickets.index",
        "bad" if late else "warn",
        note=_("%(count)s terlambat dijawab", count=late) if late else "",
        rows=[
            (
                f"{words.KINDS[row.kind]}: {row.customer.name}",
                datetime_id(row.waiting_since or row.opened_at),
                url_for("tickets.show", ticket_id=row.id),
            )
            for row in rows
        ],
    )
