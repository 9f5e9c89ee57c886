"""Books that were not closed although their month is over for some days."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import select

from portal.core.period import Period
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import books
from portal.invoices.models import Invoice
from portal.web.filters import period_name
from portal.web.todo import TodoItem

PATIENCE_DAYS = 10
"""The first days of a month belong to the last one's stragglers."""


def items() -> Iterator[TodoItem]:
    """For the first page."""
    day = today()
    last = Period.of(day).previous()
    used = db.session.scalar(select(Invoice.id).where(Invoice.period == str(last)).limit(1))
    if day.day > PATIENCE_DAYS and used is not None and books.lock_of(last) is None:
        yield TodoItem(
            "books",
            _("Buku %(month)s belum dikunci", month=period_name(str(last))),
            1,
            "books.index",
            "info",
        )
