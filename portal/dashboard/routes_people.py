"""The ISP's own people: list, adding, changing, switching off.

For owners only. What makes a person is in `portal/accounts/people.py`; links to set a password
are in `portal/accounts/routes_password.py`.
"""

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts import password_links, people, service, sessions
from portal.accounts.models import Staff
from portal.accounts.permission_words import ROLE_HELP, ROLE_NAMES
from portal.accounts.service import StaffError
from portal.dashboard import people_view
from portal.extensions import db
from portal.web.access import staff
from portal.web.htmx import go, page

bp = Blueprint("staff_people", __name__, url_prefix="/admin/staff")
FIELDS = ("name", "email", "role")


@bp.get("")
@staff("staff")
def index() -> Any:
    """Everybody who works with Loket."""
    return page("staff/index.html", people=people_view.people(), role_names=ROLE_NAMES)


@bp.get("/new")
@staff("staff")
def new() -> Any:
    """The form for somebody new."""
    return _new_page({"role": "support"})


@bp.post("/new")
@staff("staff", fresh=True)
def create() -> Any:
    """Add somebody; without a password, the page shows a link to set one."""
    typed = {name: request.form.get(name, "").strip()[:400] for name in FIELDS}
    password = request.form.get("password", "")
    try:
        made = people.add(typed["email"], typed["name"], typed["role"], password)
    except StaffError as error:
        db.session.rollback()
        return _new_page(typed, str(error), 422)
    if password:
        db.session.commit()
        return go(_url(made.id), _("%(name)s ditambahkan.", name=made.name))
    link = password_links.issue(made)
    db.session.commit()
    return page("accounts/link.html", person=made, link=link, hours=password_links.HOURS)


def _new_page(typed: dict[str, str], error: str = "", status: int = 200) -> Any:
    return page(
        "staff/new.html",
        "content",
        status=status,
        values=typed,
        error=error,
        role_names=ROLE_NAMES,
        role_help=ROLE_HELP,
    )


@bp.get("/<int:staff_id>")
@staff("staff")
def show(staff_id: int) -> Any:
    """One person: their data, devices, areas."""
    return _page(staff_id)


@bp.post("/<int:staff_id>")
@staff("staff", fresh=True)
def change(staff_id: int) -> Any:
    """Another name, e-mail or role."""
    row = _row(staff_id)
    typed = {name: request.form.get(name, "").strip()[:400] for name in FIELDS}
    try:
        changed = people.change(row, **typed)
    except StaffError as error:
        db.session.rollback()
        return _page(staff_id, typed=typed, error=str(error), status=422)
    db.session.commit()
    if not changed:
        return go(_url(staff_id), _("Tidak ada yang berubah."))
    ended = {"role", "email"} & set(changed)
    said = _("Tersimpan. Orang ini harus masuk lagi.") if ended else _("Tersimpan.")
    return go(_url(staff_id), said)


@bp.post("/<int:staff_id>/off")
@staff("staff", fresh=True)
def switch_off(staff_id: int) -> Any:
    """Out at once and everywhere; the last owner stays."""
    try:
        people.switch(_row(staff_id), on=False)
    except StaffError as error:
        db.session.rollback()
        return _page(staff_id, error=str(error), status=422)
    db.session.commit()
    return go(_url(staff_id), _("Dimatikan; semua perangkatnya keluar."))


@bp.post("/<int:staff_id>/on")
@staff("staff", fresh=True)
def switch_on(staff_id: int) -> Any:
    """In again, with the password of before."""
    people.switch(_row(staff_id), on=True)
    db.session.commit()
    return go(_url(staff_id), _("Dinyalakan lagi."))


@bp.post("/<int:staff_id>/out")
@staff("staff", fresh=True)
def log_out(staff_id: int) -> Any:
    """Out of every device; they may come in again."""
    service.end_sessions(_row(staff_id))
    db.session.commit()
    return go(_url(staff_id), _("Keluar dari semua perangkat."))


def _page(
    staff_id: int,
    typed: dict[str, str] | None = None,
    error: str = "",
    status: int = 200,
) -> Any:
    found = people_view.person(staff_id)
    if found is None:
        abort(404)
    values = typed or {name: getattr(found.row, name) for name in FIELDS}
    return page(
        "staff/show.html",
        "content",
        status=status,
        person=found,
        values=values,
        error=error,
        devices=sessions.of(sessions.STAFF, staff_id),
        myself=staff_id == current_user.id,
        role_names=ROLE_NAMES,
        role_help=ROLE_HELP,
    )


def _row(staff_id: int) -> Staff:
    found = db.session.get(Staff, staff_id)
    if found is None:
        abort(404)
    return found


def _url(staff_id: int) -> str:
    return url_for("staff_people.show", staff_id=staff_id)
