"""Serves the customer's pages under `/admin/as/<look>/…`, to the member of staff who began the
look and to nobody else.

The address is what keeps it apart: the prefix becomes the application's root, so every link on
the pages stays inside; the staff's cookie comes along because it is under /admin; the cookie of a
customer who is logged in with the same browser is neither read nor written. The session of such a
request is empty and is thrown away. Only safe methods, and only pages of a logged-in customer.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Request, current_app, g, redirect, render_template, request
from flask.sessions import SecureCookieSession, SessionMixin
from flask_babel import gettext as _
from flask_login import LoginManager
from itsdangerous import BadSignature, URLSafeTimedSerializer

from portal.accounts.models import Staff
from portal.customers.models import Customer
from portal.desk import peek
from portal.desk.models import Impersonation
from portal.extensions import db, login_manager
from portal.web import access
from portal.web.sessions import TwoSessions

_PREFIX = re.compile(r"/admin/as/([1-9]\d{0,9})(/.*)?")
LOOK, ROOT = "loket.look", "loket.root"
STAFF_COOKIE = "loket_staff"
# Besides what only a logged-in customer may open. No way in or out: logins, callbacks, pay links.
OPEN = frozenset({"static", "home.index", "app.icon", "app.manifest"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class UnderPrefix:
    """Takes `/admin/as/<look>` off the path and makes it the root of all addresses."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        match = _PREFIX.fullmatch(environ.get("PATH_INFO", ""))
        if match is not None:
            root = environ.get("SCRIPT_NAME", "")
            environ[ROOT], environ[LOOK] = root, int(match[1])
            environ["SCRIPT_NAME"] = f"{root}/admin/as/{match[1]}"
            environ["PATH_INFO"] = match[2] or "/"
        return self.app(environ, start_response)


class PeekSessions(TwoSessions):
    """An empty session for a look; what was put into it is not kept."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if LOOK in request.environ:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Any) -> None:
        if LOOK in request.environ:
            response.vary.add("Cookie")
            return
        super().save_session(app, session, response)


def init_app(app: Flask) -> None:
    """Before everything that reads the path, the session or the method."""
    app.wsgi_app = UnderPrefix(app.wsgi_app)  # type: ignore[method-assign]
    app.session_interface = PeekSessions()
    app.before_request_funcs.setdefault(None, []).insert(0, only_looking)
    manager: LoginManager = login_manager
    manager.request_loader(lambda _request: g.get("looked_at"))
    app.context_processor(lambda: {"peek": g.get("look")})


def only_looking() -> Any:
    """Who looks, at whom, and whether this may be looked at."""
    g.pop("look", None), g.pop("looked_at", None)
    if LOOK not in request.environ:
        return None
    if request.method not in SAFE:
        return _refused()
    found = _look(request.environ[LOOK])
    if found is None:
        return _over()
    endpoint = request.endpoint or ""
    who, _permission = getattr(current_app.view_functions.get(endpoint), "access", ("", ""))
    if endpoint and who != "customer" and endpoint not in OPEN:
        return _refused()
    g.look, g.looked_at = found["look"], found["customer"]
    g.look_out = found["token"]
    return None


def _look(look_id: int) -> dict[str, Any] | None:
    """The living look of whoever the staff cookie is, with its customer."""
    kept = _staff_session()
    person = access.load_user(str(kept.get("_user_id", "")))
    g.pop("login_session", None)  # it is not the customer's
    if not isinstance(person, Staff):
        return None
    row: Impersonation | None = peek.living(look_id, person)
    customer = db.session.get(Customer, row.customer_id) if row else None
    if customer is None or not customer.is_active:
        return None
    return {"look": row, "customer": customer, "token": _csrf(kept)}


def _staff_session() -> dict[str, Any]:
    serializer = PeekSessions().get_signing_serializer(current_app)
    value = request.cookies.get(STAFF_COOKIE, "")
    longest = int(current_app.permanent_session_lifetime.total_seconds())
    try:
        found: dict[str, Any] = serializer.loads(value, max_age=longest) if serializer else {}
    except BadSignature:
        return {}
    return found


def _csrf(kept: dict[str, Any]) -> str:
    """A token of the staff's own session, for the button that leads out."""
    signer = URLSafeTimedSerializer(str(current_app.secret_key), salt="wtf-csrf-token")
    return str(signer.dumps(kept.get("csrf_token", "")))


def _back() -> str:
    return f"{request.environ[ROOT]}/admin/customers"


def _refused() -> Any:
    words = _("Anda hanya melihat sebagai pelanggan: tidak ada yang dapat diubah di sini.")
    answer = current_app.make_response((render_template("desk/refused.html", words=words), 403))
    if request.headers.get("HX-Request") == "true":
        import json

        toast = {"toast": {"level": "bad", "message": words}}
        answer.headers["HX-Trigger"] = json.dumps(toast)
    return answer


def _over() -> Any:
    """It ended, or it is somebody else's: to the staff's own pages, which ask who it is."""
    if request.headers.get("HX-Request") == "true":
        answer = current_app.response_class(status=401)
        answer.headers["HX-Redirect"] = _back()
        return answer
    return redirect(_back(), 303)
