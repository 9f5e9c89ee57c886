"""What the sending hours would change: when a message that can wait leaves."""

from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal.extensions import db
from portal.infra.timekeeping import now, zone
from portal.messaging.models import Message
from portal.messaging.sending_hours import hours, patient_kinds
from portal.settings import service as settings
from portal.settings.effects import Effect, Values
from portal.web.filters import datetime_id, number

KEYS = {
    "messages.hours_from",
    "messages.hours_until",
    "messages.patient_kinds",
    "messages.closed_weekdays",
    "messages.holidays",
}


def effects(values: Values) -> Iterator[Effect]:
    """For the settings page."""
    if not KEYS & values.keys():
        return
    before, waiting_before = _next(), _waiting()
    with settings.supposing(values):
        after, waiting = _next(), _waiting()
    yield Effect(
        _(
            "Pesan yang dapat menunggu berangkat paling cepat %(new)s (sekarang %(old)s).",
            new=_said(after),
            old=_said(before),
        )
    )
    if waiting or waiting_before:
        yield Effect(
            _(
                "%(new)s pesan di antrean mengikuti jam kirim (sekarang %(old)s).",
                new=number(waiting),
                old=number(waiting_before),
            )
        )


def _next() -> datetime:
    at = now().astimezone(zone())
    return hours().opening(at)


def _said(moment: datetime) -> str:
    at = now()
    return _("sekarang juga") if moment <= at else datetime_id(moment)


def _waiting() -> int:
    """Messages in the queue that keep to the hours."""
    return (
        db.session.scalar(
            select(func.count()).where(
                Message.state == "pending", Message.kind.in_(patient_kinds())
            )
        )
        or 0
    )
