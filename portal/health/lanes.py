"""The lanes of work as the health page, `/metrics` and `flask doctor` see them: what waits, how
long, who works there. Reads only; every query stays cheap with a million messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from portal.extensions import db
from portal.infra import heartbeat
from portal.infra.heartbeat import Heartbeat
from portal.infra.inbox import InboundHook
from portal.infra.queue import LANES
from portal.infra.timekeeping import wall, zone
from portal.messaging.limits import local_today
from portal.messaging.models import Message, MessageAttempt
from portal.network.models import NetworkAccess

MESSAGE_LANES = tuple(lane for lane in LANES if lane != "network")
ROLES = ("scheduler", *LANES)
HELD = "held"
TOO_OLD = timedelta(minutes=5)
SLOW = timedelta(minutes=1)
SAMPLE = 5000
"""Attempts looked at for the rate: more than that in a minute is an estimate from the span."""


@dataclass
class Lane:
    """What lies in one lane. `waiting` is due now, `later` waits for its time; `oldest` is how
    long the first of the due ones has been due, None when nothing is."""

    name: str
    waiting: int = 0
    later: int = 0
    leased: int = 0
    sending: int = 0
    unknown: int = 0
    failed_today: int = 0
    oldest: timedelta | None = None
    rate: int = 0
    alive: int = 0

    @property
    def moving(self) -> bool:
        """Whether something left within the last minute."""
        return self.rate > 0

    @property
    def stuck(self) -> bool:
        """Too old, and not merely paced: a long list behind a limit is no trouble."""
        late = self.oldest is not None and self.oldest > TOO_OLD
        return late and (self.name == "interactive" or not self.moving)


def lanes() -> list[Lane]:
    """All lanes somebody works, in the order of urgency."""
    found = {name: Lane(name) for name in LANES}
    _count(found)
    _age(found)
    _rates(found)
    _network(found["network"])
    for process in processes():
        if process.role in found and process.alive:
            found[process.role].alive += 1
    return list(found.values())


def held() -> int:
    """Messages of batches that somebody paused."""
    return _scalar(select(func.count()).where(Message.lane == HELD, Message.state == "pending"))


def _count(found: dict[str, Lane]) -> None:
    open_states = ("leased", "sending", "unknown")
    for lane, state, count in _rows(
        select(Message.lane, Message.state, func.count())
        .where(Message.lane.in_(MESSAGE_LANES), Message.state.in_(open_states))
        .group_by(Message.lane, Message.state)
    ):
        setattr(found[lane], state, count)
    # No column says when a message failed; it was due at most moments before its last try.
    midnight = datetime.combine(local_today(wall()), time(), zone())
    for lane, count in _rows(
        select(Message.lane, func.count())
        .where(
            Message.lane.in_(MESSAGE_LANES),
            Message.state == "failed",
            Message.next_at >= midnight,
        )
        .group_by(Message.lane)
    ):
        found[lane].failed_today = count


def _age(found: dict[str, Lane]) -> None:
    current = wall()
    pending = (Message.lane.in_(MESSAGE_LANES), Message.state == "pending")
    for lane, count, first in _rows(
        select(Message.lane, func.count(), func.min(Message.next_at))
        .where(*pending, Message.next_at <= current)
        .group_by(Message.lane)
    ):
        found[lane].waiting, found[lane].oldest = count, current - first
    for lane, count in _rows(
        select(Message.lane, func.count())
        .where(*pending, Message.next_at > current)
        .group_by(Message.lane)
    ):
        found[lane].later = count


def _rates(found: dict[str, Lane]) -> None:
    """Accepted in the last minute, from the newest attempts."""
    since = wall() - timedelta(minutes=1)
    newest = (
        select(MessageAttempt.message_id, MessageAttempt.started_at, MessageAttempt.outcome)
        .order_by(MessageAttempt.id.desc())
        .limit(SAMPLE)
        .subquery()
    )
    looked, first = db.session.execute(select(func.count(), func.min(newest.c.started_at))).one()
    span = 60.0
    if looked >= SAMPLE and first is not None and first > since:
        span = max((wall() - first).total_seconds(), 1.0)
    for lane, count in _rows(
        select(Message.lane, func.count())
        .join(newest, newest.c.message_id == Message.id)
        .where(newest.c.outcome == "accepted", newest.c.started_at > since)
        .group_by(Message.lane)
    ):
        if lane in found:
            found[lane].rate = max(round(count * 60 / span), 1)


def _network(lane: Lane) -> None:
    """Stored callbacks and routers that are due; the lane carries no messages."""
    current = wall()
    firsts: list[datetime] = []
    for model, due in (
        (InboundHook, (InboundHook.state == "received", InboundHook.next_at <= current)),
        (NetworkAccess, (NetworkAccess.next_at <= current,)),
    ):
        count, first = db.session.execute(
            select(func.count(), func.min(model.next_at)).where(*due)
        ).one()
        lane.waiting += count
        if first is not None:
            firsts.append(first)
    lane.oldest = current - min(firsts) if firsts else None


@dataclass(frozen=True)
class Process:
    """One heartbeat; `alive` when it was heard within a minute, `silent` since when not."""

    role: str
    host: str
    pid: int
    started_at: datetime
    at: datetime
    alive: bool
    silent: timedelta


def processes() -> list[Process]:
    """The scheduler and the workers that were heard within a day, by role."""
    current = wall()
    rows: Sequence[Heartbeat] = db.session.scalars(
        select(Heartbeat).order_by(Heartbeat.role, Heartbeat.host, Heartbeat.pid)
    ).all()
    order = {role: place for place, role in enumerate(ROLES)}
    found = [
        Process(
            row.role,
            row.host,
            row.pid,
            row.started_at,
            row.at,
            current - row.at <= heartbeat.ALIVE,
            max(current - row.at, timedelta()),
        )
        for row in rows
    ]
    return sorted(found, key=lambda process: order.get(process.role, len(order)))


def missing_roles() -> list[str]:
    """Roles nobody alive plays."""
    living = {process.role for process in processes() if process.alive}
    return [role for role in ROLES if role not in living]


def _rows(statement: Any) -> Any:
    return db.session.execute(statement).all()


def _scalar(statement: Any) -> int:
    return db.session.scalar(statement) or 0
