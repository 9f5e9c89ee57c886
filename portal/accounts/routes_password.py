"""The page behind a one-time link, and the owner's button that makes one."""

from typing import Any

from flask import Blueprint, Response, abort, g, request, url_for
from flask_babel import gettext as _

from portal.accounts import password_links
from portal.accounts.models import Staff
from portal.accounts.service import StaffError
from portal.extensions import db
from portal.web.access import public, staff
from portal.web.htmx import go, page

bp = Blueprint("password_link", __name__, url_prefix="/admin")


@bp.after_request
def keep_to_itself(response: Response) -> Response:
    """The address is the secret: it goes to no other site."""
    if "link_token" in (request.view_args or {}):
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("/password/<link_token>")
@public
def ask(link_token: str) -> Any:
    """Whose it is, and a field for the password; looking uses nothing up."""
    return _page(link_token)


@bp.post("/password/<link_token>")
@public
def save(link_token: str) -> Any:
    """Set it, then to the login page."""
    first, second = request.form.get("password", ""), request.form.get("again", "")
    if first != second:
        return _page(link_token, _("Kedua isian tidak sama."), 422)
    owner = password_links.owner_of(link_token)
    g.actor = f"staff:{owner.id}" if owner else "public"
    try:
        made = password_links.redeem(link_token, first)
    except StaffError as error:
        db.session.rollback()
        return _page(link_token, str(error), 422)
    db.session.commit()
    if made is None:
        return _page(link_token)
    return go(url_for("accounts.login"), _("Kata sandi tersimpan. Silakan masuk."))


def _page(link_token: str, error: str = "", status: int = 200) -> Any:
    """An unknown link and a used one look alike."""
    owner = password_links.owner_of(link_token)
    if owner is None:
        return page("accounts/password_gone.html", status=404)
    context = {"owner": owner, "link_token": link_token, "error": error}
    return page("accounts/password.html", "form", status, **context)


@bp.post("/staff/<int:staff_id>/link")
@staff("staff", fresh=True)
def issue(staff_id: int) -> Any:
    """A new link for this person; it is shown once."""
    person = db.session.get(Staff, staff_id)
    if person is None:
        abort(404)
    if not person.active:
        back = url_for("staff_people.show", staff_id=staff_id)
        return go(back, _("Nyalakan dulu orang ini."), "bad")
    link = password_links.issue(person)
    db.session.commit()
    return page("accounts/link.html", person=person, link=link, hours=password_links.HOURS)
