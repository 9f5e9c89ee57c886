"""Who may call a view. Every view carries one of these decorators; without one it is 403.

`@public` anybody, `@customer_only` a logged-in customer, `@staff("permission")` a staff
member whose role has it. The guard runs before the view, for pages and fragments alike.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import (
    Response,
    abort,
    current_app,
    g,
    has_request_context,
    redirect,
    request,
    url_for,
)
from flask_login import current_user

from portal.web.sessions import in_admin

View = TypeVar("View", bound=Callable[..., Any])

# What each role may do unless the owner gave or took something; told in docs/staff.md.
PERMISSIONS: dict[str, frozenset[str]] = {
    "owner": frozenset(
        {
            "view",
            "lookup",
            "customers",
            "impersonate",
            "billing",
            "money",
            "corrections",
            "counter",
            "settlement",
            "reports",
            "install",
            "messages",
            "broadcast",
            "tickets",
            "settings",
            "audit",
            "staff",
            "imports",
        }
    ),
    "finance": frozenset(
        {
            "view",
            "lookup",
            "customers",
            "impersonate",
            "billing",
            "money",
            "corrections",
            "counter",
            "settlement",
            "reports",
            "messages",
            "broadcast",
            "tickets",
            "audit",
            "imports",
        }
    ),
    "support": frozenset(
        {"view", "lookup", "customers", "impersonate", "install", "messages", "tickets"}
    ),
    "technician": frozenset({"view", "lookup", "install", "tickets"}),
    # Nothing of the ISP as a whole: a collector sees the customers of their own areas.
    "collector": frozenset({"lookup", "counter"}),
}
# The first page of the staff area; who may not open it is sent to the first of these they may.
FIRST = "dashboard.index"
ELSEWHERE = ("counter.index", "customers.index", "orders.index", "tickets.index", "payments.index")


OWNER = "owner"
OWNER_ONLY = frozenset({"staff"})
"""Nobody else can be given these: whoever has them could give themselves the rest."""


def permissions_of(role: str) -> frozenset[str]:
    """What a role may do now: its defaults with what the owner changed, read once per request.

    The owner has everything, whatever the table says; a role that does not exist has nothing.
    """
    defaults = PERMISSIONS.get(role, frozenset())
    if role == OWNER or not defaults:
        return defaults
    if not has_request_context():
        return _changed(role, defaults)
    kept: dict[str, frozenset[str]] = request.environ.setdefault("loket.permissions", {})
    if role not in kept:
        kept[role] = _changed(role, defaults)
    return kept[role]


def _changed(role: str, defaults: frozenset[str]) -> frozenset[str]:
    changes: dict[str, bool] = current_app.extensions["loket.role_changes"](role)
    given = {permission for permission, granted in changes.items() if granted}
    given &= PERMISSIONS[OWNER] - OWNER_ONLY
    return (defaults | given) - {one for one, granted in changes.items() if not granted}


def public(view: View) -> View:
    """Anybody may call this view."""
    view.access = ("public", "")  # type: ignore[attr-defined]
    return view


def customer_only(view: View) -> View:
    """Only a logged-in customer; the view shows that customer's own rows only."""
    view.access = ("customer", "")  # type: ignore[attr-defined]
    return view


def staff(permission: str = "", *, fresh: bool = False) -> Callable[[View], View]:
    """Only staff whose role holds the permission; without one, everybody of the staff.

    `fresh`: password or code are asked for again when the last proof is older than ten minutes;
    what was typed comes along (`accounts/door.py`).
    """
    if permission and not any(permission in granted for granted in PERMISSIONS.values()):
        raise ValueError(f"no role has the permission {permission!r}")

    def mark(view: View) -> View:
        view.access = ("staff", permission)  # type: ignore[attr-defined]
        view.fresh = fresh  # type: ignore[attr-defined]
        return view

    return mark


def guard() -> Any:
    """Refuse what the view's decorator does not allow; deny by default."""
    if request.endpoint is None or request.endpoint == "static":
        return None
    view = current_app.view_functions[request.endpoint]
    who, permission = getattr(view, "access", ("nobody", ""))
    if who == "public":
        note_actor()
        return None
    if who == "nobody":
        abort(403)
    if not current_user.is_authenticated or current_user.get_id().split(":")[0] != who:
        return send_to_login()
    if who == "staff" and not may(permission):
        if request.endpoint == FIRST and (instead := _elsewhere()):
            return redirect(url_for(instead), 303)
        abort(403)
    note_actor()
    return current_app.extensions["loket.door"](view) if who == "staff" else None


def _elsewhere() -> str:
    known = [one for one in ELSEWHERE if one in current_app.view_functions]
    return next((endpoint for endpoint in known if may_open(endpoint)), "")


def note_actor() -> None:
    """Who acts, for the audit log."""
    if current_user.is_authenticated:
        g.actor = current_user.get_id().rsplit(":", 1)[0]


def may(permission: str) -> bool:
    """Whether the logged-in staff member may do this; for templates."""
    role = getattr(current_user, "role", "")
    return permission in permissions_of(role) if permission else role in PERMISSIONS


def may_open(endpoint: str) -> bool:
    """Whether the logged-in staff member may call this staff view; for links and menus."""
    who, permission = getattr(current_app.view_functions[endpoint], "access", ("nobody", ""))
    return who == "staff" and may(permission)


def load_user(identity: str) -> Any:
    """Flask-Login's loader: `staff:<id>:<token>` or `customer:<id>:<token>`.

    The token must be that of a living session (`accounts/sessions.py`).
    """
    try:
        who, row_id, token = identity.split(":", 2)
        loader = current_app.extensions["loket.user_loaders"][who]
        return loader(int(row_id), token)
    except (ValueError, KeyError):
        return None


def send_to_login() -> Response:
    """To the right login page; a fragment is told to go there as a whole page."""
    endpoint = "accounts.login" if in_admin(request.path) else "login.ask"
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    target = url_for(endpoint, next=back) if back and back != "/" else url_for(endpoint)
    if request.headers.get("HX-Request") == "true":
        current = address_parts(request.headers.get("HX-Current-URL", ""))[0]
        answer = Response(status=401)
        answer.headers["HX-Redirect"] = url_for(endpoint, next=current or None)
        return answer
    return redirect(target, 303)  # type: ignore[return-value]


def address_parts(address: str | None) -> tuple[str, str]:
    """Path and query of an address that the browser says; both empty for what is none."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return "", ""
    return parts.path, parts.query


def local_path(target: str | None, default: str) -> str:
    """Where to go next: a path on this site, or the default. Refuses open redirects."""
    if not target or not target.startswith("/") or "\\" in target:
        return default
    if target.startswith("//") or any(ord(char) < 32 for char in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target
