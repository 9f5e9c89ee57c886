"""Browsers with which somebody of the staff logged in before.

Whoever knows an e-mail can guess until its owner has to wait, again and again. A browser that is
known for this person, and a session that is open, are therefore counted for themselves
(`lockout.py`). Its cookie opens nothing: it holds whose it is, a random name and, so that a new
password ends it, a mark of the password.
"""

from datetime import timedelta

from flask import Response, current_app, g, has_request_context, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from portal.accounts.models import Staff
from portal.infra.secrets import digest, new_token

COOKIE, PATH = "loket_known", "/admin/login"
LASTS = timedelta(days=180)


def remember(response: Response, staff: Staff) -> None:
    """This browser is known for this person from now on."""
    response.set_cookie(
        COOKIE,
        str(_signer().dumps([staff.id, new_token()[:22], _mark(staff)])),
        max_age=LASTS,
        path=PATH,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Lax",
    )


def browser_of(staff: Staff | None) -> str:
    """The name under which the asking browser is counted; "" when it is not known for them."""
    if staff is None or not has_request_context():
        return ""
    try:
        whose, name, mark = _signer().loads(
            request.cookies.get(COOKIE, ""), max_age=LASTS.days * 86400
        )
    except BadSignature:
        return ""
    return f"browser:{name}" if (whose, mark) == (staff.id, _mark(staff)) else ""


def session_here() -> str:
    """The name under which the session that asks is counted; "" without one."""
    session_id, _proved_at = getattr(g, "login_session", (None, None))
    return f"session:{session_id}" if session_id else ""


def _mark(staff: Staff) -> str:
    return digest(staff.password_hash)[:16]


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="known browser")
