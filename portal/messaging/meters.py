"""How channels are doing: pauses, trials after a pause, failures in a row. No configuration.

A meter is a row per channel; it is changed by guarded or locking statements, since every
worker writes it. The caller commits.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db
from portal.infra.database import is_postgres, updated
from portal.infra.timekeeping import wall
from portal.messaging import notices
from portal.messaging.channels import ActiveChannel
from portal.messaging.models_channels import Channel, ChannelMeter

BURST = 10
"""Failures in a row, over all workers, after which a channel rests."""
PAUSE_SECONDS = 60
LONGEST_PAUSE_SECONDS = 1800
FOR_EVER = timedelta(days=3650)


def locked(key: str) -> ChannelMeter:
    """The channel's meter, made when missing, locked until the caller commits."""
    insert = (postgresql if is_postgres() else sqlite).insert(ChannelMeter)
    db.session.execute(
        insert.values(
            key=key,
            day_used=0,
            failures=0,
            strikes=0,
            on_trial=False,
            pause_kind="",
            pause_reason="",
        ).on_conflict_do_nothing(index_elements=["key"])
    )
    return db.session.scalars(
        select(ChannelMeter)
        .where(ChannelMeter.key == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def pause(channel: ActiveChannel, kind: str, reason: str, seconds: float | None = None) -> bool:
    """Send nothing through this channel for a while; True when it was not resting yet.

    Without `seconds` the rest doubles with every pause since the last success. Staff are
    told once per failure, not once per pause. A configuration saved meanwhile is not
    punished for the old one's failure.
    """
    if not _as_configured(channel):
        return False
    meter = locked(channel.key)
    current = wall()
    if meter.pause_kind == "manual" and meter.paused_until and meter.paused_until > current:
        return False
    resting = meter.paused_until is not None and meter.paused_until > current
    if resting and meter.pause_kind == "rate" and kind != "rate":
        resting = False  # a wait it asked for is no answer to a failure
    if seconds is None:
        seconds = min(PAUSE_SECONDS * 2 ** min(meter.strikes, 10), LONGEST_PAUSE_SECONDS)
    until = current + timedelta(seconds=seconds)
    if resting and meter.paused_until and meter.paused_until >= until:
        return False
    first = meter.strikes == 0 and kind in {"burst", "misconfigured"}
    if not resting:
        meter.paused_at = current
        if kind != "rate":
            meter.strikes += 1
            meter.on_trial = True
    meter.paused_until, meter.pause_kind, meter.pause_reason = until, kind, reason[:500]
    meter.failures = 0
    db.session.flush()
    if first:
        notices.channel_paused(channel.key, channel.label, reason, current)
    return not resting


def clock_went_back(by: timedelta) -> None:
    """Move every moment a meter waits for as far as the clock was moved."""
    moments = ("second_free_at", "minute_free_at", "gap_free_at", "paused_at", "paused_until")
    for key in db.session.scalars(select(ChannelMeter.key)).all():
        meter = locked(key)
        for name in moments:
            stamp: datetime | None = getattr(meter, name)
            if stamp is not None and meter.pause_kind != "manual":
                setattr(meter, name, stamp - by)
    db.session.flush()


def pause_by_hand(key: str, reason: str) -> None:
    """Until a person says otherwise."""
    meter = locked(key)
    meter.paused_at = wall()
    meter.paused_until, meter.pause_kind = wall() + FOR_EVER, "manual"
    meter.pause_reason = reason[:500]
    db.session.flush()


def resume(key: str) -> None:
    """End the pause of a channel; its history starts anew."""
    updated(
        update(ChannelMeter)
        .where(ChannelMeter.key == key)
        .values(
            paused_until=None,
            paused_at=None,
            pause_kind="",
            pause_reason="",
            failures=0,
            strikes=0,
            on_trial=False,
        ),
        refresh=True,
    )


def record(channel: ActiveChannel, successes: int, failures: int, reason: str) -> None:
    """What a batch brought. One success ends a trial; a burst of failures begins a pause.

    What the configuration before this one brought says nothing about it.
    """
    if not (successes or failures) or not _as_configured(channel):
        return
    meter = locked(channel.key)
    current: datetime = wall()
    if successes:
        meter.last_success_at = current
        meter.strikes, meter.on_trial = 0, False
    if failures:
        meter.last_failure_at = current
    # A few failures among many successes are the messages' trouble, not the channel's.
    healthy = successes * 4 >= failures
    meter.failures = 0 if healthy else meter.failures + failures
    db.session.flush()
    if meter.failures >= (1 if meter.on_trial else BURST):
        pause(channel, "burst", reason)


def _as_configured(channel: ActiveChannel) -> bool:
    if channel.id is None:
        return True
    found = db.session.scalar(select(Channel.updated_at).where(Channel.id == channel.id))
    return found is not None and found == channel.updated_at
