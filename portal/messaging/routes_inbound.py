"""What customers wrote back, for staff: read it, deal with it, tick it off."""

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal.extensions import db
from portal.messaging import inbound
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.pagination import paginate

bp = Blueprint("inbound", __name__, url_prefix="/admin/messages/inbound")
FORMS: dict[str, Any] = {
    "image": _l("gambar"),
    "video": _l("video"),
    "document": _l("dokumen"),
    "audio": _l("suara"),
    "sticker": _l("stiker"),
    "location": _l("lokasi"),
    "contacts": _l("kontak"),
    "reaction": _l("reaksi"),
    "order": _l("pesanan"),
    "system": _l("kabar WhatsApp"),
    "edit": _l("diubah pengirim"),
    "revoke": _l("dihapus pengirim"),
    "user_preferences": _l("pilihan pelanggan"),
    "unsupported": _l("jenis yang tidak didukung"),
}


@bp.get("")
@staff("messages")
def index() -> Any:
    """Newest first; `?show=all` also what was dealt with."""
    everything = request.args.get("show") == "all"
    return page(
        "messaging/inbound.html",
        block="list",
        found=paginate(inbound.listed(everything)),
        everything=everything,
        flags=inbound.FLAGS,
        forms=FORMS,
    )


@bp.post("/<int:inbound_id>/seen")
@staff("messages")
def seen(inbound_id: int) -> Any:
    """Somebody dealt with it."""
    new = inbound.mark_seen(inbound_id, current_user.name)
    db.session.commit()
    words = _("Ditandai selesai.") if new else _("Sudah ditandai sebelumnya.")
    return go(url_for("inbound.index"), words)
