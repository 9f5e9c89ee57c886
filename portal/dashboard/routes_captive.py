"""`/isolir`: where a walled-off line's browser ends up, without a login.

How it gets here is in `portal/web/captive.py`. The page itself knows nobody and asks nobody; a
script-driven second question may add what the router recognises (`captive_view.py`).
"""

from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.config import Settings
from portal.dashboard import captive_view, customer_view
from portal.extensions import db
from portal.web.access import public
from portal.web.captive import foreign
from portal.web.htmx import go, page

bp = Blueprint("captive", __name__)


@bp.get("/isolir")
@public
def show() -> Any:
    """Why the internet may be off, and the ways to pay. Amounts only to whom they belong."""
    shown = customer_view.home(current_user) if current_user.is_authenticated else {}
    return page("home/isolated.html", stray=_stray(), **shown)


def _stray() -> str:
    """Under which wrong name somebody trying the portal out came here; in production nobody is
    told."""
    config: Settings = current_app.extensions["loket.settings"]
    return "" if config.production or not foreign(request.host, config) else request.host


@bp.get("/isolir/sambungan")
@public
def line() -> Any:
    """What may be said about the line behind this address; nothing when no router tells."""
    found = captive_view.recognise(request.remote_addr or "")
    if found is None:
        return Response(status=204)
    return page("home/_line.html", how=found.how)


@bp.post("/isolir/tautan")
@public
def send() -> Any:
    """The pay link to the owner's WhatsApp. The same sentence whatever became of it."""
    found = captive_view.recognise(request.remote_addr or "")
    if found is not None:
        captive_view.send_link(found)
        db.session.commit()
    said = _("Bila sambungan ini kami kenali, tautan bayarnya kami kirim ke WhatsApp pemiliknya.")
    return go(url_for("captive.show"), said)
