"""From a confirmed broadcast to messages: nobody twice, nobody lost, whatever dies."""

import pytest
from flask import Flask
from sqlalchemy import update

from portal.broadcasts import expansion, service
from portal.broadcasts.audience import Audience
from portal.broadcasts.models import Broadcast
from portal.extensions import db
from portal.messaging import optouts, sending
from tests import factories
from tests.broadcasts.crowd import (
    broadcast,
    confirmed,
    crowd,
    customers_of,
    once_each,
    queued,
    tick,
)
from tests.messaging.conftest import deduping, provider
from tests.messaging.fakes import Killed, Provider

__all__ = ["deduping", "provider"]
POINTS = ("broadcasts.read", "broadcasts.queued", "broadcasts.committed")


def test_a_tick_queues_everybody_once_with_their_own_words(app: Flask) -> None:
    budi = factories.customer(name="Budi *tebal* [[customer_number]]", language="en")
    tini = factories.customer(name="Tini")
    for person in (budi, tini):
        factories.subscription(person)
    broadcast_id = confirmed("Halo [[name]] ([[customer_number]]), *maaf*.")
    tick()
    first, second = queued(broadcast_id)
    assert first.params == {
        "text": f"Halo Budi \uff0atebal\uff0a ((customer_number)) ({budi.number}), *maaf*."
    }
    assert second.params == {"text": f"Halo Tini ({tini.number}), *maaf*."}
    assert (first.language, second.language) == ("en", "id")
    assert first.dedupe_key == f"broadcast:{broadcast_id}:{budi.id}"
    assert (first.kind, first.lane, first.state) == ("broadcast", "bulk", "pending")
    tick()
    assert len(queued(broadcast_id)) == 2
    row = broadcast(broadcast_id)
    assert (row.state, row.total, row.queued, row.skipped) == ("sending", 2, 2, 0)


def test_one_that_cannot_go_on_does_not_stop_the_others(app: Flask) -> None:
    factories.subscription(factories.customer())
    first, second = confirmed("Satu"), confirmed("Dua")
    db.session.execute(update(Broadcast).where(Broadcast.id == first).values(audience=["rusak"]))
    db.session.commit()
    tick()
    assert (len(queued(first)), len(queued(second))) == (0, 1)


@pytest.mark.parametrize("chunk", [1, 2, 3])
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_any_point_doubles_and_loses_nobody(app: Flask, point: str, chunk: int) -> None:
    ids = crowd(1_100)
    broadcast_id = confirmed()
    passed = []

    def die(name: str) -> None:
        passed.append(name)
        if name == point and passed.count(name) == chunk:
            raise Killed

    app.extensions["loket.checkpoint"] = die
    with pytest.raises(Killed):
        tick()
    db.session.rollback()
    done = chunk if point == "broadcasts.committed" else chunk - 1
    assert sum(customers_of(broadcast_id).values()) == min(done * expansion.CHUNK, 1_100)
    tick()
    assert customers_of(broadcast_id) == once_each(ids)
    row = broadcast(broadcast_id)
    assert (row.queued, row.skipped, row.cursor) == (1_100, 0, ids[-1])


def test_crashing_again_and_again_still_ends_with_everybody_once(app: Flask) -> None:
    ids = crowd(1_300)
    broadcast_id = confirmed()
    steps = iter([1, 2, 4, 3, 1, 2, 5, 1, 100])
    left = 0

    def die(_name: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    app.extensions["loket.checkpoint"] = die
    for step in steps:
        left = step
        try:
            tick()
        except Killed:
            db.session.rollback()
    assert customers_of(broadcast_id) == once_each(ids)
    assert broadcast(broadcast_id).queued == 1_300


def test_one_number_gets_one_copy_of_the_same_text_across_chunks(app: Flask) -> None:
    ids = crowd(1_200, shared_every=100)
    same = confirmed("Sama untuk semua.")
    tick()
    assert broadcast(same).total == broadcast(same).queued == 1_200 - 11
    assert broadcast(same).skipped == 11
    assert len({row.recipient for row in queued(same)}) == len(queued(same))
    own = confirmed("Halo [[name]].")
    tick()
    assert customers_of(own) == once_each(ids)
    assert broadcast(own).total == 1_200


def test_who_was_counted_for_a_number_and_left_meanwhile_does_not_double_it(app: Flask) -> None:
    """The first of a number pays between two chunks; the second one's turn brings no copy."""
    ids = crowd(700, shared_every=600)
    broadcast_id = confirmed("Sama.", Audience(language="id"))

    def change(name: str) -> None:
        if name == "broadcasts.committed":
            first = factories.Customer
            db.session.execute(update(first).where(first.id == ids[0]).values(language="en"))
            db.session.commit()

    app.extensions["loket.checkpoint"] = change
    tick()
    phones = [row.recipient for row in queued(broadcast_id)]
    assert len(phones) == len(set(phones)) == 699


def test_it_is_done_when_the_last_message_has_left(app: Flask, provider: Provider) -> None:
    crowd(3)
    broadcast_id = confirmed()
    tick()
    assert broadcast(broadcast_id).state == "sending"
    sending.drain("bulk")
    tick()
    assert len(provider.arrived) == 3
    row = broadcast(broadcast_id)
    assert row.state == "done" and row.finished_at is not None


def test_refusing_between_confirming_and_sending_is_respected(
    app: Flask, provider: Provider
) -> None:
    ids = crowd(4)
    optouts.set(ids[0], "broadcast", "customer")
    db.session.commit()
    broadcast_id = confirmed()
    assert broadcast(broadcast_id).total == 3
    optouts.set(ids[1], "broadcast", "customer")
    db.session.commit()
    tick()
    assert customers_of(broadcast_id) == once_each(ids[2:])
    assert broadcast(broadcast_id).skipped == 2
    optouts.set(ids[2], "broadcast", "customer")
    db.session.commit()
    sending.drain("bulk")
    states = {row.customer_id: row.state for row in queued(broadcast_id)}
    assert states == {ids[2]: "cancelled", ids[3]: "accepted"}
    assert len(provider.arrived) == 1


def test_customers_who_came_after_confirming_are_not_meant(app: Flask) -> None:
    ids = crowd(2)
    broadcast_id = confirmed()
    crowd(2)
    tick()
    service.pause(broadcast_id)
    service.resume(broadcast_id)
    db.session.commit()
    tick()
    assert customers_of(broadcast_id) == once_each(ids)
