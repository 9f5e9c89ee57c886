"""Reading messages for screens: the log, one message with its story, words for its state."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, or_, select

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.inbox import InboundHook
from portal.infra.timekeeping import wall, zone
from portal.messaging.models import Message, MessageAttempt
from portal.messaging.resending import AGAIN, ARRIVED

# What the filter offers -> the states behind it.
STATUSES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "waiting": (_l("Antre"), ("pending", "leased", "sending")),
    "accepted": (_l("Diterima penyedia"), ("accepted",)),
    "sent": (_l("Terkirim"), ("sent",)),
    "delivered": (_l("Sampai"), ("delivered",)),
    "read": (_l("Dibaca"), ("read",)),
    "failed": (_l("Gagal"), ("failed",)),
    "unknown": (_l("Perlu dicek"), ("unknown",)),
    "expired": (_l("Kedaluwarsa"), ("expired",)),
    "cancelled": (_l("Dibatalkan"), ("cancelled",)),
}
OUTCOMES: dict[str, Any] = {
    "started": _l("sedang berjalan"),
    "accepted": _l("diterima"),
    "retryable": _l("gagal sementara"),
    "rate_limited": _l("diminta menunggu"),
    "permanent": _l("ditolak"),
    "misconfigured": _l("konfigurasi ditolak"),
    "unknown": _l("belum pasti"),
    "fenced": _l("terlambat, diabaikan"),
}
MOVING = ("pending", "leased", "sending", "accepted", "sent")


@dataclass(frozen=True)
class Filter:
    """What the log is narrowed to; empty means everything."""

    text: str = ""
    status: str = ""
    kind: str = ""
    driver: str = ""
    customer_id: int | None = None
    since: date | None = None
    until: date | None = None
    batch: str = ""


@dataclass(frozen=True)
class Moment:
    """One line of a message's story."""

    label: str
    at: datetime | None
    note: str = ""


def filtered(wanted: Filter) -> Select[Any]:
    """Messages with their customer (name, number), the newest first."""
    statement: Any = (
        select(Message, Customer.name, Customer.number)
        .outerjoin(Customer, Customer.id == Message.customer_id)
        .order_by(Message.id.desc())
    )
    if wanted.status in STATUSES:
        statement = statement.where(Message.state.in_(STATUSES[wanted.status][1]))
    if wanted.kind:
        statement = statement.where(Message.kind == wanted.kind)
    if wanted.driver:
        statement = statement.where(Message.driver == wanted.driver)
    if wanted.customer_id is not None:
        statement = statement.where(Message.customer_id == wanted.customer_id)
    if wanted.batch:
        statement = statement.where(Message.batch == wanted.batch)
    if wanted.since:
        statement = statement.where(Message.created_at >= _midnight(wanted.since))
    if wanted.until:
        statement = statement.where(
            Message.created_at < _midnight(wanted.until + timedelta(days=1))
        )
    return _narrow(statement, wanted.text) if wanted.text else statement


def _midnight(day: date) -> datetime:
    """The local day's beginning, in UTC."""
    return datetime.combine(day, time(), zone()).astimezone(UTC)


def _narrow(statement: Select[Any], text: str) -> Select[Any]:
    """By customer name or number, provider's id, or part of the phone however it is written."""
    like = f"%{text}%"
    found = [
        Customer.name.ilike(like),
        Customer.number.ilike(like),
        Message.provider_id == text,
        Message.dedupe_key == text,
    ]
    digits = re.sub(r"^0", "62", re.sub(r"\D", "", text))
    if len(digits) >= 4 and not re.search(r"[A-Za-z]", text):
        found.append(Message.recipient.contains(digits))
    return statement.where(or_(*found))


def drivers_used() -> Sequence[str]:
    """Drivers that carried a message so far."""
    return db.session.scalars(
        select(Message.driver).where(Message.driver != "").distinct().order_by(Message.driver)
    ).all()


def one(message_id: int) -> tuple[Message, Customer | None] | None:
    """A message and its customer."""
    row = db.session.execute(
        select(Message, Customer)
        .outerjoin(Customer, Customer.id == Message.customer_id)
        .where(Message.id == message_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def copies_of(message_id: int) -> Sequence[int]:
    """Ids of the messages that repeat this one."""
    return db.session.scalars(
        select(Message.id).where(Message.parent_id == message_id).order_by(Message.id)
    ).all()


def story(message: Message) -> list[Moment]:
    """What happened to it, in order."""
    moments = [Moment(_("Antre"), message.created_at)]
    moments += [
        Moment(
            _("Percobaan %(number)s lewat %(driver)s", number=n, driver=tried.driver),
            tried.started_at,
            _tried(tried),
        )
        for n, tried in enumerate(message.tries, 1)
    ]
    for label, at in (
        (_("Diterima penyedia"), message.accepted_at),
        (_("Terkirim"), message.sent_at),
        (_("Sampai di ponsel"), message.delivered_at),
        (_("Dibaca"), message.read_at),
    ):
        if at is not None:
            moments.append(Moment(label, at))
    if message.state == "pending" and message.next_at > wall():
        label = _("Dicoba lagi") if message.tries else _("Berangkat paling cepat")
        moments.append(Moment(label, message.next_at))
    return moments


def _tried(tried: MessageAttempt) -> str:
    """One attempt in a line: how it ended, what the provider called it, how long it took."""
    parts = [str(OUTCOMES.get(tried.outcome, tried.outcome)), tried.reason]
    parts += [f"HTTP {tried.http_status}"] if tried.http_status else []
    parts += [_("kode %(code)s", code=tried.code)] if tried.code else []
    parts += [f"{tried.latency_ms} ms"] if tried.latency_ms is not None else []
    return " · ".join(part for part in parts if part)


def can_resend(message: Message) -> bool:
    """Whether the log offers to send it again."""
    return message.state in (*AGAIN, *ARRIVED) and message.kind != "otp_code"


def waiting_count() -> int:
    """Messages that are not sent yet."""
    states = STATUSES["waiting"][1]
    return db.session.scalar(select(func.count()).where(Message.state.in_(states))) or 0


def last_hook(source: str) -> datetime | None:
    """When the provider last called us."""
    return db.session.scalar(
        select(func.max(InboundHook.received_at)).where(InboundHook.source == source)
    )
