"""Claims: whatever the claimers do, a message has at most one holder, and late ones are refused."""

import threading
from datetime import timedelta
from pathlib import Path

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.locks import LEASE
from portal.messaging import claims, recovery
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
    held: dict[int, tuple[str, object]] = {}  # id -> token, until

    def alive(message_id: int) -> bool:
        return message_id in held and clock.wall() <= held[message_id][1]  # type: ignore[operator]

    for step, number in steps:
        if step == "wait":
            clock.move(seconds=number)
        elif step == "sweep":
            recovery.free_dead_leases()
            db.session.commit()
        elif step == "back":
            message_id = ids[number]
            if message_id in held:
                claims.give_back(message_id, held.pop(message_id)[0], 0)
        else:
            if step == "claim":
                token, taken = claims.claim("messages", number)
                assert len(taken) <= number
            else:
                one = claims.claim_one(ids[number])
                token, taken = one or "", [ids[number]] if one else []
            for message_id in taken:
                assert not alive(message_id), "two holders"
                held[message_id] = (token, clock.wall() + LEASE)

    clock.move(seconds=LEASE.total_seconds() + 1)
    recovery.free_dead_leases()
    db.session.commit()
    _, free = claims.claim("messages", 10)
    assert sorted(free) == ids, "a message was lost"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None
)
@given(late=st.sampled_from(["leave", "give_back"]))
def test_a_late_holder_is_refused(app: Flask, clock: FixedClock, late: str) -> None:
    db.session.execute(delete(Message))
    db.session.commit()
    message_id = queued()
    old = claims.claim_one(message_id)
    clock.move(seconds=LEASE.total_seconds() + 1)
    recovery.free_dead_leases()
    db.session.commit()
    new = claims.claim_one(message_id)
    assert old and new and old != new

    if late == "leave":
        claims.leave(message_id, old, "cancelled", "terlambat")
    else:
        claims.give_back(message_id, old, 0)

    row = message(message_id)
    assert (row.state, row.lease_token) == ("leased", new)


def test_claimers_side_by_side_share_the_rows_without_overlap(app: Flask) -> None:
    ids = [queued(key=str(number)) for number in range(80)]
    taken: list[int] = []
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        with app.app_context():
            while True:
                _, mine = claims.claim("messages", 5)
                if not mine:
                    return
                taken.extend(mine)

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

    assert claims.claim("messages", 10)[1] == [second, first]
    assert claims.claim("bulk", 10)[1] == []
    clock.move(minutes=2)
    assert claims.claim("messages", 10)[1] == [later]
