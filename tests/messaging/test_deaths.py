"""A process that dies, a sweep that races it: nothing is lost and nothing doubled, on real rows."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Retryable
from portal.extensions import db
from portal.infra import inbox
from portal.messaging import claims, sending
from portal.messaging.drivers.base import OutgoingMessage, Receipt
from portal.messaging.models import Message, MessageAttempt
from tests import factories
from tests.messaging.fakes import Killed, Provider
from tests.messaging.parts import raising
from tests.messaging.rows import attempts, message, queued


def recover(clock: FixedClock) -> None:
    for _ in range(4):
        clock.move(minutes=3)
        sending.sweep()
        sending.drain("messages")


def test_death_after_the_claim_loses_nothing(provider: Provider, clock: FixedClock) -> None:
    message_id = queued()
    claims.claim("messages", 10)

    recover(clock)

    assert provider.keys() == ["payment_confirmation:1"]
    assert message(message_id).state == "accepted"


def die_before(provider: Provider) -> Callable[[OutgoingMessage], Receipt]:
    return raising(Killed())


def die_after(provider: Provider) -> Callable[[OutgoingMessage], Receipt]:
    def answer(message: OutgoingMessage) -> Receipt:
        provider.keep(message)
        raise Killed

    return answer


@pytest.mark.parametrize("death", [die_before, die_after])
def test_death_while_sending_is_never_doubled(
    provider: Provider, clock: FixedClock, death: Callable[[Provider], object]
) -> None:
    provider.answers = [death(provider)]  # type: ignore[list-item]
    message_id = queued()
    with pytest.raises(Killed):
        sending.deliver(message_id)
    db.session.rollback()

    recover(clock)

    row = message(message_id)
    assert row.state == "unknown"
    assert "Menunggu kabar status" in row.reason
    assert len(provider.arrived) == (death is die_after)
    assert [attempt.outcome for attempt in attempts(message_id)] == ["unknown"]


@pytest.mark.parametrize("death", [die_before, die_after])
def test_with_a_provider_that_drops_repeats_it_arrives_exactly_once(
    deduping: Provider, clock: FixedClock, death: Callable[[Provider], object]
) -> None:
    deduping.answers = [death(deduping)]  # type: ignore[list-item]
    message_id = queued()
    with pytest.raises(Killed):
        sending.deliver(message_id)
    db.session.rollback()

    recover(clock)

    assert message(message_id).state == "accepted"
    assert deduping.keys() == ["payment_confirmation:1"]


def test_many_random_deaths_lose_and_double_nothing(deduping: Provider, clock: FixedClock) -> None:
    random = Random(7)

    def dying(message: OutgoingMessage) -> Receipt:
        if random.random() < 0.2:
            raise Killed
        deduping.keep(message)
        if random.random() < 0.2:
            raise Killed
        return Receipt(message.key, "", 200)

    deduping.always = dying
    ids = [queued(key=str(number)) for number in range(40)]
    for _ in range(30):
        clock.move(minutes=5)
        sending.sweep()
        for message_id in ids:
            try:
                sending.deliver(message_id)
            except Killed:
                db.session.rollback()

    settled = factories.every(Message)
    assert {row.state for row in settled} <= {"accepted", "unknown"}
    arrived = deduping.keys()
    assert len(arrived) == len(set(arrived))
    assert {row.dedupe_key for row in settled if row.state == "accepted"} <= set(arrived)


def heard_from(clock: FixedClock) -> None:
    """A callback of the provider reaches us; every accepted message has its status."""
    hook_id = inbox.store("whatsapp.recorder", str(clock.now()).encode(), {})
    inbox.finish(db.session.get_one(inbox.InboundHook, hook_id), "processed", "1 status")
    for row in db.session.query(Message).where(Message.state == "accepted"):
        row.state = "sent"
    db.session.commit()


def test_what_the_statuses_prove_never_arrived_is_sent_once_more(
    provider: Provider, clock: FixedClock
) -> None:
    provider.answers = [raising(Retryable("putus", outcome_unknown=True))]
    lost = queued(key="lost")
    sending.deliver(lost)
    clock.move(seconds=5)
    sending.deliver(queued(key="later"))
    clock.move(minutes=30)
    sending.sweep()
    assert message(lost).state == "unknown", "we were out of reach: nothing is proven"

    heard_from(clock)
    clock.move(minutes=9)
    sending.sweep()
    assert message(lost).state == "unknown", "its own callback may still be repeated"

    clock.move(minutes=2)
    sending.sweep()
    sending.drain("messages")
    assert message(lost).state == "accepted"
    assert provider.keys().count("payment_confirmation:lost") == 1


def test_a_second_unknown_outcome_is_for_a_person(provider: Provider, clock: FixedClock) -> None:
    lost = queued(key="lost")
    for number in range(2):
        provider.answers = [raising(Retryable("putus", outcome_unknown=True))]
        sending.deliver(lost)
        clock.move(seconds=5)
        sending.deliver(queued(key=f"later{number}"))
        heard_from(clock)
        clock.move(minutes=11)
        sending.sweep()

    assert message(lost).state == "unknown"
    assert len(attempts(lost)) == 2


def test_two_sweeps_and_a_slow_worker_do_not_fight(
    app: Flask, provider: Provider, clock: FixedClock
) -> None:
    """The worker was asleep past its lease: its result is refused, the other's stands."""
    message_id = queued()

    def slow(outgoing: OutgoingMessage) -> Receipt:
        provider.always = provider.accept
        clock.move(seconds=200)
        # Meanwhile, elsewhere: swept, and taken again by somebody.
        with app.app_context():
            sending.sweep()
            sending.sweep()
            db.session.get_one(Message, message_id).state = "pending"
            db.session.commit()
            clock.move(seconds=200)
            assert sending.deliver(message_id)
        return Receipt("late", "late", 200)

    provider.always = slow
    sending.deliver(message_id)

    row = message(message_id)
    assert (row.state, row.provider_id) == ("accepted", "id-payment_confirmation:1")
    assert [attempt.outcome for attempt in attempts(message_id)] == ["fenced", "accepted"]
    accepted = [a for a in factories.every(MessageAttempt) if a.outcome == "accepted"]
    assert len(accepted) == 1


def test_the_lease_outlives_one_call(app: Flask) -> None:
    from portal.infra.http import TOTAL_SECONDS
    from portal.infra.queue import JOB_TIMEOUT

    assert timedelta(seconds=2 * TOTAL_SECONDS) < claims.LEASE
    assert sending.SECONDS + TOTAL_SECONDS + 2 < JOB_TIMEOUT
