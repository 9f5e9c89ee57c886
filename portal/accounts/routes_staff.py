"""Staff logging in with e-mail and password, and out again."""

from typing import Any

from flask import Blueprint, Response, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import PasswordField, StringField

from portal.accounts import service, sessions
from portal.extensions import db
from portal.web.access import local_path, public
from portal.web.forms import BaseForm
from portal.web.htmx import go, page

bp = Blueprint("accounts", __name__, url_prefix="/admin")


class LoginForm(BaseForm):
    """E-mail and password; what is wrong with them is said in one sentence for both."""

    email = StringField(_l("E-mail"))
    password = PasswordField(_l("Kata sandi"))


@bp.get("/login")
@public
def login() -> Response:
    """The staff login page."""
    return _home() if current_user.is_authenticated else _page(LoginForm())


@bp.post("/login")
@public
def enter() -> Response:
    """Check the password; open a new session or say what is wrong."""
    if current_user.is_authenticated:
        return _home()
    form = LoginForm()
    if not form.validate_on_submit():
        return _page(form, status=422)
    person = service.authenticate(form.email.data or "", form.password.data or "")
    # In every case: a failure that is rolled back would be a free try.
    db.session.commit()
    if person is None:
        # The same for everybody: who is locked out would otherwise be known to exist.
        return _page(
            form,
            _(
                "E-mail atau kata sandi salah. Sesudah lima kali salah, tunggu dulu "
                "(paling lama satu jam) sebelum mencoba lagi."
            ),
        )
    service.log_in(person)
    db.session.commit()
    return _home()


@bp.post("/logout")
@public
def leave() -> Response:
    """End this browser's staff session, here and on the server."""
    if current_user.is_authenticated:
        sessions.end(current_user.login_token)
        db.session.commit()
    session.clear()
    return go(url_for("accounts.login"), _("Anda sudah keluar."))


def _home() -> Response:
    return go(local_path(request.args.get("next"), url_for("dashboard.index")))


def _page(form: Any, error: str = "", status: int = 0) -> Response:
    """The page; a refused login is a 422, so that HTMX shows it too."""
    target = request.args.get("next")
    status = status or (422 if error else 200)
    return page("accounts/login.html", "form", status, form=form, error=error, next=target)
