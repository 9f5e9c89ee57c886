"""Who may call a view. Every view carries one of these decorators; without one it is 403.

`@public` anybody, `@customer_only` a logged-in customer, `@staff("permission")` a staff
member whose role has it. The guard runs before the view, for pages and fragments alike.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Response, abort, current_app, g, redirect, request, url_for
from flask_login import current_user

from portal.web.sessions import in_admin

View = TypeVar("View", bound=Callable[..., Any])

# What each role may do; told in docs/domain.md.
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
            "settings",
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
        }
    ),
    "support": frozenset({"view", "lookup", "customers", "impersonate", "install", "messages"}),
    "technician": frozenset({"view", "lookup", "install"}),
    # Nothing of the ISP as a whole: a collector sees the customers of their own areas.
    "collector": frozenset({"lookup", "counter"}),
}
# The first page of the staff area, and where whoever may not open it is sent instead.
FIRST, ELSEWHERE = "dashboard.index", "counter.index"


def public(view: View) -> View:
    """Anybody may call this view."""
    view.access = ("public", "")  # type: ignore[attr-defined]
    return view


def customer_only(view: View) -> View:
    """Only a logged-in customer; the view shows that customer's own rows only."""
    view.access = ("customer", "")  # type: ignore[attr-defined]
    return view


def staff(permission: str) -> Callable[[View], View]:
    """Only staff whose role holds the permission."""
    if not any(permission in granted for granted in PERMISSIONS.values()):
        raise ValueError(f"no role has the permission {permission!r}")

    def mark(view: View) -> View:
        view.access = ("staff", permission)  # type: ignore[attr-defined]
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
    if who == "staff" and permission not in PERMISSIONS.get(current_user.role, frozenset()):
        if request.endpoint == FIRST and may_open(ELSEWHERE):
            return redirect(url_for(ELSEWHERE), 303)
        abort(403)
    note_actor()
    return None


def note_actor() -> None:
    """Who acts, for the audit log."""
    if current_user.is_authenticated:
        g.actor = current_user.get_id().rsplit(":", 1)[0]


def may(permission: str) -> bool:
    """Whether the logged-in staff member may do this; for templates."""
    return permission in PERMISSIONS.get(getattr(current_user, "role", ""), frozenset())


def may_open(endpoint: str) -> bool:
    """Whether the logged-in staff member may call this staff view; for links and menus."""
    who, permission = getattr(current_app.view_functions[endpoint], "access", ("nobody", ""))
    return who == "staff" and may(permission)


def load_user(identity: str) -> Any:
    """Flask-Login's loader: `staff:<id>:<token>` or `customer:<id>:<token>`.

    The token must still be the row's own, so "log out everywhere" works.
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
        current = urlsplit(request.headers.get("HX-Current-URL", "")).path
        answer = Response(status=401)
        answer.headers["HX-Redirect"] = url_for(endpoint, next=current or None)
        return answer
    return redirect(target, 303)  # type: ignore[return-value]


def local_path(target: str | None, default: str) -> str:
    """Where to go next: a path on this site, or the default. Refuses open redirects."""
    if not target or not target.startswith("/") or "\\" in target:
        return default
    if target.startswith("//") or any(ord(char) < 32 for char in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target
