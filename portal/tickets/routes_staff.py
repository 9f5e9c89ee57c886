"""`/admin/tickets`: what customers need help with, and each ticket with what can be done."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.extensions import db
from portal.infra.secrets import new_token
from portal.media import service as media
from portal.messaging.models import Message
from portal.tickets import diagnosis, photos, queries, service, words
from portal.tickets.guarding import TicketError
from portal.tickets.models import Ticket
from portal.tickets.photos import Photo
from portal.web.access import staff
from portal.web.forms import form_key
from portal.web.htmx import go, page
from portal.web.pagination import paginate
from portal.web.setup import row_id

bp = Blueprint("tickets", __name__, url_prefix="/admin/tickets")
user: Any = current_user
bp.url_value_preprocessor(photos.make_room)


@bp.get("")
@staff("tickets")
def index() -> Any:
    """The list, what waits longest first; the filters are in the URL."""
    filters = queries.read(request.args, row_id)
    return page(
        "tickets/index.html",
        block="table",
        page=paginate(queries.listed(filters, user.id), scalars=True),
        filters=filters,
        areas=queries.areas(),
        helpers=queries.helpers(),
        counts=queries.counts(),
        late=queries.is_late,
        answer_by=queries.answer_by,
        words=words,
    )


@bp.get("/<int:ticket_id>")
@staff("tickets")
def show(ticket_id: int) -> Any:
    """One ticket: the customer, the line, what was said, what can be done."""
    return _show(db.session.get(Ticket, ticket_id) or abort(404))


def _show(ticket: Ticket, error: str = "", at: str = "") -> Any:
    """`at` names the form the error belongs to."""
    said = queries.entries(ticket.id, internal=True)
    ids = [entry.message_id for entry in said if entry.message_id]
    return page(
        "tickets/work.html",
        status=422 if error else 200,
        ticket=ticket,
        entries=said,
        messages={one: db.session.get(Message, one) for one in ids},
        checks=diagnosis.of_customer(ticket.customer_id),
        others=[one for one in queries.of_customer(ticket.customer_id, 6) if one.id != ticket.id],
        helpers=queries.helpers(),
        late=queries.is_late(ticket),
        answer_by=queries.answer_by(ticket),
        error=error,
        at=at,
        typed=request.form,
        key=form_key("key") or new_token(),
        most=photos.MOST,
        words=words,
    )


@bp.post("/<int:ticket_id>/reply")
@staff("tickets")
def reply(ticket_id: int) -> Any:
    """Answer the customer (`do` = reply, or ask), or write a note for staff only (`do` = note)."""
    form, me = request.form, user.id
    said, key, do = form.get("words", ""), form_key("key"), form.get("do", "note")
    try:
        shown = _photos()
    except media.Refused as error:
        return _refused(ticket_id, error, "reply")
    if do == "note":
        verb: Callable[[], bool] = partial(service.note, ticket_id, said, key, me, shown)
        return _do(ticket_id, verb, _("Catatan disimpan."), "reply")
    if do not in {"reply", "ask"}:
        abort(404)
    verb = partial(service.reply, ticket_id, said, key, me, shown, ask=do == "ask")
    return _do(ticket_id, verb, _("Jawaban dikirim ke pelanggan."), "reply")


def _photos() -> list[Photo]:
    files, who = request.files.getlist("photos"), f"staff:{user.id}"
    # Nobody should wait for our lock on the database while a photo is decoded.
    db.session.rollback()
    return photos.examined(files, who)


@bp.post("/<int:ticket_id>/assign")
@staff("tickets")
def assign(ticket_id: int) -> Any:
    """Give it to somebody (`who`, an id; 0 for nobody), or take it oneself (without)."""
    me = user.id
    who = request.form.get("who", type=int) if "who" in request.form else me
    verb = partial(service.assign, ticket_id, who or None, me)
    return _do(ticket_id, verb, _("Petugas disimpan."), "assign")


@bp.post("/<int:ticket_id>/close")
@staff("tickets")
def close(ticket_id: int) -> Any:
    """It is over; the reason is sent to the customer."""
    verb = partial(service.close, ticket_id, request.form.get("reason", ""), user.id)
    return _do(ticket_id, verb, _("Tiket ditutup."), "close")


@bp.post("/<int:ticket_id>/reopen")
@staff("tickets")
def reopen(ticket_id: int) -> Any:
    """It is not over."""
    verb = partial(service.reopen, ticket_id, request.form.get("reason", ""), user.id)
    return _do(ticket_id, verb, _("Tiket dibuka lagi."), "close")


def _do(ticket_id: int, verb: Callable[[], bool], done: str, at: str) -> Any:
    """One step; a refusal is shown on the page, a step somebody else was quicker with is said."""
    db.session.rollback()
    try:
        changed = verb()
        db.session.commit()
    except LookupError:
        db.session.rollback()
        abort(404)
    except (TicketError, media.Refused) as error:
        return _refused(ticket_id, error, at)
    here = url_for("tickets.show", ticket_id=ticket_id)
    return go(here, done) if changed else go(here, _("Keadaannya sudah berubah."), "info")


def _refused(ticket_id: int, error: Exception, at: str) -> Any:
    db.session.rollback()
    return _show(db.session.get(Ticket, ticket_id) or abort(404), str(error), at)


@bp.get("/photos/<int:photo_id>")
@staff("tickets")
def photo(photo_id: int) -> Any:
    """A photo of any ticket."""
    return photos.answer(photos.of_staff(photo_id))
