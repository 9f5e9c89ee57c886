"""The list of channels for Settings > WhatsApp: place, state in words, use of today. Only reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, func, select

from portal.core.driverkit import Misconfigured
from portal.core.recipients import PHONE, PREFIX
from portal.extensions import db
from portal.infra.timekeeping import wall, zone
from portal.messaging import channel_limits, channels, pacing
from portal.messaging.channels import ENV_KEY, ActiveChannel
from portal.messaging.limits import ROLLING, unlimited
from portal.messaging.models import Message, MessageAttempt
from portal.messaging.models_channels import Channel, ChannelContact, ChannelMeter
from portal.messaging.registry import REGISTRY
from portal.web.filters import datetime_id, time_id

WAITING = ("pending", "leased")
LOOK_BACK = 20_000
"""Attempts that are counted for a channel without limits: its meter counts nothing."""


@dataclass(frozen=True)
class State:
    """A badge and a sentence; `level` as the badges have it."""

    level: str
    label: str
    sentence: str = ""


@dataclass(frozen=True)
class Row:
    """One channel of the list. `place` counts from 0 among those in force, None without.
    `beside`: in force for others than phones, so that it replaces nobody and nobody it."""

    channel: ActiveChannel
    place: int | None
    last: bool
    state: State
    driver_label: str
    used: int
    cap: int | None
    last_success: datetime | None
    last_failure: datetime | None
    beside: bool = False

    @property
    def key(self) -> str:
        return self.channel.key

    @property
    def alone(self) -> bool:
        """Whether it writes to others than phones, with no order and no stand-in."""
        return self.channel.reach != PHONE

    @property
    def stored(self) -> bool:
        """Whether it has a row of its own; the environment's has none."""
        return self.channel.id is not None

    @property
    def title(self) -> str:
        """Utama, Cadangan 1, Cadangan 2 ..."""
        if self.beside:
            return _("Di samping WhatsApp")
        if self.place is None:
            return _("Tidak dipakai")
        return _("Utama") if self.place == 0 else _("Cadangan %(number)s", number=self.place)


def rows() -> tuple[list[Row], list[Row]]:
    """The channels in force in their order, those beside them last; and the stored ones that
    are not in force."""
    in_force, beside = _in_force(), channels.beside()
    keys = {channel.key for channel in [*in_force, *beside]}
    ids = db.session.scalars(select(Channel.id).order_by(Channel.id)).all()
    others = [found for i in ids if str(i) not in keys and (found := channels.by_key(str(i)))]
    meters = {row.key: row for row in db.session.scalars(select(ChannelMeter))}
    counted = _counted([*in_force, *beside, *others])
    made = [
        _row(channel, place, len(in_force), meters.get(channel.key), counted)
        for place, channel in enumerate(in_force)
    ]
    made += [
        replace(_row(channel, 0, 1, meters.get(channel.key), counted), beside=True)
        for channel in beside
    ]
    rest = [_row(channel, None, 0, meters.get(channel.key), counted) for channel in others]
    return made, rest


def _in_force() -> Sequence[ActiveChannel]:
    """An environment whose saved part cannot be read any more is no channel."""
    try:
        return channels.in_order()
    except Misconfigured:
        return []


def environment() -> ActiveChannel | None:
    """The environment's channel, in force or not."""
    try:
        return channels.by_key(ENV_KEY)
    except Misconfigured:
        return None


def _row(
    channel: ActiveChannel,
    place: int | None,
    count: int,
    meter: ChannelMeter | None,
    counted: Mapping[int | None, int],
) -> Row:
    today = channel_limits.today()
    used = counted.get(channel.id, 0)
    if meter is not None and meter.day == today:
        used = max(used, meter.day_used)
    known = channel.kind in REGISTRY
    cap = pacing.day_cap(channel.limits, channel.warm_from, today)
    return Row(
        channel=channel,
        place=place,
        last=place == count - 1,
        state=state_of(channel, used, cap, in_force=place is not None),
        driver_label=REGISTRY.get(channel.kind).label if known else channel.kind,
        used=used,
        cap=cap,
        last_success=meter.last_success_at if meter else None,
        last_failure=meter.last_failure_at if meter else None,
    )


def state_of(channel: ActiveChannel, used: int, cap: int | None, *, in_force: bool = True) -> State:
    """How a channel is doing, the most serious first."""
    if trouble := trouble_of(channel):
        return trouble
    if not in_force:
        return State("mute", _("Siap, tidak dipakai"))
    if channel.paused:
        return _resting(channel)
    if channel.on_trial:
        words = _("Satu pesan sekali jalan, sampai ada yang berhasil.")
        return State("warn", _("Percobaan setelah jeda"), words)
    full = _full(channel, used, cap)
    if full:
        return full
    turn = channel_limits.warm_day(channel.warm_from)
    if turn:
        words = _("Hari ini paling banyak %(count)s pesan.", count=cap)
        return State("info", _("Pemanasan hari ke-%(day)s", day=turn), words)
    return State("ok", _("Berjalan"))


