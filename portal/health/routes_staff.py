"""Kesehatan antrean: what waits, who works, what is paused. Anybody of the staff reads it."""

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _

from portal.extensions import db
from portal.health import board
from portal.infra import audit, queue
from portal.messaging import channels, meters
from portal.web.access import staff
from portal.web.htmx import go, page

bp = Blueprint("queue_health", __name__, url_prefix="/admin/health")
RINGS = (queue.DRAIN_INTERACTIVE, queue.DRAIN_MESSAGES, queue.DRAIN_BULK)


@bp.get("")
@staff("view")
def index() -> Any:
    """The page; its board alone for the page that asks again every few seconds."""
    found = board.read()
    return page(
        "health/index.html", block="board", board=found, labels=board.LABELS, span=board.span
    )


@bp.post("/resume")
@staff("settings")
def resume() -> Any:
    """End a channel's pause; what waits leaves at once."""
    key = request.form.get("key", "")
    channel = next((found for found in channels.everything() if found.key == key), None)
    if channel is None:
        db.session.rollback()
        return go(url_for(".index"), _("Saluran ini tidak dipakai lagi."), "bad")
    meters.resume(key)
    audit.record("channel.resume", f"channel:{key}", before={"reason": channel.pause_reason})
    for job in RINGS:
        queue.ring(job)
    db.session.commit()
    return go(url_for(".index"), _("%(channel)s mengirim lagi.", channel=channel.label))
