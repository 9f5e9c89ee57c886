"""Sending again from the log: one as it was, one changed, or all that a filter shows."""

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.core.phone import InvalidPhone, PhoneNumber
from portal.extensions import db
from portal.messaging import (
    block_preview,
    finding,
    queries,
    refill,
    resending,
    resending_many,
    texts,
)
from portal.messaging.finding import Filter
from portal.messaging.kinds import KINDS
from portal.messaging.models import Message
from portal.messaging.resending import AlreadyAgain, Changes
from portal.messaging.routes_staff import find, wanted_filter
from portal.messaging.service import MessageError
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.sentences import say

bp = Blueprint("resend", __name__, url_prefix="/admin/messages")
EDIT = "messaging/edit.html"
# What people call the named values.
VALUES: dict[str, Any] = {
    "name": _l("Nama"),
    "amount": _l("Jumlah"),
    "customer_number": _l("No. pelanggan"),
    "days_left": _l("Sisa hari"),
    "cs_phone": _l("Telepon layanan"),
    "invoice_number": _l("Nomor tagihan"),
    "payment_number": _l("Nomor pembayaran"),
    "plan": _l("Paket"),
    "period": _l("Periode"),
    "due_on": _l("Jatuh tempo"),
    "paid_at": _l("Dibayar pada"),
    "status": _l("Status"),
    "text": _l("Teks"),
}


@bp.get("/<int:message_id>/resend")
@staff("messages")
def confirm(message_id: int) -> Any:
    """Show what would be sent again, and the risk of a second copy."""
    message, _customer = find(message_id)
    if sentence := resending.refusal(message):
        return go(_show(message_id), _say(sentence), "bad")
    return _ask(message_id)


@bp.post("/<int:message_id>/resend")
@staff("messages")
def resend(message_id: int) -> Any:
    """Queue it again as a new message."""
    message, _customer = find(message_id)
    knowingly = "knowingly" in request.form
    if message.state in resending.ARRIVED and not knowingly and not resending.refusal(message):
        return _ask(message_id, _("Centang dahulu bahwa Anda tahu."), 422)
    try:
        copy_id = resending.resend(message_id, _nth(), knowingly=knowingly)
    except MessageError as error:
        return _refused(message_id, error)
    db.session.commit()
    return go(_show(copy_id), _("Pesan baru masuk antrean."))


@bp.get("/<int:message_id>/edit")
@staff("messages")
def edit(message_id: int) -> Any:
    """The form, filled with what was sent."""
    message, _customer = find(message_id)
    if sentence := resending.refusal(message):
        return go(_show(message_id), _say(sentence), "bad")
    values = {name: str(message.params[name]) for name in resending.editable(message)}
    # What has no values to change can only be changed as a whole.
    body = message.body or ("" if values else refill.text_of(message))
    typed = Changes(_local(message.recipient), values, body)
    return _form(message, typed, resending.copies(message_id))


@bp.post("/<int:message_id>/edit")
@staff("messages")
def edited(message_id: int) -> Any:
    """Queue the changed one as a new message; a wrong value keeps what was typed."""
    message, _customer = find(message_id)
    if resending.refusal(message):
        return edit(message_id)
    values = {name: request.form.get(f"p-{name}", "") for name in resending.editable(message)}
    typed = Changes(request.form.get("recipient", ""), values, request.form.get("body", ""))
    nth, knowingly = _nth(), "knowingly" in request.form
    try:
        copy_id = resending.resend_changed(message_id, typed, nth, knowingly=knowingly)
    except AlreadyAgain as error:
        return _refused(message_id, error)
    except MessageError as error:
        db.session.rollback()
        return _form(find(message_id)[0], typed, nth, say(error))
    db.session.commit()
    return go(_show(copy_id), _("Pesan baru masuk antrean."))


@bp.get("/resend-many")
@staff("messages")
def confirm_many() -> Any:
    """How many of the filtered ones would be sent again, and why the others not."""
    wanted, below = wanted_filter(), resending_many.top()
    return page(
        "messaging/bulk.html",
        found=resending_many.select_again(wanted, below),
        wanted=wanted,
        below=below,
        most=resending_many.MOST_AT_ONCE,
    )


@bp.post("/resend-many")
@staff("messages")
def resend_many() -> Any:
    """Queue all eligible ones of the filter again."""
    wanted = wanted_filter()
    count = resending_many.resend_many(wanted, _below())
    db.session.commit()
    return _back(wanted, _("%(count)s pesan masuk antrean lagi.", count=count))


@bp.post("/cancel-many")
@staff("messages")
def cancel_many() -> Any:
    """Take the waiting ones of the filter out of the queue."""
    wanted = wanted_filter()
    reason = request.form.get("reason", "").strip() or _("Dibatalkan petugas.")
    count = resending_many.cancel_many(wanted, _below(), reason)
    db.session.commit()
    return _back(wanted, _("%(count)s pesan dibatalkan.", count=count))


def _back(wanted: Filter, words: str) -> Any:
    return go(f"{url_for('messages.index')}?{wanted.query()}", words)


def _below() -> int:
    return finding.number(request.form.get("below", "")) or resending_many.top()


def _nth() -> int | None:
    typed = request.form.get("nth", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else None


def _show(message_id: int) -> str:
    return url_for("messages.show", message_id=message_id)


def _say(sentence: str) -> str:
    return say(MessageError(sentence))


def _refused(message_id: int, error: MessageError) -> Any:
    """Back to the message; to its copy when the same form came twice."""
    db.session.rollback()
    again = queries.copies_of(message_id) if isinstance(error, AlreadyAgain) else ()
    return go(_show(again[-1] if again else message_id), say(error), "bad")


def _local(recipient: str) -> str:
    try:
        return PhoneNumber.parse(recipient).local()
    except InvalidPhone:
        return recipient


def _ask(message_id: int, error: str = "", status: int = 200) -> Any:
    message, customer = find(message_id)
    return page(
        "messaging/resend.html",
        status=status,
        message=message,
        customer=customer,
        look=block_preview.of_message(message),
        nth=resending.copies(message_id),
        arrived=message.state in resending.ARRIVED,
        error=error,
    )


def _form(message: Message, typed: Changes, nth: int | None, error: str = "") -> Any:
    return page(
        EDIT,
        status=422 if error else 200,
        message=message,
        kind=KINDS.get(message.kind),
        typed=typed,
        labels=VALUES,
        nth=nth,
        look=block_preview.of_message(message),
        new=block_preview.of(message.kind, texts.compose(message.kind, "id", {}, body=typed.body))
        if typed.body
        else None,
        error=error,
        arrived=message.state in resending.ARRIVED,
        knowingly="knowingly" in request.form,
    )
