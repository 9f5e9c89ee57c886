"""Reserving slots under a channel's limits, for all workers on all machines together.

The arithmetic is in `pacing.py`; here the channel's meter is read and moved under its lock,
in the transaction that also marks the messages as being sent.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from random import SystemRandom

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db
from portal.infra.database import is_postgres
from portal.infra.timekeeping import wall, zone
from portal.messaging import meters, pacing
from portal.messaging.channels import ActiveChannel
from portal.messaging.claims import Claimed
from portal.messaging.models_channels import ChannelContact, ChannelMeter
from portal.messaging.pacing import Used

_random = SystemRandom()
HORIZON = timedelta(seconds=3)
"""How far ahead a slot may lie: claimed messages wait in a worker's memory until then."""
ROLLING = timedelta(hours=24)
FULL_DAY = "Batas harian saluran tercapai; dilanjutkan besok."
FULL_CIRCLE = "Batas jumlah penerima 24 jam saluran tercapai."
PAIR = "Terlalu rapat ke nomor yang sama; menunggu sebentar."


@dataclass(frozen=True)
class Grant:
    """A slot, or how many seconds to wait and why."""

    at: datetime | None
    wait: float = 0.0
    reason: str = ""

    @property
    def used_up(self) -> bool:
        """Whether it is the channel's day or circle that has no room left."""
        return self.at is None and self.reason in (FULL_DAY, FULL_CIRCLE)


@dataclass(frozen=True)
class Room:
    """How many a channel takes within the horizon, and in how many seconds it takes the first."""

    count: int | None
    wait: float = 0.0
    full_today: bool = False


def local_today(current: datetime) -> date:
    """The machine's date in the ISP's zone: caps of the day follow real days, not the demo's."""
    return current.astimezone(zone()).date()


def unlimited(channel: ActiveChannel) -> bool:
    """Whether nothing has to be counted at all."""
    limits = channel.limits
    return not channel.warm_from and not any(
        (
            limits.per_second,
            limits.per_minute,
            limits.per_day,
            limits.recipients_per_day,
            limits.spacing_max,
            limits.pair_seconds,
        )
    )


def full_today(channel: ActiveChannel) -> bool:
    """Whether the cap of the day is reached; what urgent messages may pass."""
    if not channel.warm_from and not channel.limits.per_day:
        return False
    used = _used(db.session.get(ChannelMeter, channel.key, populate_existing=True))
    return _left_today(channel, used, wall()) == 0


def room(channel: ActiveChannel, urgent: bool) -> Room:
    """What a worker may claim for now; reserves nothing. `count` None means any number."""
    if unlimited(channel):
        return Room(None)
    current = wall()
    used = _used(db.session.get(ChannelMeter, channel.key, populate_existing=True))
    left = None if urgent else _left_today(channel, used, current)
    if left == 0:
        return Room(0, 3600.0, full_today=True)
    count = 0
    slot, first = current, None
    while count < 500 and (left is None or count < left):
        slot, used = pacing.take(used, channel.limits, current, urgent, _random)
        first = slot if first is None else first
        if slot > current + HORIZON:
            break
        count += 1
    wait = max((first - current).total_seconds(), 0.0) if first else 0.0
    return Room(count, wait)


def reserve(channel: ActiveChannel, messages: Sequence[Claimed]) -> list[Grant]:
    """A slot for each message in turn, as far as limits and horizon allow.

    Holds the meter's lock until the caller commits. Urgent messages pass the cap of the day.
    """
    current = wall()
    if unlimited(channel):
        return [Grant(current)] * len(messages)
    meter = meters.locked(channel.key)
    used, today = _used(meter), local_today(current)
    circle = _Circle(channel, messages, current)
    grants = []
    for message in messages:
        left = None if message.urgent else _left_today(channel, used, current)
        grant, used = _one(channel, message, used, circle, current, left)
        if grant.at is not None:
            used = pacing.count_one(used, today)
            circle.write_down(message.recipient, grant.at)
        grants.append(grant)
    for name, value in asdict(used).items():
        setattr(meter, name, value)
    circle.store()
    db.session.flush()
    return grants


