"""The message log of the staff area: list, one message with its story, cancel, CSV.

Sending again is in `routes_resend.py`.
"""

import logging
from typing import Any

from flask import Blueprint, Response, abort, current_app, request, url_for
from flask_babel import gettext as _

from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.messaging import (
    asking,
    block_preview,
    by_hand,
    channels,
    export,
    finding,
    inbound,
    queries,
    service,
    texts,
)
from portal.messaging.explain import explain
from portal.messaging.finding import Filter
from portal.messaging.kinds import EVERY
from portal.messaging.models import Message
from portal.messaging.notices import everybody
from portal.messaging.service import MessageError
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.sentences import say

bp = Blueprint("messages", __name__, url_prefix="/admin/messages")
log = logging.getLogger(__name__)


@bp.get("")
@staff("messages")
def index() -> Any:
    """All messages, the newest first, with filters in the address."""
    wanted = wanted_filter()
    before, after = (finding.number(request.args.get(name, "")) for name in ("before", "after"))
    return page(
        "messaging/index.html",
        block="list",
        found=finding.one_page(wanted, before, after),
        wanted=wanted,
        customer=queries.customer_name(wanted.customer_id),
        statuses=finding.STATUSES,
        kinds=EVERY,
        ways=queries.ways(),
        people=_people(),
        by_hand=by_hand.count(),
        answers=inbound.unseen(),
    )


def wanted_filter() -> Filter:
    """The filter in the address."""
    return finding.read_filter(request.args)


def _people() -> dict[str, str]:
    """Staff and groups by their address."""
    return {told.recipient: told.name for told in everybody()}


@bp.get("/export.csv")
@staff("messages")
def export_csv() -> Response:
    """The filtered log as a file."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    lines = export.rows(app, finding.filtered(wanted_filter()), _people())
    answer = Response(lines, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="pesan-{today()}.csv"'
    return answer


@bp.get("/<int:message_id>")
@staff("messages")
def show(message_id: int) -> Any:
    """One message: where it is, why, what to do, what the provider said."""
    message, customer = find(message_id)
    labels = channels.labels()
    return page(
        "messaging/show.html",
        block="live",
        message=message,
        customer=customer,
        kind=EVERY.get(message.kind),
        text=words(message),
        look=block_preview.of_message(message),
        story=queries.story(message, labels),
        labels=labels,
        key=export.masked_key(message),
        via=queries.via,
        told=explain(message),
        copies=queries.copies_of(message_id),
        can_resend=queries.can_resend(message),
        can_ask=asking.can_ask(message),
        answers=inbound.to_message(message_id),
        moving=message.state in queries.MOVING,
        outcomes=queries.OUTCOMES,
        people=_people(),
    )


@bp.post("/<int:message_id>/ask")
@staff("messages")
def ask(message_id: int) -> Any:
    """Ask its provider what became of it."""
    message, _customer = find(message_id)
    target, before = url_for(".show", message_id=message_id), message.state
    try:
        state = asking.ask(message)
    except MessageError as error:
        return go(target, say(error), "bad")
    except DriverError as error:
        return go(target, error.sentence, "bad")
    if state == before:
        return go(target, _("Penyedia belum punya kabar baru."))
    return go(target, _("Status diperbarui dari penyedia."))


@bp.post("/<int:message_id>/cancel")
@staff("messages")
def cancel(message_id: int) -> Any:
    """Take a waiting message out of the queue."""
    find(message_id)
    reason = request.form.get("reason", "").strip() or _("Dibatalkan petugas.")
    cancelled = service.cancel(message_id, reason)
    db.session.commit()
    target = url_for(".show", message_id=message_id)
    if cancelled:
        return go(target, _("Pesan dibatalkan."))
    return go(target, _("Terlambat: pesan sudah meninggalkan antrean."), "bad")


def find(message_id: int) -> tuple[Message, Any]:
    """A message and its customer, or 404."""
    found = queries.one(message_id)
    if found is None:
        abort(404)
    return found


def words(message: Message) -> str:
    """The text with its code hidden; a message our code cannot render has none."""
    try:
        return texts.preview(message)
    except Exception as error:
        log.warning("message %s cannot be rendered: %s", message.id, type(error).__name__)
        return ""
