"""`/admin/announcements`: outages and planned work, told to customers on their pages."""

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.extensions import db
from portal.infra.timekeeping import zone
from portal.tickets import announcements, queries, words
from portal.tickets.announcements import Typed, Wrong
from portal.tickets.models import Announcement
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.setup import row_id

bp = Blueprint("announcements", __name__, url_prefix="/admin/announcements")
user: Any = current_user


@bp.get("")
@staff("tickets")
def index() -> Any:
    """All of them, and the form for a new one."""
    return _page(Typed())


@bp.post("")
@staff("tickets")
def create() -> Any:
    """Tell it."""
    return _write(None)


@bp.get("/<int:announcement_id>")
@staff("tickets")
def edit(announcement_id: int) -> Any:
    """One of them in the form."""
    one = db.session.get(Announcement, announcement_id) or abort(404)
    return _page(_typed(one), one=one)


@bp.post("/<int:announcement_id>")
@staff("tickets")
def change(announcement_id: int) -> Any:
    """Keep what was changed."""
    return _write(db.session.get(Announcement, announcement_id) or abort(404))


@bp.post("/<int:announcement_id>/end")
@staff("tickets")
def end(announcement_id: int) -> Any:
    """Show it no longer."""
    if db.session.get(Announcement, announcement_id) is None:
        abort(404)
    done = announcements.end(announcement_id)
    db.session.commit()
    said = _("Pengumuman diakhiri.") if done else _("Keadaannya sudah berubah.")
    return go(url_for("announcements.index"), said, "ok" if done else "info")


def _write(one: Announcement | None) -> Any:
    form = request.form
    names = ("level", "title", "body", "starts", "ends")
    given = {name: form.get(name, "") for name in names}
    typed = Typed(area_id=form.get("area", 0, type=row_id) or 0, **given)
    try:
        announcements.write(typed, user.id, one.id if one else None)
        db.session.commit()
    except Wrong as error:
        db.session.rollback()
        return _page(typed, error.fields, one)
    return go(url_for("announcements.index"), _("Pengumuman disimpan."))


def _typed(one: Announcement) -> Typed:
    def local(moment: Any) -> str:
        return f"{moment.astimezone(zone()):%Y-%m-%dT%H:%M}" if moment else ""

    times = {"starts": local(one.starts_at), "ends": local(one.ends_at)}
    return Typed(one.level, one.title, one.body, one.area_id or 0, **times)


def _page(
    typed: Typed, wrong: dict[str, str] | None = None, one: Announcement | None = None
) -> Any:
    return page(
        "tickets/announcements.html",
        status=422 if wrong else 200,
        typed=typed,
        wrong=wrong or {},
        one=one,
        rows=announcements.listing(),
        standing=announcements.standing,
        areas=queries.areas(),
        words=words,
    )
