"""Closing months for staff: what is dated in each, lock, open again."""

from typing import Any

from flask import Blueprint, abort, g, request, url_for
from flask_babel import gettext as _

from portal.accounts.names import names_of
from portal.core.period import Period
from portal.extensions import db
from portal.invoices import books
from portal.payments import queries_books
from portal.web.access import staff
from portal.web.filters import period_name
from portal.web.htmx import go, page
from portal.web.sentences import say

bp = Blueprint("books", __name__, url_prefix="/admin/books")


@bp.get("")
@staff("corrections")
def index() -> Any:
    """Every month with its sums and its closings."""
    months = queries_books.months()
    who = {row.locked_by for one in months for row in one.locks}
    who |= {row.reopened_by for one in months for row in one.locks}
    return page("corrections/books.html", months=months, names=names_of(who))


def _period(text: str) -> Period:
    try:
        return Period.parse(text)
    except ValueError:
        abort(404)


def _month(period: Period) -> queries_books.BookMonth:
    found = (one for one in queries_books.months() if one.period == period)
    return next(found, None) or abort(404)


@bp.get("/<period>")
@staff("corrections")
def ask(period: str) -> Any:
    """What closing or opening this month means."""
    return page("corrections/book.html", month=_month(_period(period)), error="", reason="")


@bp.post("/<period>")
@staff("corrections")
def change(period: str) -> Any:
    """Close or open the month, with a reason."""
    month, reason = _period(period), request.form.get("reason", "")
    db.session.rollback()
    closing = request.form.get("what") == "lock"
    try:
        (books.lock if closing else books.reopen)(month, reason, g.actor or "")
    except books.BooksError as error:
        db.session.rollback()
        shown = _month(month)
        return page(
            "corrections/book.html", status=422, month=shown, error=say(error), reason=reason
        )
    db.session.commit()
    name = period_name(period)
    done = _("%(month)s dikunci.", month=name) if closing else _("%(month)s dibuka.", month=name)
    return go(url_for("books.index"), done)
