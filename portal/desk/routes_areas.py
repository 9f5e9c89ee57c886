"""The areas, and the list of all lines."""

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _

from portal.customers.models import Area
from portal.desk import areas
from portal.extensions import db
from portal.web.access import staff
from portal.web.htmx import go, page

bp = Blueprint("areas", __name__, url_prefix="/admin/areas")


def _page(error: str = "", wrong: int = 0) -> Any:
    return page(
        "desk/areas.html",
        status=422 if error else 200,
        rows=areas.every(),
        error=error,
        wrong=wrong,
        typed=request.form,
    )


@bp.get("")
@staff("customers")
def index() -> Any:
    """Every area with its figures."""
    return _page()


@bp.post("")
@staff("customers")
def add() -> Any:
    """A new one."""
    try:
        areas.add(request.form.get("name", ""))
    except areas.AreaError as error:
        db.session.rollback()
        return _page(str(error))
    db.session.commit()
    return go(url_for(".index"), _("Area disimpan."))


@bp.post("/<int:area_id>")
@staff("customers")
def rename(area_id: int) -> Any:
    """Another name."""
    area = db.session.get(Area, area_id) or abort(404)
    try:
        areas.rename(area, request.form.get("name", ""))
    except areas.AreaError as error:
        db.session.rollback()
        return _page(str(error), area_id)
    db.session.commit()
    return go(url_for(".index"), _("Area disimpan."))
