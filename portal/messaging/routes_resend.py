"""Sending again from the log: one as it was, one changed, or all that a filter shows."""

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _

from portal.core.phone import InvalidPhone, PhoneNumber
from portal.extensions import db
from portal.messaging import queries, resending, service
from portal.messaging.kinds import KINDS
from portal.messaging.models import Message
from portal.messaging.routes_staff import find, wanted_filter, words
from portal.messaging.service import MessageError
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.sentences import say

bp = Blueprint("resend", __name__, url_prefix="/admin/messages")
EDIT = "messaging/edit.html"


@bp.get("/<int:message_id>/resend")
@staff("messages")
def confirm(message_id: int) -> Any:
    """Show what would be sent again, and the risk of a second copy."""
    message, customer = find(message_id)
    if sentence := resending.refusal(message):
        return go(_show(message_id), sentence, "bad")
    return page("messaging/resend.html", message=message, customer=customer, text=words(message))


@bp.post("/<int:message_id>/resend")
@staff("messages")
def resend(message_id: int) -> Any:
    """Queue it again as a new message."""
    find(message_id)
    try:
        copy_id = resending.resend(message_id)
    except MessageError as error:
        db.session.rollback()
        return go(_show(message_id), say(error), "bad")
    db.session.commit()
    return go(_show(copy_id), _("Pesan baru masuk antrean."))


@bp.get("/<int:message_id>/edit")
@staff("messages")
def edit(message_id: int) -> Any:
    """The form, filled with what was sent."""
    message, _customer = find(message_id)
    if sentence := resending.refusal(message):
        return go(_show(message_id), sentence, "bad")
    typed = {name: str(message.params[name]) for name in resending.editable(message)}
    return _form(message, _local(message.recipient), typed, message.body or "")


@bp.post("/<int:message_id>/edit")
@staff("messages")
def edited(message_id: int) -> Any:
    """Queue the changed one as a new message; a wrong value keeps what was typed."""
    message, _customer = find(message_id)
    recipient, body = request.form.get("recipient", ""), request.form.get("body", "")
    typed = {name: request.form.get(f"p-{name}", "") for name in resending.editable(message)}
    try:
        copy_id = resending.resend_changed(message_id, recipient, typed, body)
    except MessageError as error:
        db.session.rollback()
        return _form(find(message_id)[0], recipient, typed, body, say(error), 422)
    db.session.commit()
    return go(_show(copy_id), _("Pesan baru masuk antrean."))


@bp.get("/resend-many")
@staff("messages")
def confirm_many() -> Any:
    """How many of the filtered ones would be sent again, and why the others not."""
    messages = _selection()
    ids, reasons = resending.eligible(messages)
    return page(
        "messaging/bulk.html",
        count=len(ids),
        total=len(messages),
        reasons=reasons.most_common(),
        query=request.query_string.decode(errors="replace"),
        most=resending.MOST_AT_ONCE,
    )


@bp.post("/resend-many")
@staff("messages")
def resend_many() -> Any:
    """Queue all eligible ones of the filter again."""
    count = resending.resend_many(_selection())
    db.session.commit()
    return go(url_for("messages.index"), _("%(count)s pesan masuk antrean lagi.", count=count))


@bp.post("/cancel-many")
@staff("messages")
def cancel_many() -> Any:
    """Take the waiting ones of the filter out of the queue."""
    reason = request.form.get("reason", "").strip() or _("Dibatalkan petugas.")
    waiting = [message for message in _selection() if message.state == "pending"]
    count = sum(service.cancel(message.id, reason) for message in waiting)
    db.session.commit()
    return go(url_for("messages.index"), _("%(count)s pesan dibatalkan.", count=count))


def _selection() -> list[Message]:
    statement = queries.filtered(wanted_filter()).limit(resending.MOST_AT_ONCE)
    return [row[0] for row in db.session.execute(statement)]


def _show(message_id: int) -> str:
    return url_for("messages.show", message_id=message_id)


def _local(recipient: str) -> str:
    try:
        return PhoneNumber.parse(recipient).local()
    except InvalidPhone:
        return recipient


def _form(
    message: Message,
    recipient: str,
    typed: dict[str, str],
    body: str,
    error: str = "",
    status: int = 200,
) -> Any:
    return page(
        EDIT,
        status=status,
        message=message,
        kind=KINDS.get(message.kind),
        recipient=recipient,
        typed=typed,
        body=body,
        text=words(message),
        error=error,
        arrived=message.state in resending.ARRIVED,
    )
