"""Limits on real rows: reserved by many workers at once, and never exceeded together."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.messaging import limits
from portal.messaging.channels import ActiveChannel
from portal.messaging.claims import Claimed
from portal.messaging.drivers.base import Limits
from portal.messaging.limits import FULL_CIRCLE, FULL_DAY, HORIZON, PAIR, Grant
from portal.messaging.models_channels import ChannelContact, ChannelMeter
from tests import factories
from tests.messaging.parts import SECOND, channel, claimed
from tests.messaging.test_pacing import busiest

WORKERS = 4


def reserve(chosen: ActiveChannel, *messages: Claimed) -> list[Grant]:
    grants = limits.reserve(chosen, messages)
    db.session.commit()
    return grants


def rows(model: type[ChannelContact] | type[ChannelMeter]) -> int:
    found = db.session.scalar(select(func.count()).select_from(model))
    db.session.rollback()
    return found or 0


def in_parallel(app: Flask, work: Callable[[int], None]) -> None:
    start, trouble = threading.Barrier(WORKERS), []

    def run(worker: int) -> None:
        start.wait()
        try:
            with app.app_context():
                work(worker)
        except Exception as error:
            trouble.append(error)

    threads = [threading.Thread(target=run, args=(worker,)) for worker in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble


def side_by_side(
    app: Flask, clock: FixedClock, chosen: ActiveChannel, rounds: int, step: float
) -> list[tuple[datetime, str]]:
    """Four workers asking for more than there is, round after round: (slot, recipient)."""
    found: list[tuple[datetime, str]] = []
    serial = count(1)
    for turn in range(rounds):

        def work(worker: int, turn: int = turn) -> None:
            for begin in (0, 1, 2):
                urgent = (turn + worker + begin) % 3 == 0
                messages = [
                    claimed(n, recipient=f"+62812{n % 37:06d}", urgent=urgent)
                    for n in (next(serial) for _ in range(6))
                ]
                for message, grant in zip(messages, reserve(chosen, *messages), strict=True):
                    if grant.at is not None:
                        found.append((grant.at, message.recipient))

        in_parallel(app, work)
        clock.move(seconds=step)
    return found


@pytest.mark.parametrize("allowed", [2, 20, 60])
def test_workers_together_keep_the_limit_of_a_minute(
    app: Flask, clock: FixedClock, allowed: int
) -> None:
    chosen = channel(limits=Limits(per_minute=allowed))

    granted = side_by_side(app, clock, chosen, rounds=30, step=3)

    slots = [at for at, _ in granted]
    assert busiest(slots, timedelta(seconds=60)) <= allowed
    assert len(slots) >= allowed * 1.5 * 0.6
    assert factories.fresh(ChannelMeter, "1").day_used == len(slots)


def test_workers_together_keep_the_limit_of_a_second(app: Flask, clock: FixedClock) -> None:
    chosen = channel(limits=Limits(per_second=10))

    slots = [at for at, _ in side_by_side(app, clock, chosen, rounds=8, step=1)]

    assert busiest(slots, SECOND) <= 10
    assert len(slots) >= 60


def test_workers_together_keep_the_cap_of_a_day(app: Flask, clock: FixedClock) -> None:
    chosen = channel(limits=Limits(per_day=50))
    granted: list[Grant] = []

    def work(worker: int) -> None:
        for turn in range(10):
            granted.extend(reserve(chosen, *(claimed(turn * 4 + n) for n in range(4))))

    in_parallel(app, work)

    assert sum(grant.at is not None for grant in granted) == 50
    assert {grant.reason for grant in granted if grant.at is None} == {FULL_DAY}
    assert factories.fresh(ChannelMeter, "1").day_used == 50


def test_workers_together_keep_the_limit_on_recipients(app: Flask, clock: FixedClock) -> None:
    chosen = channel(limits=Limits(recipients_per_day=25))
    granted: list[tuple[str, Grant]] = []

    def work(worker: int) -> None:
        for turn in range(10):
            messages = [claimed(recipient=f"+628{worker}{turn}{n}") for n in range(3)]
            for message, grant in zip(messages, reserve(chosen, *messages), strict=True):
                granted.append((message.recipient, grant))

    in_parallel(app, work)

    reached = {recipient for recipient, grant in granted if grant.at is not None}
    assert len(reached) == 25
    assert rows(ChannelContact) == 25
    assert {grant.reason for _, grant in granted if grant.at is None} == {FULL_CIRCLE}


def test_who_was_written_to_already_is_no_new_recipient(app: Flask, clock: FixedClock) -> None:
    chosen = channel(limits=Limits(recipients_per_day=1))
    known, other = claimed(recipient="+628111111"), claimed(recipient="+628222222")
    assert reserve(chosen, known, other, known)[0].at
    clock.move(hours=23)

    again = reserve(chosen, other, known)
    assert [grant.at is not None for grant in again] == [False, True]

    clock.move(hours=25)
    assert [grant.at is not None for grant in reserve(chosen, other, known)] == [True, False]


def test_the_burst_of_one_number_does_not_hold_up_others(app: Flask, clock: FixedClock) -> None:
    chosen = channel(limits=Limits(pair_seconds=6, pair_burst=2))
    talked, other = claimed(recipient="+628111111"), claimed(recipient="+628222222")

    grants = reserve(chosen, talked, talked, talked, other)
    assert [grant.at is not None for grant in grants] == [True, True, False, True]
    assert (grants[2].reason, grants[2].wait) == (PAIR, 6)
    clock.move(seconds=6)
    assert reserve(chosen, talked)[0].at == clock.wall()


def test_urgent_messages_pass_the_cap_of_the_day_and_are_counted(
    app: Flask, clock: FixedClock
) -> None:
    chosen = channel(limits=Limits(per_day=2))
    reserve(chosen, claimed(1), claimed(2))

    bulk, urgent = reserve(chosen, claimed(3), claimed(4, urgent=True))

    assert (bulk.at, bulk.reason) == (None, FULL_DAY)
    assert urgent.at == clock.wall()
    assert factories.fresh(ChannelMeter, "1").day_used == 3
    assert limits.room(chosen, urgent=False).full_today
    assert not limits.room(chosen, urgent=True).full_today


@pytest.mark.parametrize("warming", [False, True])
def test_full_today_is_what_room_says(app: Flask, clock: FixedClock, warming: bool) -> None:
    chosen = channel(
        limits=Limits(per_day=0 if warming else 3, per_minute=600),
        warm_from=clock.today() if warming else None,
    )
    heard = []
    for number in range(21):
        heard.append(limits.full_today(chosen))
        assert heard[-1] == limits.room(chosen, urgent=False).full_today
        reserve(chosen, claimed(number))
        clock.move(seconds=1)

    assert heard.count(False) == (20 if warming else 3)
    clock.move(days=1)
    assert not limits.full_today(chosen)


def test_without_a_cap_no_day_is_ever_full(app: Flask, clock: FixedClock) -> None:
    chosen = channel(limits=Limits(per_minute=600, recipients_per_day=1))
    reserve(chosen, claimed(1), claimed(2))

    assert not limits.full_today(chosen)


def test_a_new_day_begins_at_midnight_of_the_isp(app: Flask, clock: FixedClock) -> None:
    chosen = channel(limits=Limits(per_day=1))
    clock.move(hours=13, minutes=59)  # 23:59 in Jakarta
    reserve(chosen, claimed(1))
    assert reserve(chosen, claimed(2))[0].at is None

    clock.move(minutes=1)
    assert reserve(chosen, claimed(2))[0].at is not None


def test_a_warming_number_is_capped_without_any_other_limit(app: Flask, clock: FixedClock) -> None:
    chosen = channel(warm_from=clock.today())
    assert not limits.unlimited(chosen)

    granted = reserve(chosen, *(claimed(n) for n in range(30)))

    assert sum(grant.at is not None for grant in granted) == 20


def test_room_says_what_reserve_then_grants(app: Flask, clock: FixedClock) -> None:
    chosen = channel(limits=Limits(per_minute=60))
    room = limits.room(chosen, urgent=False)
    db.session.rollback()
    assert room.count is not None

    granted = reserve(chosen, *(claimed(n) for n in range(10)))
    assert sum(grant.at is not None for grant in granted) == room.count >= 2
    assert all(clock.wall() <= grant.at <= clock.wall() + HORIZON for grant in granted if grant.at)

    after = limits.room(chosen, urgent=False)
    db.session.rollback()
    assert after.count == 0
    assert 0 < after.wait <= HORIZON.total_seconds() + 2


def test_room_reserves_nothing(app: Flask, clock: FixedClock) -> None:
    chosen = channel(limits=Limits(per_minute=60, per_day=9))
    for _ in range(3):
        assert limits.room(chosen, urgent=False).count
        db.session.rollback()

    assert rows(ChannelMeter) == 0


def test_without_limits_nothing_is_counted(app: Flask, clock: FixedClock) -> None:
    grants = reserve(channel(), *(claimed(n) for n in range(500)))

    assert {grant.at for grant in grants} == {clock.wall()}
    assert limits.room(channel(), urgent=False).count is None
    assert rows(ChannelMeter) == 0


def test_what_is_rolled_back_was_never_used(app: Flask, clock: FixedClock) -> None:
    chosen = channel(limits=Limits(per_day=1, recipients_per_day=1))
    assert limits.reserve(chosen, [claimed()])[0].at
    db.session.rollback()

    assert reserve(chosen, claimed(recipient="+628999999"))[0].at


def test_two_channels_count_apart(app: Flask, clock: FixedClock) -> None:
    first, second = channel(1, Limits(per_day=1)), channel(2, Limits(per_day=1))

    assert reserve(first, claimed(1))[0].at
    assert reserve(second, claimed(2))[0].at
    assert reserve(first, claimed(3))[0].at is None
