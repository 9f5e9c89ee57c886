"""Isolation for staff: the fuse's question, the dry run, promises and months of a customer."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.customers.models import Customer
from portal.dashboard import isolation_view
from portal.dashboard.people_view import COLLECTOR
from portal.extensions import db
from portal.network import fuse, promises
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.parsing import parse_day
from portal.web.sentences import say

bp = Blueprint("isolation", __name__, url_prefix="/admin")

DONE = {
    "confirmed": lambda: _("Isolir dilanjutkan untuk daftar hari ini."),
    "cancelled": lambda: _("Isolir daftar ini dibatalkan untuk hari ini."),
}


@bp.get("/isolation/dry-run")
@staff("customers")
def dry_run() -> Any:
    """What a run would do now, and why."""
    return page("dashboard/isolation_dry_run.html", **isolation_view.preview())


@bp.get("/isolation/stops/<int:stop_id>")
@staff("billing")
def stop(stop_id: int) -> Any:
    """Ask once more, with the whole list and room for the reason; cancelling unless told."""
    answer = "confirmed" if request.args.get("answer") == "confirmed" else "cancelled"
    return _stop(stop_id, answer)


def _stop(stop_id: int, answer: str, error: str = "") -> Any:
    found = isolation_view.stop(stop_id)
    if found is None:
        return go(url_for("dashboard.isolation"), _("Keadaannya sudah berubah."), "warn")
    return page(
        "dashboard/isolation_stop.html",
        status=422 if error else 200,
        view=found,
        answer=answer,
        error=error,
    )


@bp.post("/isolation/stops/<int:stop_id>")
@staff("billing")
def answer_stop(stop_id: int) -> Any:
    """Let the list through, or not today."""
    answer = request.form.get("answer", "")
    if answer not in DONE:
        abort(400)
    try:
        changed = fuse.resolve(stop_id, answer, request.form.get("reason", ""))
    except ValueError as error:
        db.session.rollback()
        return _stop(stop_id, answer, say(error))
    db.session.commit()
    sentence = DONE[answer]() if changed else _("Keadaannya sudah berubah.")
    return go(url_for("dashboard.isolation"), sentence)


def _customer(customer_id: int) -> Customer:
    found = db.session.get(Customer, customer_id) or abort(404)
    # Whatever the owner gave collectors, their customers are those of their own areas.
    own = found.area is not None and found.area.collector_id == current_user.id
    return found if own or current_user.role != COLLECTOR else abort(404)


def _agreements(customer_id: int, error: str = "", where: str = "") -> Any:
    return page(
        "customers/agreements.html",
        status=422 if error else 200,
        customer=_customer(customer_id),
        agreed=isolation_view.agreements(customer_id),
        error=error,
        where=where,
        typed=request.form,
    )


def _agree(customer_id: int, where: str, do: Callable[[], Any], done: str) -> Any:
    """Do it and go back to the customer, or show the form again with what is wrong."""
    _customer(customer_id)
    db.session.rollback()
    try:
        changed = do()
    except ValueError as error:
        db.session.rollback()
        return _agreements(customer_id, say(error), where)
    db.session.commit()
    sentence = done if changed else _("Keadaannya sudah berubah.")
    return go(url_for("customers.show", customer_id=customer_id), sentence)


@bp.get("/customers/<int:customer_id>/agreements")
@staff("customers")
def agreements(customer_id: int) -> Any:
    """Promises and months of a customer, on a page of their own."""
    return _agreements(customer_id)


@bp.post("/customers/<int:customer_id>/promises")
@staff("customers")
def make_promise(customer_id: int) -> Any:
    """A day the customer promises to pay by."""
    form = request.form
    return _agree(
        customer_id,
        "promise",
        lambda: promises.make(
            customer_id, parse_day(form.get("until_on", "")), form.get("reason", "")
        ),
        _("Janji bayar dicatat."),
    )


@bp.post("/customers/<int:customer_id>/promises/<int:promise_id>/withdraw")
@staff("customers")
def withdraw_promise(customer_id: int, promise_id: int) -> Any:
    """It no longer counts."""
    return _agree(
        customer_id,
        "withdraw",
        lambda: promises.withdraw(customer_id, promise_id, request.form.get("reason", "")),
        _("Janji bayar ditarik."),
    )


@bp.post("/customers/<int:customer_id>/rapel")
@staff("billing")
def agree_rapel(customer_id: int) -> Any:
    """How many months the customer may pay at once."""
    months = request.form.get("months", "")
    return _agree(
        customer_id,
        "rapel",
        lambda: promises.agree_rapel(customer_id, _months(months), request.form.get("reason", "")),
        _("Bulan rapel disimpan."),
    )


def _months(text: str) -> int:
    if not text.isdecimal() or len(text) > 3:
        raise ValueError(_("Isi dengan angka bulat."))
    return int(text)
