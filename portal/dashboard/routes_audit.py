"""The audit log's page and its file: who changed what, when, from where, before and after."""

from typing import Any

from flask import Blueprint, Response, request, send_file
from sqlalchemy import select

from portal.accounts.models import Staff
from portal.dashboard import audit_diff, audit_links, audit_search, audit_view
from portal.dashboard.audit_search import Wish
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.database import end_read
from portal.infra.timekeeping import today
from portal.web.access import staff
from portal.web.htmx import page

bp = Blueprint("audit_log", __name__, url_prefix="/admin/audit")


@bp.get("")
@staff("audit")
def index() -> Any:
    """Everything that was changed, by filters in the URL."""
    wish = Wish.read(request.args)
    found = audit_search.part(wish, _key("before"), _key("after"))
    return page(
        "dashboard/audit.html",
        wish=wish,
        part=found,
        changes={entry.id: audit_diff.changes(entry) for entry in found.rows},
        links=audit_links.links(found.rows),
        kind_name=audit_links.kind_name,
        actions=audit_view.ACTIONS,
        actors=audit_view.actors(found.rows),
        **_choices(),
    )


def _key(name: str) -> int | None:
    """A key of a page; one no database could hold is none."""
    found = request.args.get(name, type=int)
    return found if found is not None and 0 < found < 2**63 else None


def _choices() -> dict[str, Any]:
    """What the form offers: everybody of the staff, the actions that ever happened."""
    people = db.session.execute(select(Staff.id, Staff.name).order_by(Staff.name)).all()
    happened = db.session.scalars(select(AuditEntry.action).distinct()).all()
    named = [(one, str(audit_view.ACTIONS.get(one, one))) for one in happened]
    return {"people": people, "happened": sorted(named, key=lambda pair: pair[1].lower())}


@bp.get("/file.csv")
@staff("audit")
def file() -> Response:
    """What the filters show, a line for each field that changed."""
    made = audit_search.written(Wish.read(request.args))
    end_read()
    name = f"log-audit-{today().isoformat()}.csv"
    answer = send_file(made, "text/csv; charset=utf-8", as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer
