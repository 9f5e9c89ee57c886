"""Telling the ISP's own people: named groups and persons, by topic.

Groups of the environment (`WA_GROUP_LOGISTIC_ID`, `WA_GROUP_PURCHASE_ID`) count until somebody
writes the same group into the list. What is told is decided in `portal/notices/digest.py`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal.config import Settings
from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.messaging import service
from portal.messaging.claims import Claimed, Ending
from portal.messaging.models import NoticeRecipient
from portal.messaging.service import MAX_KEY, NewMessage

TOPICS: dict[str, Any] = {
    "payment": _l("Pembayaran masuk"),
    "money": _l("Uang yang perlu dicek"),
    "isolation": _l("Daftar isolir"),
    "channel": _l("Saluran WhatsApp dijeda"),
    "order": _l("Pesanan pemasangan"),
    "ticket": _l("Tiket bantuan baru"),
}
ENVIRONMENT: Sequence[tuple[str, Any, tuple[str, ...]]] = (
    ("WA_GROUP_LOGISTIC_ID", _l("Grup logistik"), ("isolation", "order", "ticket")),
    ("WA_GROUP_PURCHASE_ID", _l("Grup keuangan"), ("payment", "money")),
)
STALE_AFTER = timedelta(hours=12)


@dataclass(frozen=True)
class Told:
    """Somebody who is told of something. `row_id` None for the environment's."""

    row_id: int | None
    name: str
    recipient: str
    topics: tuple[str, ...]
    stand_in: bool = False
    enabled: bool = True
    variable: str = ""

    @property
    def is_group(self) -> bool:
        return self.recipient.endswith("@g.us")


class GroupMessage(Protocol):
    """What of a message to a group its stand-ins inherit."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def dedupe_key(self) -> str: ...
    @property
    def params(self) -> dict[str, Any]: ...
    @property
    def expires_at(self) -> datetime | None: ...


def everybody() -> list[Told]:
    """The list as the settings page shows it: stored ones first, then the environment's."""
    rows = db.session.scalars(select(NoticeRecipient).order_by(NoticeRecipient.id)).all()
    found = [
        Told(row.id, row.name, row.recipient, tuple(row.topics), row.stand_in, row.enabled)
        for row in rows
    ]
    known = {told.recipient for told in found}
    config: Settings = current_app.extensions["loket.settings"]
    for variable, name, topics in ENVIRONMENT:
        group = config.get(variable).strip()
        if group and group not in known:
            found.append(Told(None, str(name), group, topics, variable=variable))
    return found


def tell(topic: str, key: str, text: str) -> int:
    """Queue one message to everybody who follows the topic, once per key; returns how many."""
    messages = [
        NewMessage(
            "staff_notice",
            told.recipient,
            _fitting(f"staff_notice:{topic}:{key}:{told.recipient}"),
            {"text": text},
            expires_at=wall() + STALE_AFTER,
        )
        for told in everybody()
        if told.enabled and topic in told.topics
    ]
    return len(service.queue_many(messages))


def _fitting(key: str) -> str:
    """The key, or as much as fits with a digest of the whole, so that no two become one."""
    if len(key) <= MAX_KEY:
        return key
    return f"{key[: MAX_KEY - 33]}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def stand_ins(message: GroupMessage) -> list[NewMessage]:
    """The same message for the persons who stand in for a group that cannot be reached:
    those marked so, else every person on the list."""
    persons = [told for told in everybody() if told.enabled and not told.is_group]
    chosen = [told for told in persons if told.stand_in] or persons
    return [
        NewMessage(
            message.kind,
            told.recipient,
            _fitting(f"{message.dedupe_key}:{told.recipient}"),
            message.params,
            parent_id=message.id,
            language=message.language,
            expires_at=message.expires_at,
        )
        for told in chosen
    ]


def split(message: Claimed) -> Ending:
    """A group that no channel in force can write to: its stand-ins are told instead."""
    children = stand_ins(message)
    if not children:
        return Ending(message, "failed", "Saluran ini tidak dapat menulis ke grup.")
    service.queue_many(children)
    words = f"Saluran tidak dapat menulis ke grup; disampaikan ke {len(children)} petugas."
    return Ending(message, "cancelled", words)


def channel_paused(key: str, label: str, reason: str, at: datetime) -> None:
    """A channel stopped sending; once per failure. It leaves by the next channel, if any."""
    text = f"Saluran WhatsApp {label} dijeda: {reason} Periksa Pengaturan > WhatsApp."
    tell("channel", f"{key}:{at:%Y%m%dT%H%M%S}", text)
