"""Staff logging in (password, then the second factor of who has one) and out."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import PasswordField, StringField

from portal.accounts import known, second_factor, service, sessions
from portal.accounts.models import Staff
from portal.extensions import db
from portal.infra.secrets import digest
from portal.infra.timekeeping import wall
from portal.web.access import local_path, public
from portal.web.forms import BaseForm
from portal.web.htmx import go, page

bp = Blueprint("accounts", __name__, url_prefix="/admin")
SECOND_STEP = timedelta(minutes=5)


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
    """Check the password; open a new session, ask for the second factor, or say what is wrong."""
    if current_user.is_authenticated:
        return _home()
    form = LoginForm()
    if not form.validate_on_submit():
        return _page(form, status=422)
    person = service.authenticate(form.email.data or "", form.password.data or "")
    if person is not None and person.totp_since is None:
        return _opened(person)
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
    _remember_first_step(person)
    return go(url_for("accounts.code", next=request.args.get("next")))


@bp.get("/login/code")
@public
def code() -> Response:
    """Where the app's code, or a recovery code, is typed."""
    if current_user.is_authenticated:
        return _home()
    return _code_page() if _first_step() else _restart()


@bp.post("/login/code")
@public
def check_code() -> Response:
    """The second step: open the session, or say that it did not fit."""
    if current_user.is_authenticated:
        return _home()
    waiting = _first_step()
    if waiting is None:
        return _restart()
    person = service.second_step(waiting.id, request.form.get("code", "")[:60])
    if person is not None and _mark(person) == session["second"]["of"]:
        return _opened(person)
    # In every case: a failure that is rolled back would be a free try.
    db.session.commit()
    return _code_page(second_factor.WRONG_PROOF())


def _remember_first_step(person: Staff) -> None:
    """The password was right: for five minutes this browser may try the second step.

    The cookie is signed; a password changed meanwhile makes it worthless.
    """
    kept = {key: session[key] for key in ("lang",) if key in session}
    session.clear()
    session.update(kept)
    until = (wall() + SECOND_STEP).isoformat()
    session["second"] = {"id": person.id, "until": until, "of": _mark(person)}


def _first_step() -> Staff | None:
    """Whose password was right in this browser a moment ago."""
    waiting = session.get("second")
    if not waiting or datetime.fromisoformat(waiting["until"]) <= wall():
        return None
    person = db.session.get(Staff, waiting["id"])
    return person if person and person.active and _mark(person) == waiting["of"] else None


def _mark(person: Staff) -> str:
    return digest(person.password_hash)[:16]


def _opened(person: Staff) -> Response:
    """In the transaction that checked, which holds the person's row: a password changed at the
    same moment either was seen by the check or ends this session too."""
    service.log_in(person)
    answer = _home()
    known.remember(answer, person)
    db.session.commit()
    return answer


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


def _restart() -> Response:
    return go(url_for("accounts.login", next=request.args.get("next")))


def _code_page(error: str = "") -> Response:
    target = request.args.get("next")
    return page("accounts/code.html", "form", 422 if error else 200, error=error, next=target)


def _page(form: Any, error: str = "", status: int = 0) -> Response:
    """The page; a refused login is a 422, so that HTMX shows it too."""
    target = request.args.get("next")
    status = status or (422 if error else 200)
    return page("accounts/login.html", "form", status, form=form, error=error, next=target)
