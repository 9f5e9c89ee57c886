"""The list of messages a person sends by hand, and ticking them off."""

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.extensions import db
from portal.messaging import by_hand
from portal.messaging.kinds import KINDS
from portal.messaging.service import MessageError
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.sentences import say

bp = Blueprint("by_hand", __name__, url_prefix="/admin/messages/by-hand")


@bp.get("")
@staff("messages")
def index() -> Any:
    """What waits, the oldest first."""
    return page(
        "messaging/by_hand.html",
        todos=by_hand.waiting(),
        count=by_hand.count(),
        recent=by_hand.recently_done(),
        kinds=KINDS,
    )


@bp.post("/<int:message_id>/done")
@staff("messages")
def done(message_id: int) -> Any:
    """It left."""
    return _after(
        lambda: by_hand.done(message_id, current_user.name), _("Dicatat sebagai sudah dikirim.")
    )


@bp.post("/<int:message_id>/undo")
@staff("messages")
def undo(message_id: int) -> Any:
    """It did not leave after all."""
    return _after(lambda: by_hand.undo(message_id), _("Dikembalikan ke daftar."))


@bp.post("/<int:message_id>/drop")
@staff("messages")
def drop(message_id: int) -> Any:
    """It need not leave."""
    reason = request.form.get("reason", "").strip()
    return _after(lambda: by_hand.drop(message_id, reason), _("Pesan dibatalkan."))


def _after(act: Any, words: str) -> Any:
    try:
        act()
    except MessageError as error:
        db.session.rollback()
        return go(url_for("by_hand.index"), say(error), "bad")
    db.session.commit()
    return go(url_for("by_hand.index"), words)
