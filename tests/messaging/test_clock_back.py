"""Somebody set the clock back: nothing waits until the old time comes again."""

from datetime import timedelta

from flask import Flask

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.schedule import ScheduleRun
from portal.messaging import channels, claims, meters, sending
from portal.messaging.models import Message
from portal.messaging.models_channels import ChannelMeter
from tests.messaging.fakes import Provider
from tests.messaging.rows import message, queued


def swept(clock: FixedClock) -> None:
    """A sweep as the timetable runs it."""
    sending.sweep()
    row = db.session.get(ScheduleRun, "sweep_messages") or ScheduleRun(name="sweep_messages")
    row.finished_at = clock.wall()
    db.session.add(row)
    db.session.commit()


def test_what_was_due_or_soon_is_due_and_tomorrow_stays_tomorrow(
    app: Flask, clock: FixedClock
) -> None:
    due, soon, later = queued(key="due"), queued(key="soon"), queued(key="later")
    swept(clock)
    # A retry that was put off after the last sweep before the change.
    db.session.get_one(Message, soon).next_at = clock.wall() + timedelta(seconds=3)
    db.session.get_one(Message, later).next_at = clock.wall() + timedelta(hours=9)
    db.session.commit()
    clock.move(hours=-1)
    swept(clock)

    assert {claimed.id for claimed in claims.claim("messages", 10)} == {due, soon}
    assert message(later).next_at > clock.wall() + timedelta(hours=9)


def test_a_lease_from_the_future_ends(app: Flask, clock: FixedClock) -> None:
    message_id = queued()
    claims.claim_one(message_id)
    swept(clock)
    clock.move(hours=-1)
    swept(clock)
    clock.move(seconds=claims.LEASE.total_seconds() + 1)
    swept(clock)
    assert message(message_id).state == "pending"


def test_limits_and_pauses_move_with_the_clock(provider: Provider, clock: FixedClock) -> None:
    meters.pause(channels.active(), "misconfigured", "x", 300)  # type: ignore[arg-type]
    db.session.commit()
    swept(clock)
    clock.move(hours=-1)
    swept(clock)
    db.session.rollback()
    meter = db.session.query(ChannelMeter).one()
    assert meter.paused_until == clock.wall() + timedelta(seconds=300)


def test_a_clock_that_only_goes_forward_changes_nothing(app: Flask, clock: FixedClock) -> None:
    waiting = queued()
    db.session.get_one(Message, waiting).next_at = clock.wall() + timedelta(minutes=5)
    db.session.commit()
    before = message(waiting).next_at
    for _ in range(3):
        swept(clock)
        clock.move(seconds=5)
    assert message(waiting).next_at == before
