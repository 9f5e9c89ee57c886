"""The list of all lines."""

from typing import Any

from flask import Blueprint, request

from portal.desk import filtering, lines
from portal.web.access import may, staff
from portal.web.htmx import page
from portal.web.setup import row_id

bp = Blueprint("subscriptions", __name__, url_prefix="/admin/subscriptions")


@bp.get("")
@staff("lookup")
def index() -> Any:
    """Filters in the address, as on the customers list."""
    wanted = lines.read_filter(request.args)
    found = lines.one_page(
        wanted,
        after=request.args.get("after", 0, type=row_id),
        before=request.args.get("before", 0, type=row_id),
    )
    choices = filtering.choices()
    routers = {one.id: one.name for one in choices["routers"]}
    return page(
        "desk/lines.html",
        block="table",
        wanted=wanted,
        found=found,
        choices=choices,
        routers=routers,
        states=filtering.LINE_STATES,
        money=may("customers") or may("counter"),
    )
