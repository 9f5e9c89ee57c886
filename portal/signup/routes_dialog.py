"""What Facebook's dialog brought to the page: a code, an event, or nothing.

Nothing of it is trusted. Besides the CSRF token each post brings the state value of its attempt,
so that no code or account of somebody else's dialog gets in.
"""

from typing import Any

from flask import Blueprint, abort, request
from flask_babel import gettext as _
from flask_login import current_user

from portal.extensions import db
from portal.signup import service, states, view, work
from portal.signup.models import Signup
from portal.signup.service import Refused
from portal.web.access import staff
from portal.web.htmx import page

bp = Blueprint("signup_dialog", __name__, url_prefix="/admin/settings/whatsapp/connect")
SHOW = "signup/show.html"


@bp.post("/<int:signup_id>/code")
@staff("settings")
def code(signup_id: int) -> Any:
    """The code, exchanged at once: it lives for 30 seconds."""
    row = _own(signup_id)
    try:
        taken = service.take_code(row, request.form.get("code", ""))
    except Refused as error:
        db.session.rollback()
        return _answer(signup_id, 422, error=str(error))
    db.session.commit()
    if taken:
        work.advance(signup_id)
    return _answer(signup_id)


@bp.post("/<int:signup_id>/event")
@staff("settings")
def event(signup_id: int) -> Any:
    """A session event of the dialog, as the JSON it came as."""
    row = _own(signup_id)
    service.take_event(row, request.form.get("event", ""))
    db.session.commit()
    return _answer(signup_id)


@bp.post("/<int:signup_id>/closed")
@staff("settings")
def closed(signup_id: int) -> Any:
    """The dialog closed without a code."""
    row = _own(signup_id)
    service.closed_early(row)
    db.session.commit()
    return _answer(signup_id)


def _own(signup_id: int) -> Signup:
    """The attempt, if this post is really about it. 400 otherwise."""
    row = service.locked(signup_id) or abort(404)
    if not service.authentic(row, current_user.id, request.form.get("state", "")):
        abort(400)
    return row


def _answer(signup_id: int, status: int = 200, error: str = "") -> Any:
    db.session.expire_all()
    row = db.session.get(Signup, signup_id) or abort(404)
    shown = view.show(row)
    late = row.state == states.ENDED and not error
    return page(
        SHOW,
        block="progress",
        status=status,
        **shown,
        error=error or (_("Perhatikan keterangan di bawah.") if late else ""),
    )
