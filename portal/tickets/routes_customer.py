"""`/me/help`: what the customer can do themselves, and their own trouble tickets.

Another customer's ticket or photo is not found. Photos are decoded before the transaction that
keeps them, so nobody waits for it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flask import Blueprint, abort, g, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.extensions import db
from portal.infra.secrets import new_token
from portal.infra.timekeeping import now
from portal.media import service as media
from portal.tickets import announcements, diagnosis, photos, queries, service, words
from portal.tickets.guarding import TicketError, TooMany
from portal.tickets.models import Announcement, Ticket
from portal.tickets.photos import Photo
from portal.web.access import customer_only
from portal.web.forms import form_key
from portal.web.htmx import go, page

bp = Blueprint("help", __name__, url_prefix="/me/help")
user: Any = current_user
bp.url_value_preprocessor(photos.make_room)


@bp.app_context_processor
def for_pages() -> dict[str, Any]:
    """`announcements()` for the customer's pages: asked only where a template calls it."""
    return {"announcements": _announcements, "announcement_levels": words.LEVELS}


def _announcements() -> Sequence[Announcement]:
    if not current_user.is_authenticated or not current_user.get_id().startswith("customer:"):
        return ()
    if "announcements" not in g:
        g.announcements = announcements.live(user.area_id)
    found: Sequence[Announcement] = g.announcements
    return found


@bp.get("")
@customer_only
def index() -> Any:
    """What is known about my service, what I can try, how to reach somebody, my tickets."""
    return page(
        "tickets/help.html",
        checks=diagnosis.of_customer(user.id),
        tickets=queries.of_customer(user.id),
        words=words,
    )


@bp.get("/new")
@customer_only
def new() -> Any:
    """The form; `?kind=` says what it is about."""
    kind = request.args.get("kind", "")
    return _form({"kind": kind if kind in words.KINDS else "", "key": new_token()})


def _form(typed: dict[str, str], error: str = "", status: int = 200) -> Any:
    return page(
        "tickets/new.html", status=status, typed=typed, error=error, words=words, most=photos.MOST
    )


@bp.post("/new")
@customer_only
def create() -> Any:
    """Open a ticket, once per form, and go to it."""
    form, mine = request.form, user.id
    typed = {name: form.get(name, "") for name in ("kind", "words")} | {"key": form_key("key")}
    try:
        shown = _photos()
        ticket = service.open_ticket(mine, typed["kind"], typed["words"], typed["key"], shown)
        ticket_id, number = ticket.id, ticket.number
        db.session.commit()
    except (TicketError, media.Refused) as error:
        db.session.rollback()
        if not typed["key"]:
            typed["key"] = new_token()
        return _form(typed, str(error), 429 if isinstance(error, TooMany) else 422)
    said = _("Tiket %(number)s terkirim. Jawabannya kami kirim ke WhatsApp Anda.", number=number)
    return go(url_for("help.show", ticket_id=ticket_id), said)


def _photos() -> list[Photo]:
    files, who = request.files.getlist("photos"), f"customer:{user.id}"
    # Nobody should wait for our lock on the database while a photo is decoded.
    db.session.rollback()
    return photos.examined(files, who)


@bp.get("/<int:ticket_id>")
@customer_only
def show(ticket_id: int) -> Any:
    """One ticket of one's own: what was said both ways, and a form to go on."""
    return _show(queries.own(user.id, ticket_id) or abort(404))


def _show(ticket: Ticket, error: str = "", status: int = 200) -> Any:
    return page(
        "tickets/show.html",
        status=status,
        ticket=ticket,
        entries=queries.entries(ticket.id, internal=False),
        may_reopen=service.may_reopen(ticket, now()),
        error=error,
        typed=request.form.get("words", ""),
        key=form_key("key") or new_token(),
        words=words,
        most=photos.MOST,
    )


@bp.post("/<int:ticket_id>/reply")
@customer_only
def reply(ticket_id: int) -> Any:
    """Add words or photos."""
    said, key, mine = request.form.get("words", ""), form_key("key"), user.id
    if queries.own(mine, ticket_id) is None:
        abort(404)
    try:
        shown = _photos()
    except media.Refused as error:
        return _refused(ticket_id, error)
    verb = partial(service.answer, mine, ticket_id, said, key, shown)
    return _do(ticket_id, verb, _("Pesan Anda terkirim."))


@bp.post("/<int:ticket_id>/reopen")
@customer_only
def reopen(ticket_id: int) -> Any:
    """It is not over."""
    said, key, mine = request.form.get("words", ""), form_key("key"), user.id
    verb = partial(service.reopen_own, mine, ticket_id, said, key)
    return _do(ticket_id, verb, _("Tiket dibuka lagi."))


def _do(ticket_id: int, verb: Callable[[], bool], done: str) -> Any:
    db.session.rollback()
    try:
        changed = verb()
        db.session.commit()
    except LookupError:
        db.session.rollback()
        abort(404)
    except (TicketError, media.Refused) as error:
        return _refused(ticket_id, error)
    return go(url_for("help.show", ticket_id=ticket_id), done if changed else "")


def _refused(ticket_id: int, error: Exception) -> Any:
    db.session.rollback()
    ticket = queries.own(user.id, ticket_id) or abort(404)
    return _show(ticket, str(error), 429 if isinstance(error, TooMany) else 422)


@bp.get("/photos/<int:photo_id>")
@customer_only
def photo(photo_id: int) -> Any:
    """A photo of a ticket of one's own."""
    return photos.answer(photos.of_customer(user.id, photo_id))
