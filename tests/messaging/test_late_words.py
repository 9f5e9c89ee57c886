"""Words that come late, twice, or in any order: they count, and double nothing."""

import threading
from datetime import timedelta
from random import Random

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Permanent
from portal.extensions import db
from portal.messaging import channel_config, receipts, sending
from portal.messaging.drivers.base import DeliveryEvent, OutgoingMessage, Receipt
from portal.messaging.models import Message
from tests import factories
from tests.messaging.fakes import Deduping, Provider, registered
from tests.messaging.parts import elsewhere
from tests.messaging.rows import attempts, message, queued


def rounds(clock: FixedClock, count: int = 8) -> None:
    for _ in range(count):
        sending.drain("messages")
        clock.move(minutes=20)


@pytest.mark.parametrize("idempotent", [False, True])
def test_an_answer_after_the_sweep_still_counts_and_doubles_nothing(
    app: Flask, clock: FixedClock, idempotent: bool
) -> None:
    with registered(Deduping(), "sleepy", idempotent=idempotent) as far:
        channel_config.choose("sleepy")
        db.session.commit()
        message_id, swept = queued(), []

        def slow(sent: OutgoingMessage) -> Receipt:
            clock.move(seconds=200)
            with app.app_context():
                sending.sweep()
                row = message(message_id)
                swept.append((row.state, row.bound_to is not None))
            return far.accept(sent)

        far.always = slow
        sending.deliver(message_id)
        far.always = far.accept
        assert swept == [("pending", True) if idempotent else ("unknown", False)]
        assert (message(message_id).state, message(message_id).reason) == ("accepted", "")

        rounds(clock, 4)
        sending.sweep()
        assert far.keys() == ["payment_confirmation:1"]
        assert [row.outcome for row in attempts(message_id)] == ["accepted"]
        assert message(message_id).attempts == 1


def test_a_late_no_after_the_sweep_changes_nothing(
    app: Flask, provider: Provider, clock: FixedClock
) -> None:
    message_id = queued()

    def slow(_sent: OutgoingMessage) -> Receipt:
        clock.move(seconds=200)
        with app.app_context():
            sending.sweep()
        raise Permanent("Nomor tidak terdaftar.")

    provider.always = slow
    sending.deliver(message_id)

    assert message(message_id).state == "unknown"
    assert [row.outcome for row in attempts(message_id)] == ["fenced"]


EVENTS = ("sent", "delivered", "read", "failed")


@pytest.mark.parametrize("seed", range(4))
def test_statuses_shuffled_doubled_and_in_two_callbacks_at_once(
    app: Flask, provider: Provider, clock: FixedClock, seed: int
) -> None:
    for number in range(40):
        queued(key=str(number))
    sending.drain("messages")
    events = [
        DeliveryEvent(f"id-{row.dedupe_key}", "", state, clock.now() + timedelta(seconds=rank), "x")
        for row in factories.every(Message)
        for rank, state in enumerate(EVENTS)
    ] * 2
    Random(seed).shuffle(events)
    start, unknown = threading.Barrier(2), []

    def work(mine: list[DeliveryEvent]) -> None:
        start.wait()
        for begin in range(0, len(mine), 30):
            unknown.extend(receipts.apply(mine[begin : begin + 30]))
            db.session.commit()

    workers = [elsewhere(app, lambda half=half: work(events[half::2])) for half in (0, 1)]  # type: ignore[misc]
    for worker in workers:
        worker.join()

    rows = factories.every(Message)
    assert {row.state for row in rows} == {"read"}
    assert {row.reason for row in rows} == {""}
    assert {row.sent_at for row in rows} == {clock.now()}
    assert {row.read_at for row in rows} == {clock.now() + timedelta(seconds=2)}
    assert unknown == []