def trouble_of(channel: ActiveChannel) -> State | None:
    """What makes a channel unusable until a person acts; None when nothing does."""
    if channel.problem:
        return State("bad", _("Bermasalah"), channel.problem)
    errors = REGISTRY.get(channel.kind).check_config(channel.config)
    if errors:
        return State("bad", _("Tidak lengkap"), next(iter(errors.values())))
    return None


def _resting(channel: ActiveChannel) -> State:
    why = channel.pause_reason
    if channel.pause_kind == "manual":
        return State("warn", _("Dijeda petugas"), why)
    assert channel.paused_until is not None
    same_day = _local(channel.paused_until) == _local(wall())
    until = (time_id if same_day else datetime_id)(channel.paused_until)
    level = "warn" if channel.pause_kind == "rate" else "bad"
    return State(level, _("Dijeda sampai %(until)s", until=until), why)


def _local(stamp: datetime) -> Any:
    return stamp.astimezone(zone()).date()


def _full(channel: ActiveChannel, used: int, cap: int | None) -> State | None:
    if cap is not None and used >= cap:
        words = _("Pesan biasa lewat cadangan atau menunggu besok; kode login tetap berangkat.")
        return State("warn", _("Batas harian tercapai"), words)
    most = channel.limits.recipients_per_day
    if most and distinct(channel.key) >= most:
        words = _("Nomor baru menunggu; nomor yang sudah dikirimi hari ini tetap dilayani.")
        return State("warn", _("Batas nomor 24 jam tercapai"), words)
    return None


def distinct(key: str) -> int:
    """How many numbers a channel wrote to in the last 24 hours."""
    statement = select(func.count()).where(
        ChannelContact.key == key, ChannelContact.last_at > wall() - ROLLING
    )
    return db.session.scalar(statement) or 0


def _counted(shown: Sequence[ActiveChannel]) -> dict[int | None, int]:
    """Sent today by channels whose meter does not count, among the latest attempts."""
    if not any(unlimited(channel) for channel in shown):
        return {}
    midnight = datetime.combine(channel_limits.today(), time(), zone()).astimezone(UTC)
    latest = (
        select(MessageAttempt.channel_id, MessageAttempt.started_at, MessageAttempt.outcome)
        .order_by(MessageAttempt.id.desc())
        .limit(LOOK_BACK)
        .subquery()
    )
    found = db.session.execute(
        select(latest.c.channel_id, func.count())
        .where(latest.c.started_at >= midnight, latest.c.outcome == "accepted")
        .group_by(latest.c.channel_id)
    )
    return {row[0]: row[1] for row in found}


@dataclass(frozen=True)
class Departure:
    """What stopping a channel brings: `rerouted` messages leave by `next_label`, or wait when
    that is empty; `uncertain` ones that may be at this provider must be looked into."""

    rerouted: int
    uncertain: int
    next_label: str
    from_environment: bool = False


def departure(channel_id: int) -> Departure:
    """What would become of the queue without this channel."""
    key = str(channel_id)
    in_force = _in_force()
    if any(channel.key == key for channel in channels.beside()):
        return _departure_beside(key)
    rest = [channel for channel in in_force if channel.key != key]
    carries = next((channel.key for channel in in_force if channel.usable), "") == key
    env = environment() if not rest else None
    heirs = [channel for channel in rest if not trouble_of(channel)] or ([env] if env else [])
    waiting = _waiting(~Message.recipient.startswith(PREFIX))
    bound = db.session.scalar(waiting.where(Message.bound_to.like(f"{key}:%"))) or 0
    free = db.session.scalar(waiting.where(Message.bound_to.is_(None))) or 0
    return Departure(
        rerouted=free if carries or not rest else 0,
        uncertain=bound,
        next_label=heirs[0].label if heirs else "",
        from_environment=env is not None,
    )


def _waiting(whose: ColumnElement[bool]) -> Select[Any]:
    return select(func.count()).where(Message.state.in_(WAITING), whose)


def _departure_beside(key: str) -> Departure:
    """Nothing stands in for it: what is queued waits."""
    waiting = _waiting(Message.recipient.startswith(PREFIX))
    bound = db.session.scalar(waiting.where(Message.bound_to.like(f"{key}:%"))) or 0
    free = db.session.scalar(waiting.where(Message.bound_to.is_(None))) or 0
    return Departure(rerouted=free, uncertain=bound, next_label="")
