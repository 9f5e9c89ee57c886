"""Claims: whatever the claimers do, a message has at most one holder, and late ones are refused."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.messaging import claims, recovery
from portal.messaging.claims import LEASE, Claimed, Ending
from portal.messaging.models import Message, MessageAttempt
from tests import factories
from tests.messaging.fakes import Provider
from tests.messaging.rows import message, queued

Steps = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), st.integers(1, 4)),
        st.tuples(st.just("one"), st.integers(0, 5)),
        st.tuples(st.just("back"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.integers(1, 120)),
        st.tuples(st.just("sweep"), st.just(0)),
    ),
    max_size=25,
)


def let_go(claimed: Claimed, state: str) -> None:
    claims.leave([Ending(claimed, state, "terlambat")])
    db.session.commit()


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(steps=Steps)
def test_a_message_has_at_most_one_holder_and_no_holder_forever(
    app: Flask, clock: FixedClock, steps: list[tuple[str, int]]
) -> None:
    db.session.execute(delete(Message))
    db.session.commit()
    ids = [queued(key=str(number)) for number in range(6)]
    held: dict[int, tuple[Claimed, datetime]] = {}

    def alive(message_id: int) -> bool:
        return message_id in held and clock.wall() <= held[message_id][1]

    for step, number in steps:
        if step == "wait":
            clock.move(seconds=number)
        elif step == "sweep":
            recovery.free_dead_leases()
            db.session.commit()
        elif step == "back":
            message_id = ids[number]
            if message_id in held:
                let_go(held.pop(message_id)[0], "pending")
        else:
            one_lane = step == "claim"
            taken = claims.claim("messages", number) if one_lane else claims.claim_one(ids[number])
            assert len(taken) <= max(number, 1)
            for claimed in taken:
                assert not alive(claimed.id), "two holders"
                held[claimed.id] = (claimed, clock.wall() + LEASE)

    clock.move(seconds=LEASE.total_seconds() + 1)
    recovery.free_dead_leases()
    db.session.commit()
    free = claims.claim("messages", 10)
    assert sorted(claimed.id for claimed in free) == ids, "a message was lost"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None
)
@given(late=st.sampled_from(["cancelled", "pending"]))
def test_a_late_holder_is_refused(app: Flask, clock: FixedClock, late: str) -> None:
    db.session.execute(delete(Message))
    db.session.commit()
    message_id = queued()
    (old,) = claims.claim_one(message_id)
    clock.move(seconds=LEASE.total_seconds() + 1)
    recovery.free_dead_leases()
    db.session.commit()
    (new,) = claims.claim_one(message_id)
    assert old.token != new.token

    let_go(old, late)

    row = message(message_id)
    assert (row.state, row.lease_token) == ("leased", new.token)


def test_claimers_side_by_side_share_the_rows_without_overlap(app: Flask) -> None:
    ids = [queued(key=str(number)) for number in range(80)]
    taken: list[int] = []
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        with app.app_context():
            while True:
                mine = claims.claim("messages", 5)
                if not mine:
                    return
                taken.extend(claimed.id for claimed in mine)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == sorted(ids)


def test_several_drains_at_once_send_each_message_once(app: Flask, provider: Provider) -> None:
    from portal.messaging import sending

    for number in range(60):
        queued(key=str(number))

    def work() -> None:
        with app.app_context():
            sending.drain("messages")
            sending.sweep()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(provider.arrived) == 60
    assert len(set(provider.keys())) == 60
    assert {row.state for row in factories.every(Message)} == {"accepted"}
    assert {row.outcome for row in factories.every(MessageAttempt)} == {"accepted"}


def test_only_what_is_due_is_claimed_the_longest_waiting_first(
    app: Flask, clock: FixedClock, tmp_path: Path
) -> None:
    first, second, later = (queued(key=str(number)) for number in range(3))
    db.session.get_one(Message, later).next_at = clock.wall() + timedelta(minutes=1)
    db.session.get_one(Message, first).next_at = clock.wall() - timedelta(minutes=1)
    db.session.get_one(Message, second).next_at = clock.wall() - timedelta(minutes=2)
    db.session.commit()

    assert [claimed.id for claimed in claims.claim("messages", 10)] == [second, first]
    assert claims.claim("bulk", 10) == []
    clock.move(minutes=2)
    assert [claimed.id for claimed in claims.claim("messages", 10)] == [later]
