"""Reading one message for screens: its story, words for its state. The list is in `finding.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from portal.accounts.names import names_of
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.inbox import InboundHook
from portal.infra.timekeeping import wall
from portal.messaging import channels
from portal.messaging.finding import STATUSES
from portal.messaging.models import Message, MessageAttempt
from portal.messaging.models_channels import Channel
from portal.messaging.resending import never

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
class Moment:
    """One line of a message's story."""

    label: str
    at: datetime | None
    note: str = ""


def one(message_id: int) -> tuple[Message, Customer | None] | None:
    """A message and its customer."""
    row = db.session.execute(
        select(Message, Customer)
        .outerjoin(Customer, Customer.id == Message.customer_id)
        .where(Message.id == message_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def customer_name(customer_id: int | None) -> str:
    """Of the customer the log is narrowed to; empty without one."""
    if customer_id is None:
        return ""
    return db.session.scalar(select(Customer.name).where(Customer.id == customer_id)) or ""


def ways() -> dict[str, dict[Any, str]]:
    """What the log can be narrowed to by way: stored channels by id, and all drivers known."""
    labels = channels.labels()
    kinds = {channel.kind: channel.label for channel in channels.everything()}
    stored = db.session.scalars(select(Channel.driver).distinct()).all()
    drivers = {kind: kind for kind in sorted({*kinds, *stored})}
    return {"channels": dict(sorted(labels.items())), "drivers": drivers}


def copies_of(message_id: int) -> Sequence[int]:
    """Ids of the messages that repeat this one."""
    return db.session.scalars(
        select(Message.id).where(Message.parent_id == message_id).order_by(Message.id)
    ).all()


def story(message: Message, labels: Mapping[int, str]) -> list[Moment]:
    """What happened to it, in order. `labels` name the channels by id."""
    moments = [Moment(_("Antre"), message.created_at)]
    moments += [
        Moment(
            _("Percobaan %(number)s lewat %(driver)s", number=n, driver=via(tried, labels)),
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
    return [*moments, *_ending(message)]


def via(row: Message | MessageAttempt, labels: Mapping[int, str]) -> str:
    """The channel that carried it, as people call it; the driver for one that is gone."""
    return labels.get(row.channel_id or 0) or row.driver


def _ending(message: Message) -> list[Moment]:
    """Its exit, if it took one, and whose hand did it."""
    if message.state == "cancelled":
        found = _cancelled_by(message)
        who = _("oleh %(name)s", name=found[0]) if found else _("otomatis")
        return [Moment(_("Dibatalkan"), found[1] if found else None, f"{who} · {message.reason}")]
    if message.state == "expired":
        return [Moment(_("Kedaluwarsa"), message.expires_at, message.reason)]
    if message.state in {"failed", "unknown"}:
        label = _("Gagal") if message.state == "failed" else _("Perlu dicek")
        last = message.tries[-1].finished_at if message.tries else None
        return [Moment(label, last, message.reason)]
    return []


def _cancelled_by(message: Message) -> tuple[str, datetime] | None:
    """The name of the staff member, and when; None when no person did it."""
    entry = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject == f"message:{message.id}", AuditEntry.action == "message.cancel")
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).one_or_none()
    if entry is None:
        return None
    return names_of([entry.actor]).get(entry.actor, entry.actor), entry.at


def _tried(tried: MessageAttempt) -> str:
    """One attempt in a line: how it ended, what the provider called it, how long it took."""
    parts = [str(OUTCOMES.get(tried.outcome, tried.outcome)), tried.reason]
    parts += [f"HTTP {tried.http_status}"] if tried.http_status else []
    parts += [_("kode %(code)s", code=tried.code)] if tried.code else []
    parts += [f"{tried.latency_ms} ms"] if tried.latency_ms is not None else []
    return " · ".join(part for part in parts if part)


def can_resend(message: Message) -> bool:
    """Whether the log offers to send it again."""
    return not never(message)


def waiting_count() -> int:
    """Messages that are not sent yet."""
    states = STATUSES["waiting"][1]
    return db.session.scalar(select(func.count()).where(Message.state.in_(states))) or 0


def last_hook(source: str) -> datetime | None:
    """When the provider last called us."""
    return db.session.scalar(
        select(func.max(InboundHook.received_at)).where(InboundHook.source == source)
    )
