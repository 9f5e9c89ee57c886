"""Reading broadcasts for the screens: the list, how far one is, what it costs."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select

from portal.broadcasts.audience import Audience
from portal.broadcasts.expansion import MOVING, batch_of
from portal.broadcasts.models import Broadcast
from portal.core.money import format_rupiah
from portal.customers.models import Area
from portal.extensions import db
from portal.messaging import costs
from portal.messaging.models import Message
from portal.network.models import Router
from portal.plans.models import Plan

# State -> level and label of its badge.
STATES: dict[str, tuple[str, Any]] = {
    "draft": ("mute", _l("Draf")),
    "queueing": ("warn", _l("Menyiapkan")),
    "sending": ("info", _l("Sedang dikirim")),
    "paused": ("warn", _l("Dijeda")),
    "cancelled": ("mute", _l("Dibatalkan")),
    "done": ("ok", _l("Selesai")),
}
LINES: dict[str, Any] = {
    "active": _l("Aktif"),
    "isolated": _l("Diisolir"),
    "paused": _l("Cuti"),
}
REASONS: dict[str, Any] = {
    "closed": _l("Sudah berhenti"),
    "no_number": _l("Nomor tidak sah"),
    "refused": _l("Tidak mau menerima siaran"),
}


@dataclass(frozen=True)
class Progress:
    """Where the messages of a broadcast are, each counted once."""

    total: int
    queued: int
    waiting: int
    accepted: int
    sent: int
    delivered: int
    failed: int
    unknown: int
    expired: int
    cancelled: int
    manual: int

    @property
    def finished(self) -> int:
        """Not waiting any more, however it ended."""
        return self.queued - self.waiting

    @property
    def unsettled(self) -> int:
        """Handed over, but a provider may still say how it ended."""
        return self.accepted + self.sent + self.unknown

    @property
    def percent(self) -> int:
        """Of everything that is meant, rounded down: 100 only when nothing is left."""
        return min(100 * self.finished // self.total, 100) if self.total else 100


def listing() -> Select[Any]:
    """All of them, the newest first."""
    return select(Broadcast).order_by(Broadcast.id.desc())


def progress(broadcast: Broadcast) -> Progress:
    """Counted from the messages in one grouped query."""
    states: dict[str, int] = {
        state: number
        for state, number in db.session.execute(
            select(Message.state, func.count())
            .where(Message.batch == batch_of(broadcast.id))
            .group_by(Message.state)
        )
    }
    queued = sum(states.values())
    expanding = broadcast.state in {"queueing", "paused"}
    return Progress(
        total=max(broadcast.total, queued) if expanding else queued,
        queued=queued,
        waiting=sum(states.get(state, 0) for state in MOVING),
        accepted=states.get("accepted", 0),
        sent=states.get("sent", 0),
        delivered=states.get("delivered", 0) + states.get("read", 0),
        failed=states.get("failed", 0),
        unknown=states.get("unknown", 0),
        expired=states.get("expired", 0),
        cancelled=states.get("cancelled", 0),
        manual=states.get("manual", 0),
    )


@dataclass(frozen=True)
class Choices:
    """What the filter offers: rows with `id` and `name`."""

    areas: Any
    plans: Any
    routers: Any


def choices() -> Choices:
    """Areas, plans and routers by name; a router's configuration is not read."""

    def named(model: Any) -> Any:
        return db.session.execute(select(model.id, model.name).order_by(model.name)).all()

    return Choices(named(Area), named(Plan), named(Router))


def in_words(audience: Audience) -> list[tuple[str, str]]:
    """The filter as people read it: what is narrowed, and to what; empty means everybody."""

    def names(model: Any, ids: tuple[int, ...]) -> str:
        found = db.session.scalars(select(model.name).where(model.id.in_(ids)).order_by(model.name))
        return ", ".join(found) or _("(sudah tidak ada)")

    said = [
        (label, names(model, ids))
        for label, model, ids in (
            (_("Area"), Area, audience.areas),
            (_("Paket"), Plan, audience.plans),
            (_("Router"), Router, audience.routers),
        )
        if ids
    ]
    if audience.states:
        said.append((_("Keadaan"), ", ".join(str(LINES[state]) for state in audience.states)))
    if audience.arrears == "overdue":
        said.append((_("Tunggakan"), _("lewat jatuh tempo")))
    elif audience.arrears == "owes":
        said.append((_("Tunggakan"), _("paling sedikit %(sum)s", sum=format_rupiah(audience.owes))))
    if audience.language:
        said.append((_("Bahasa"), {"id": "Indonesia", "en": "English"}[audience.language]))
    return said


def rate() -> int:
    """What one message probably costs in rupiah; 0 when nobody said."""
    return costs.per_broadcast_message()
