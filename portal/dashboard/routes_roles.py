"""The permission grid: what each role may do. The owner changes it in two steps, and it holds
from the next request on."""

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts import roles
from portal.accounts.permission_words import ROLE_HELP, ROLE_NAMES, words
from portal.accounts.roles import RoleError
from portal.extensions import db
from portal.web.access import OWNER, OWNER_ONLY, PERMISSIONS, staff
from portal.web.htmx import go, page

bp = Blueprint("staff_roles", __name__, url_prefix="/admin/staff/roles")
# In the order of the words: everyday work first, what is dangerous last.
_ORDER = ("view", "lookup", "customers", "tickets", "install", "messages", "counter")


@bp.get("")
@staff("staff")
def index() -> Any:
    """Roles across, permissions down."""
    return _page()


@bp.post("")
@staff("staff", fresh=True)
def change() -> Any:
    """Without `confirm`: what would change, and what that means. With it: done."""
    wanted = {
        role: frozenset(request.form.getlist(role))
        for role in roles.CHANGEABLE
        if f"has-{role}" in request.form
    }
    try:
        changes = roles.differences(wanted)
    except RoleError:
        return _page(error=_("Izin ini tidak dapat diberikan."), status=422)
    if not changes:
        return _page(error=_("Tidak ada yang berubah."), status=422)
    if not request.form.get("confirm"):
        return page(
            "staff/roles_confirm.html", "content", changes=changes, wanted=wanted, **_words()
        )
    roles.apply(changes, current_user.id)
    db.session.commit()
    return go(url_for("staff_roles.index"), _("Izin berubah; berlaku sejak sekarang."))


def permissions() -> list[str]:
    """All of them, everyday work first."""
    rest = PERMISSIONS[OWNER] - set(_ORDER)
    calm = sorted(one for one in rest if not words(one).danger)
    return [*_ORDER, *calm, *sorted(rest - set(calm))]


def _page(error: str = "", status: int = 200) -> Any:
    return page(
        "staff/roles.html",
        "content",
        status=status,
        grid=roles.grid(),
        defaults=PERMISSIONS,
        permissions=permissions(),
        changeable=roles.CHANGEABLE,
        owner_only=OWNER_ONLY,
        error=error,
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {"words": words, "role_names": ROLE_NAMES, "role_help": ROLE_HELP}
