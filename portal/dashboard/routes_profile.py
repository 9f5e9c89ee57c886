"""`/me/profile/…`: what a customer changes about the account apart from the phone.

The profile's own page is in `routes_customer.py`, the phone in `customers/routes_phone.py`.
"""

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts import sessions
from portal.customers import service as customers
from portal.customers.models import Customer
from portal.dashboard import customer_view
from portal.extensions import db
from portal.messaging import preferences
from portal.web.access import customer_only
from portal.web.htmx import go, page
from portal.web.sentences import say

bp = Blueprint("profile", __name__, url_prefix="/me/profile")
user: Any = current_user


def shown(**more: Any) -> dict[str, Any]:
    """What the profile's page needs."""
    wishes = preferences.of(user).wishes
    return {
        "lines": customer_view.lines(user.id),
        "devices": sessions.of(sessions.CUSTOMER, user.id),
        "switched_off": [wish.label for wish in wishes if not wish.wanted],
        "email": user.email or "",
        **more,
    }


@bp.get("/messages")
@customer_only
def messages() -> Any:
    """Which messages come, by which way, when, and which cannot be switched off."""
    return page("profile/messages.html", preferences=preferences.of(user))


@bp.post("/email")
@customer_only
def change_email() -> Any:
    """The e-mail address, or none."""
    typed = request.form.get("email", "")
    try:
        changed = customers.change_email(db.session.get_one(Customer, user.id), typed)
        db.session.commit()
    except ValueError as error:
        db.session.rollback()
        return page("home/profile.html", status=422, **shown(email=typed, wrong_email=say(error)))
    return go(url_for("home.profile"), _("E-mail disimpan.") if changed else "")


@bp.post("/devices/<int:device_id>/leave")
@customer_only
def leave(device_id: int) -> Any:
    """Log one device out; this one as the logout does."""
    mine = next((one for one in sessions.of(sessions.CUSTOMER, user.id) if one.current), None)
    if not sessions.end_one(sessions.CUSTOMER, user.id, device_id):
        abort(404)
    db.session.commit()
    if mine is not None and mine.id == device_id:
        return go(url_for("login.ask"), _("Anda sudah keluar."))
    return go(url_for("home.profile"), _("Perangkat itu sudah dikeluarkan."))


@bp.post("/devices/leave-others")
@customer_only
def leave_others() -> Any:
    """Log every device out but this one."""
    sessions.end_all(sessions.CUSTOMER, user.id, but=user.login_token)
    db.session.commit()
    return go(url_for("home.profile"), _("Perangkat lain sudah dikeluarkan."))
