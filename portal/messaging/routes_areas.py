"""Settings > WhatsApp > a channel's brand and areas."""

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _

from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.messaging import channel_areas, channel_page
from portal.web.access import staff
from portal.web.htmx import go

bp = Blueprint("whatsapp_areas", __name__, url_prefix="/admin/settings/whatsapp/channels")


@bp.post("/<channel_key>/areas")
@staff("settings")
def save(channel_key: str) -> Any:
    """Whom it is for; the next message is routed by it."""
    about = channel_page.of_channel(channel_key)
    assert about.channel_id is not None
    target = url_for("whatsapp_settings.index", channel=about.channel_id, _anchor="areas")
    brand = request.form.get("brand", "").strip()
    try:
        areas = channel_areas.known(request.form.getlist("area"))
        channel_areas.save(about.channel_id, brand, areas)
    except Misconfigured as error:
        db.session.rollback()
        return go(target, error.sentence, "bad")
    db.session.commit()
    return go(target, _("Merek dan area disimpan."))
