"""Siaran: the list, composing, the figures before confirming, progress, and what stops one."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask_babel import gettext as _

from portal.broadcasts import audience as people
from portal.broadcasts import queries, service, timing, wording
from portal.broadcasts.audience import Audience
from portal.broadcasts.models import Broadcast
from portal.broadcasts.service import BroadcastError
from portal.core.phone import InvalidPhone, PhoneNumber
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.messaging.drivers.meta_cloud import DRIVER as META
from portal.web.access import staff
from portal.web.htmx import go, is_fragment, page
from portal.web.pagination import paginate
from portal.web.sentences import say
from portal.web.setup import LANGUAGES

bp = Blueprint("broadcasts", __name__, url_prefix="/admin/broadcasts")
POLL = {"queueing": "2s", "sending": "4s", "paused": "15s"}
# The last word about a message comes after the broadcast's end; what comes later than this
# is seen by whoever opens the page again.
LATE_POLL, LATE_WORDS = "10s", timedelta(minutes=15)


@bp.get("")
@staff("broadcast")
def index() -> Any:
    """All broadcasts, the newest first."""
    found = paginate(queries.listing(), scalars=True)
    return page("broadcasts/index.html", found=found, states=queries.STATES)


@bp.get("/new")
@staff("broadcast")
def new() -> Any:
    """An empty form; for a fragment the count of the filter in the address."""
    return _form(None, Audience.typed(request.args), {}, {})


@bp.post("/new")
@staff("broadcast")
def create() -> Any:
    """Keep the draft and show what it would do."""
    return _save(None)


@bp.get("/<int:broadcast_id>/edit")
@staff("broadcast")
def edit(broadcast_id: int) -> Any:
    """The draft in the form."""
    row = _find(broadcast_id)
    if row.state != "draft":
        return go(url_for(".show", broadcast_id=broadcast_id))
    typed = Audience.typed(request.args) if is_fragment() else Audience.stored(row.audience)
    return _form(row, typed, {"title": row.title, "body": row.body}, {})


@bp.post("/<int:broadcast_id>/edit")
@staff("broadcast")
def change(broadcast_id: int) -> Any:
    """Change the draft."""
    return _save(_find(broadcast_id))


@bp.get("/<int:broadcast_id>")
@staff("broadcast")
def show(broadcast_id: int) -> Any:
    """A draft with its figures before confirming, or how far it is."""
    row = _find(broadcast_id)
    if row.state == "draft":
        return _review(row)
    seen_before = request.args.get("seen") if is_fragment() else None
    shown = _progress(row)
    if seen_before == shown["seen"]:
        return Response(status=204)
    return page("broadcasts/show.html", block="progress", broadcast=row, **shown)


@bp.get("/<int:broadcast_id>/skipped")
@staff("broadcast")
def skipped(broadcast_id: int) -> Any:
    """Who of the audience gets nothing, and why."""
    row = _find(broadcast_id)
    found = paginate(people.skipped(Audience.stored(row.audience)))
    return page("broadcasts/skipped.html", broadcast=row, found=found, reasons=queries.REASONS)


@bp.post("/<int:broadcast_id>/test")
@staff("broadcast")
def test(broadcast_id: int) -> Any:
    """Send the text to one number, before everybody gets it."""
    row = _find(broadcast_id)
    typed, turn = request.form.get("number", ""), request.form.get("turn", 0, type=int)
    if row.state != "draft":
        return go(url_for(".show", broadcast_id=broadcast_id))
    try:
        service.send_test(row, PhoneNumber.parse(typed), turn)
    except (InvalidPhone, BroadcastError) as error:
        db.session.rollback()
        return _review(_find(broadcast_id), 422, {"number": say(error)}, {"number": typed})
    return go(url_for(".show", broadcast_id=broadcast_id), _("Pesan uji dikirim. Periksa WA Anda."))


@bp.post("/<int:broadcast_id>/start")
@staff("broadcast")
def start(broadcast_id: int) -> Any:
    """Confirm by typing the number of messages."""
    row = _find(broadcast_id)
    typed, untested = request.form.get("count", ""), bool(request.form.get("untested"))
    if row.state != "draft":
        return go(url_for(".show", broadcast_id=broadcast_id), _("Siaran ini sudah dimulai."))
    try:
        service.start(broadcast_id, typed, untested=untested)
    except BroadcastError as error:
        db.session.rollback()
        values = {"count": typed, "untested": untested}
        return _review(_find(broadcast_id), 422, {"count": str(error)}, values)
    db.session.commit()
    return go(url_for(".show", broadcast_id=broadcast_id), _("Siaran dimulai."))


@bp.post("/<int:broadcast_id>/pause")
@staff("broadcast")
def pause(broadcast_id: int) -> Any:
    """Let nothing more leave for now."""
    return _done(broadcast_id, service.pause(broadcast_id), _("Siaran dijeda."))


@bp.post("/<int:broadcast_id>/resume")
@staff("broadcast")
def resume(broadcast_id: int) -> Any:
    """Go on where it was."""
    return _done(broadcast_id, service.resume(broadcast_id), _("Siaran dilanjutkan."))


@bp.post("/<int:broadcast_id>/cancel")
@staff("broadcast")
def cancel(broadcast_id: int) -> Any:
    """End it; what has left has left."""
    reason = request.form.get("reason", "").strip()
    return _done(broadcast_id, service.cancel(broadcast_id, reason), _("Siaran dibatalkan."))


@bp.post("/<int:broadcast_id>/duplicate")
@staff("broadcast")
def duplicate(broadcast_id: int) -> Any:
    """A new draft with the same text and filter."""
    copied = service.copy(_find(broadcast_id))
    db.session.commit()
    return go(url_for(".edit", broadcast_id=copied), _("Salinan dibuat sebagai draf."))


@bp.post("/<int:broadcast_id>/remove")
@staff("broadcast")
def remove(broadcast_id: int) -> Any:
    """Throw a draft away."""
    _find(broadcast_id)
    removed = service.remove(broadcast_id)
    db.session.commit()
    if removed:
        return go(url_for(".index"), _("Draf dihapus."))
    return go(url_for(".show", broadcast_id=broadcast_id), _("Siaran ini bukan draf lagi."), "bad")


def _find(broadcast_id: int) -> Broadcast:
    return db.session.get(Broadcast, broadcast_id) or abort(404)


def _form(
    row: Broadcast | None,
    typed: Audience,
    values: dict[str, str],
    errors: dict[str, str],
    status: int = 200,
) -> Any:
    return page(
        "broadcasts/form.html",
        block="count" if status == 200 else None,
        status=status,
        broadcast=row,
        values=values,
        errors=errors,
        audience=typed,
        counts=people.count(typed),
        choices=queries.choices(),
        states=people.LINE_STATES,
        languages=LANGUAGES,
        limit=wording.text_limit(),
        look=wording.look(values.get("body", ""), None),
    )


def _save(row: Broadcast | None) -> Any:
    typed = Audience.typed(request.form)
    title, body = (request.form.get(name, "").strip() for name in ("title", "body"))
    body = body.replace("\r\n", "\n")
    errors = wording.errors(title, body)
    if typed.arrears == "owes" and not typed.owes:
        errors["owes"] = _("Isi dengan angka bulat.")
    if errors:
        return _form(row, typed, {"title": title, "body": body}, errors, 422)
    try:
        if row is None:
            broadcast_id = service.create(title, body, typed)
        else:
            broadcast_id = row.id
            service.edit(broadcast_id, title, body, typed)
    except BroadcastError as error:
        db.session.rollback()
        return go(url_for(".index"), str(error), "bad")
    db.session.commit()
    return go(url_for(".show", broadcast_id=broadcast_id), _("Draf disimpan."))


def _review(
    row: Broadcast,
    status: int = 200,
    errors: dict[str, str] | None = None,
    values: dict[str, Any] | None = None,
) -> Any:
    """The draft, everything one should know before sending it, and the way to send it."""
    filtered = Audience.stored(row.audience)
    counts = people.count(filtered, row.body)
    somebody = people.example(filtered)
    channel = timing.channel_in_force()
    return page(
        "broadcasts/review.html",
        status=status,
        broadcast=row,
        counts=counts,
        said=queries.in_words(filtered),
        look=wording.look(row.body, somebody, somebody.language if somebody else "id"),
        somebody=somebody,
        forecast=timing.forecast(counts.messages),
        meta=channel is not None and channel.kind == META.kind,
        rate=queries.rate(),
        turn=service.tests_so_far(row.id) + 1,
        errors=errors or {},
        values=values or {},
        reasons=queries.REASONS,
    )


def _progress(row: Broadcast) -> dict[str, Any]:
    """The figures of the moment, how often to ask again, and what tells that nothing is new."""
    progress = queries.progress(row)
    poll = _poll(row, progress)
    ahead = progress.waiting + progress.total - progress.queued
    moving = row.state in {"queueing", "sending"} and ahead > 0
    return {
        "progress": progress,
        "poll": poll,
        "forecast": timing.forecast(ahead) if moving else None,
        "said": queries.in_words(Audience.stored(row.audience)),
        "states": queries.STATES,
        "words": wording.unfilled(row.body),
        "seen": f"{row.state}-{poll}-{'-'.join(map(str, vars(progress).values()))}",
    }


def _poll(row: Broadcast, progress: queries.Progress) -> str:
    """How often the page asks again; empty once nothing moves, or too long after the end."""
    if row.finished_at is None:
        return POLL.get(row.state, "4s")
    late = now() - row.finished_at >= LATE_WORDS
    return "" if late or not progress.unsettled else LATE_POLL


def _done(broadcast_id: int, moved: bool, sentence: str) -> Any:
    _find(broadcast_id)
    db.session.commit()
    target = url_for(".show", broadcast_id=broadcast_id)
    if moved:
        return go(target, sentence)
    return go(target, _("Keadaannya sudah berubah."), "warn")
