"""Tutup kas: count a cashier's day, close it, reopen it; the overview of all of them."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, g, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts.models import Staff
from portal.counter import closings, forms, overview, queries
from portal.counter.closings import PIECES, Count
from portal.counter.drawer import COLLECTOR, CounterError, closing_of
from portal.counter.models import Closing
from portal.extensions import db
from portal.infra.secrets import new_token
from portal.infra.timekeeping import today
from portal.web.access import staff
from portal.web.forms import form_key
from portal.web.htmx import go, page
from portal.web.pagination import paginate
from portal.web.parsing import parse_day
from portal.web.setup import row_id

bp = Blueprint("closings", __name__, url_prefix="/admin/closings")


@bp.get("")
@staff("settlement")
def index() -> Any:
    """Days still open, and all that were closed."""
    cashier = request.args.get("cashier", 0, type=row_id)
    return page(
        "counter/closings.html",
        open_days=overview.open_days(),
        found=paginate(queries.closings(cashier), scalars=True),
        cashiers=queries.cashiers(),
        cashier=cashier,
    )


def _cashier(staff_id: int) -> Staff:
    person = db.session.get(Staff, staff_id)
    if person is None or person.role == COLLECTOR:
        abort(404)
    return person


def _day(typed: str) -> date:
    """The day of the address or the form; today for anything odd."""
    try:
        return min(parse_day(typed), today())
    except ValueError:
        return today()


@bp.get("/new")
@staff("settlement")
def new() -> Any:
    """Count a day: mine today, unless the address names another."""
    person = _cashier(request.args.get("cashier", current_user.id, type=row_id))
    return _form(person, _day(request.args.get("day", "")))


def _form(person: Staff, day: date, error: str = "") -> Response:
    found = closings.movements(person.id, day)
    last = queries.last_closing(person.id)
    return page(
        "counter/closing_new.html",
        status=422 if error else 200,
        person=person,
        day=day,
        closed=closing_of(person.id, day),
        found=found,
        sums=overview.sums(found),
        opening=last.opening if last else 0,
        pieces=PIECES,
        once=new_token(),
        error=error,
        typed=request.form,
    )


@bp.post("/new")
@staff("settlement")
def close() -> Any:
    """Close it, as counted."""
    form = request.form
    person = _cashier(form.get("cashier", current_user.id, type=row_id))
    day = _day(form.get("day", ""))
    try:
        opening = forms.rupiah(form.get("opening", "").strip() or "0")
        counted, pieces = forms.read_count(form)
        count = Count(
            day=day,
            opening=opening,
            counted=counted,
            shown=opening + form.get("shown", 0, type=int),
            note=form.get("note", ""),
            pieces=pieces,
        )
        made, fresh = closings.close(count, person.id, form_key())
    except ValueError as error:
        db.session.rollback()
        return _form(_cashier(person.id), day, str(error))
    target = url_for(".show", closing_id=made.id)
    db.session.commit()
    return go(target, _("Kas ditutup.") if fresh else _("Kas ini sudah ditutup tadi."))


@bp.get("/<int:closing_id>")
@staff("settlement")
def show(closing_id: int) -> Any:
    """One closed day."""
    return _slip(closing_id)


def _slip(closing_id: int, error: str = "") -> Response:
    row = db.session.get(Closing, closing_id) or abort(404)
    entries = queries.entries_of(closing_id)
    return page(
        "counter/closing.html",
        status=422 if error else 200,
        row=row,
        entries=entries,
        sums=overview.sums_of(entry for entry, *_rest in entries),
        pieces=PIECES,
        error=error,
    )


@bp.post("/<int:closing_id>/reopen")
@staff("settlement")
def reopen(closing_id: int) -> Any:
    """Open a closed day again, with a reason."""
    if db.session.get(Closing, closing_id) is None:
        abort(404)
    try:
        closings.reopen(closing_id, request.form.get("reason", ""), g.actor or "")
    except CounterError as error:
        db.session.rollback()
        return _slip(closing_id, str(error))
    db.session.commit()
    return go(url_for(".show", closing_id=closing_id), _("Hari ini dibuka lagi."))
