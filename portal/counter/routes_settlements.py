"""Setoran: what a collector still has, handing it over to a cashier, areas and collectors."""

from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts.models import Staff
from portal.counter import forms, queries, settlements
from portal.counter.drawer import COLLECTOR, CounterError
from portal.counter.settlements import Handover
from portal.customers.models import Area
from portal.extensions import db
from portal.infra import audit
from portal.infra.secrets import new_token
from portal.web.access import staff
from portal.web.forms import form_key
from portal.web.htmx import go, page
from portal.web.pagination import paginate
from portal.web.setup import row_id

bp = Blueprint("settlements", __name__, url_prefix="/admin/settlements")


@bp.get("")
@staff("counter")
def index() -> Any:
    """A collector: what I have to hand over. A cashier: who has how much."""
    mine = current_user.id if queries.is_collector() else None
    rows = settlements.unsettled(mine) if mine else []
    return page(
        "counter/settlements.html",
        collecting=mine is not None,
        rows=rows,
        total=sum(row[0].amount for row in rows),
        waiting=[] if mine else queries.to_settle(),
        found=paginate(queries.settlements(mine), scalars=True),
    )


def _collector(staff_id: int) -> Staff:
    person = db.session.get(Staff, staff_id)
    if person is None or person.role != COLLECTOR:
        abort(404)
    return person


@bp.get("/new/<int:staff_id>")
@staff("settlement")
def new(staff_id: int) -> Any:
    """What this collector hands over, for the cashier who counts it."""
    return _form(_collector(staff_id))


def _form(collector: Staff, error: str = "") -> Response:
    rows = settlements.unsettled(collector.id)
    return page(
        "counter/settlement_new.html",
        status=422 if error else 200,
        collector=collector,
        rows=rows,
        total=sum(row[0].amount for row in rows),
        upto=max((row[0].id for row in rows), default=0),
        once=new_token(),
        error=error,
        typed=request.form,
    )


@bp.post("/new/<int:staff_id>")
@staff("settlement")
def receive(staff_id: int) -> Any:
    """The money is here."""
    _collector(staff_id)
    form = request.form
    try:
        handover = Handover(
            collector_id=staff_id,
            counted=forms.rupiah(form.get("counted", "")),
            upto=form.get("upto", 0, type=int),
            shown=form.get("shown", 0, type=int),
            note=form.get("note", ""),
        )
        made, fresh = settlements.receive(handover, current_user.id, form_key())
    except ValueError as error:
        db.session.rollback()
        return _form(_collector(staff_id), str(error))
    target = url_for(".show", settlement_id=made.id)
    db.session.commit()
    return go(target, _("Setoran diterima.") if fresh else _("Setoran ini sudah dicatat tadi."))


@bp.get("/<int:settlement_id>")
@staff("counter")
def show(settlement_id: int) -> Any:
    """The slip both sides keep."""
    return _slip(settlement_id)


def _slip(settlement_id: int, error: str = "") -> Response:
    row = queries.settlement_or_404(settlement_id)
    return page(
        "counter/settlement.html",
        status=422 if error else 200,
        row=row,
        rows=queries.payments_of(row.reverses_id or row.id),
        reversal=settlements.reversal_of(row.id),
        error=error,
    )


@bp.post("/<int:settlement_id>/reverse")
@staff("settlement")
def reverse(settlement_id: int) -> Any:
    """Take a wrong one back, with a reason."""
    queries.settlement_or_404(settlement_id)
    try:
        made = settlements.reverse(settlement_id, request.form.get("reason", ""))
    except CounterError as error:
        db.session.rollback()
        return _slip(settlement_id, str(error))
    target = url_for(".show", settlement_id=made.id)
    db.session.commit()
    return go(target, _("Setoran dibatalkan; uangnya menunggu disetor lagi."))


@bp.get("/areas")
@staff("settlement")
def areas() -> Any:
    """Who collects where."""
    people = queries.collectors()
    return page("counter/areas.html", areas=queries.areas(), people=people)


@bp.post("/areas")
@staff("settlement")
def assign() -> Any:
    """Give each area its collector, or none."""
    known = {person.id for person in queries.collectors()}
    for area, _count in queries.areas():
        typed = request.form.get(f"area-{area.id}")
        if typed is not None:
            _assign(area, _id(typed), known)
    db.session.commit()
    return go(url_for(".areas"), _("Penagih per area disimpan."))


def _id(typed: str) -> int | None:
    try:
        return row_id(typed)
    except ValueError:
        return None


def _assign(area: Area, staff_id: int | None, known: set[int]) -> None:
    """A collector who left stays until somebody else is chosen."""
    if staff_id == area.collector_id or (staff_id is not None and staff_id not in known):
        return
    before = {"collector": area.collector_id}
    area.collector_id = staff_id
    audit.record("area.collector", f"area:{area.id}", before=before, after={"collector": staff_id})