def _one(
    channel: ActiveChannel,
    message: Claimed,
    used: Used,
    circle: "_Circle",
    current: datetime,
    left: int | None,
) -> tuple[Grant, Used]:
    """The slot of one message, and the meter after it if there is one."""
    if left == 0:
        return Grant(None, 3600.0, FULL_DAY), used
    if not circle.has_room_for(message.recipient):
        return Grant(None, 1800.0, FULL_CIRCLE), used
    pair = circle.pair_opens(message.recipient)
    if pair > current + HORIZON:
        return Grant(None, (pair - current).total_seconds(), PAIR), used
    slot, after = pacing.take(used, channel.limits, current, message.urgent, _random)
    slot = max(slot, pair)
    if slot > current + HORIZON and not (message.urgent and slot <= current + 2 * HORIZON):
        return Grant(None, (slot - current).total_seconds() - HORIZON.total_seconds()), used
    return Grant(slot), after


def _used(meter: ChannelMeter | None) -> Used:
    if meter is None:
        return Used()
    return Used(
        meter.second_free_at,
        meter.minute_free_at,
        meter.gap_free_at,
        meter.day,
        meter.day_used,
    )


def _left_today(channel: ActiveChannel, used: Used, current: datetime) -> int | None:
    today = local_today(current)
    cap = pacing.day_cap(channel.limits, channel.warm_from, today)
    return pacing.left_today(used, cap, today)


class _Circle:
    """Whom the channel wrote to lately: for pairs, and for distinct numbers in 24 hours."""

    def __init__(
        self, channel: ActiveChannel, messages: Sequence[Claimed], current: datetime
    ) -> None:
        self.channel = channel
        self.current = current
        self.watched = bool(channel.limits.pair_seconds or channel.limits.recipients_per_day)
        self.known: dict[str, tuple[datetime, datetime]] = {}
        self.changed: dict[str, tuple[datetime, datetime]] = {}
        self.distinct = 0
        if not self.watched:
            return
        rows = db.session.execute(
            select(
                ChannelContact.recipient, ChannelContact.pair_free_at, ChannelContact.last_at
            ).where(
                ChannelContact.key == channel.key,
                ChannelContact.recipient.in_({message.recipient for message in messages}),
            )
        )
        self.known = {row.recipient: (row.pair_free_at, row.last_at) for row in rows}
        if channel.limits.recipients_per_day:
            self.distinct = (
                db.session.scalar(
                    select(func.count()).where(
                        ChannelContact.key == channel.key,
                        ChannelContact.last_at > current - ROLLING,
                    )
                )
                or 0
            )

    def _recent(self, recipient: str) -> bool:
        known = self.known.get(recipient)
        return known is not None and known[1] > self.current - ROLLING

    def has_room_for(self, recipient: str) -> bool:
        """Whether this number fits under the limit on distinct ones."""
        most = self.channel.limits.recipients_per_day
        return not most or self._recent(recipient) or self.distinct < most

    def pair_opens(self, recipient: str) -> datetime:
        """When this number may get its next message."""
        free_at = self.known.get(recipient, (None, None))[0]
        return pacing.pair_slot(free_at, self.channel.limits, self.current)[0]

    def write_down(self, recipient: str, at: datetime) -> None:
        """This number gets a message at that moment."""
        if not self.watched:
            return
        if not self._recent(recipient):
            self.distinct += 1
        free_at = self.known.get(recipient, (None, None))[0]
        after = pacing.pair_slot(free_at, self.channel.limits, at)[1] or at
        self.known[recipient] = self.changed[recipient] = (after, at)

    def store(self) -> None:
        """Keep what changed."""
        if not self.changed:
            return
        insert = (postgresql if is_postgres() else sqlite).insert(ChannelContact)
        db.session.execute(
            insert.on_conflict_do_update(
                index_elements=["key", "recipient"],
                set_={
                    "pair_free_at": insert.excluded.pair_free_at,
                    "last_at": insert.excluded.last_at,
                },
            ),
            [
                {
                    "key": self.channel.key,
                    "recipient": recipient,
                    "pair_free_at": free_at,
                    "last_at": at,
                }
                for recipient, (free_at, at) in self.changed.items()
            ],
        )
