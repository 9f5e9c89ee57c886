"""The message log of the staff area: list, one message with its story, resend, cancel."""

import logging
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _

from portal.extensions import db
from portal.messaging import queries, service, texts
from portal.messaging.kinds import KINDS
from portal.messaging.models import Message
from portal.messaging.queries import Filter
from portal.messaging.service import MessageError
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.pagination import paginate
from portal.web.sentences import say
from portal.web.setup import row_id

bp = Blueprint("messages", __name__, url_prefix="/admin/messages")
log = logging.getLogger(__name__)


@bp.get("")
@staff("messages")
def index() -> Any:
    """All messages, the newest first, with filters in the address."""
    wanted = Filter(
        text=request.args.get("q", "").strip()[:80],
        status=request.args.get("status", ""),
        kind=request.args.get("kind", ""),
        driver=request.args.get("driver", ""),
        customer_id=request.args.get("customer", type=row_id),
    )
    return page(
        "messaging/index.html",
        block="list",
        found=paginate(queries.filtered(wanted)),
        wanted=wanted,
        statuses=queries.STATUSES,
        kinds=KINDS,
        drivers=queries.drivers_used(),
    )


@bp.get("/<int:message_id>")
@staff("messages")
def show(message_id: int) -> Any:
    """One message: where it is, why, what the provider said."""
    message, customer = _find(message_id)
    return page(
        "messaging/show.html",
        block="live",
        message=message,
        customer=customer,
        kind=KINDS.get(message.kind),
        text=_text(message),
        story=queries.story(message),
        advice=queries.advice(message),
        copies=queries.copies_of(message_id),
        can_resend=queries.can_resend(message),
        moving=message.state in queries.MOVING,
        outcomes=queries.OUTCOMES,
    )


@bp.get("/<int:message_id>/resend")
@staff("messages")
def confirm_resend(message_id: int) -> Any:
    """Show what would be sent again, and the risk of a second copy."""
    message, customer = _find(message_id)
    if not queries.can_resend(message):
        return go(
            url_for(".show", message_id=message_id),
            _("Pesan ini tidak dapat dikirim ulang."),
            "bad",
        )
    return page("messaging/resend.html", message=message, customer=customer, text=_text(message))


@bp.post("/<int:message_id>/resend")
@staff("messages")
def resend(message_id: int) -> Any:
    """Queue it again as a new message."""
    _find(message_id)
    try:
        copy_id = service.resend(message_id)
    except MessageError as error:
        db.session.rollback()
        return go(url_for(".show", message_id=message_id), say(error), "bad")
    db.session.commit()
    return go(url_for(".show", message_id=copy_id), _("Pesan baru masuk antrean."))


@bp.post("/<int:message_id>/cancel")
@staff("messages")
def cancel(message_id: int) -> Any:
    """Take a waiting message out of the queue."""
    _find(message_id)
    reason = request.form.get("reason", "").strip() or _("Dibatalkan petugas.")
    cancelled = service.cancel(message_id, reason)
    db.session.commit()
    target = url_for(".show", message_id=message_id)
    if cancelled:
        return go(target, _("Pesan dibatalkan."))
    return go(target, _("Terlambat: pesan sudah meninggalkan antrean."), "bad")


def _find(message_id: int) -> tuple[Message, Any]:
    found = queries.one(message_id)
    if found is None:
        abort(404)
    return found


def _text(message: Message) -> str:
    """The text with its code hidden; a message our code cannot render has none."""
    try:
        return texts.preview(message)
    except Exception as error:
        log.warning("message %s cannot be rendered: %s", message.id, type(error).__name__)
        return ""
