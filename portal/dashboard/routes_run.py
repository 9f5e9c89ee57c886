"""Telling customers of a month's invoices, as a step of its own after a silent run."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Select, String, cast, func, literal, select

from portal.core.driverkit import Misconfigured
from portal.core.period import Period
from portal.extensions import db
from portal.infra import audit, events
from portal.infra.timekeeping import now, today, zone
from portal.invoices.events import InvoicesToTell
from portal.invoices.models import OTHER_SYSTEM, Invoice
from portal.messaging import channels, costs, pacing, sending_hours
from portal.messaging.drivers.meta_cloud import DRIVER as META
from portal.messaging.models import Message
from portal.web.access import staff
from portal.web.htmx import go, page

bp = Blueprint("invoice_notices", __name__, url_prefix="/admin/invoices/run/notify")
KIND = "invoice_notification"
CHUNK = 500


@dataclass(frozen=True)
class Estimate:
    """For so many messages: which channel, when the first may leave, how long all take, and what
    it costs in rupiah, where anybody knows."""

    count: int
    channel: str
    starts_at: datetime | None
    seconds: int | None
    rupiah: int | None


def untold(period: Period) -> Select[Any]:
    """Open invoices we issued for the month that nobody was written to about."""
    key = literal(f"{KIND}:") + cast(Invoice.id, String)
    told = select(Message.id).where(Message.dedupe_key == key).exists()
    ours = ~Invoice.number.startswith(OTHER_SYSTEM)  # the other system told of its own
    return select(Invoice.id).where(
        Invoice.period == str(period), Invoice.state == "open", ours, ~told
    )


def estimate(count: int) -> Estimate:
    """What sending so many would mean now."""
    try:
        channel = channels.active()
    except Misconfigured:
        channel = None
    if channel is None:
        return Estimate(count, "", None, None, None)
    local = now().astimezone(zone())
    patient = KIND in sending_hours.patient_kinds()
    starts_at = sending_hours.hours().opening(local) if patient else local
    rate = costs.rates().get("utility") if channel.kind == META.kind else None
    return Estimate(
        count,
        channel.label,
        starts_at if starts_at > local else None,
        int(pacing.seconds_for(count, channel.limits)) or None,
        count * rate if rate else None,
    )


def _period() -> Period:
    """The month asked for, this one when none is."""
    try:
        return Period.parse(request.values.get("period") or str(Period.of(today())))
    except ValueError:
        abort(404)


@bp.get("")
@staff("billing")
def show() -> Any:
    """How many, how long, what it costs; then a button."""
    period = _period()
    count = db.session.scalar(select(func.count()).select_from(untold(period).subquery())) or 0
    return page("invoices/notify.html", period=str(period), estimate=estimate(count))


@bp.post("")
@staff("billing")
def send() -> Any:
    """Queue one message an invoice; pressed twice nobody is told twice."""
    period = _period()
    ids = list(db.session.scalars(untold(period).order_by(Invoice.id)))
    audit.record("billing.notify", f"period:{period}", after={"invoices": len(ids)})
    for start in range(0, len(ids), CHUNK):
        events.emit(InvoicesToTell(ids[start : start + CHUNK]))
        db.session.commit()  # nobody waits for all of them; what is queued is not queued again
    db.session.commit()
    back = url_for("invoices.run", period=str(period))
    return go(back, _("%(count)s pesan masuk antrean.", count=len(ids)))
