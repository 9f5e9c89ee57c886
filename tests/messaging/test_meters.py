"""How channels rest and come back: bursts, trials, pauses by hand, and what is no failure."""

import threading

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Misconfigured, Permanent, Retryable
from portal.extensions import db
from portal.messaging import channel_config, meters, sending
from portal.messaging.drivers.base import OutgoingMessage, Receipt
from portal.messaging.meters import BURST, LONGEST_PAUSE_SECONDS, PAUSE_SECONDS
from portal.messaging.models import Message
from tests import factories
from tests.messaging.fakes import Provider
from tests.messaging.parts import in_force, meter, raising
from tests.messaging.rows import message, queued, states


def record(successes: int, failures: int) -> None:
    meters.record(in_force("recorder"), successes, failures, "sibuk")
    db.session.commit()


def rest_of(clock: FixedClock) -> float:
    """How long the channel still rests, in seconds."""
    until = meter("recorder").paused_until
    return max((until - clock.wall()).total_seconds(), 0.0) if until else 0.0


def test_a_burst_of_failures_in_a_row_begins_a_rest(provider: Provider, clock: FixedClock) -> None:
    for _ in range(BURST - 1):
        record(0, 1)
    assert not in_force("recorder").paused

    record(0, 1)

    found = in_force("recorder")
    assert (found.paused, found.pause_kind, found.pause_reason) == (True, "burst", "sibuk")
    assert rest_of(clock) == PAUSE_SECONDS


def test_a_success_breaks_the_row(provider: Provider) -> None:
    for _ in range(5):
        record(0, BURST - 1)
        record(1, 0)

    assert not in_force("recorder").paused


@pytest.mark.parametrize("bad", [10, 26, 50, 79])
def test_failures_among_successes_never_make_a_channel_rest(provider: Provider, bad: int) -> None:
    for _ in range(20):
        record(100 - bad, bad)

    assert not in_force("recorder").paused


def test_failures_of_all_workers_count_together(app: Flask, provider: Provider) -> None:
    chosen = in_force("recorder")

    def work() -> None:
        with app.app_context():
            for _ in range(5):
                meters.record(chosen, 0, 1, "sibuk")
                db.session.commit()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert in_force("recorder").paused


def test_every_rest_is_twice_as_long_until_a_success(provider: Provider, clock: FixedClock) -> None:
    rests = []
    for turn in range(8):
        record(0, BURST if turn == 0 else 1)  # on trial one failure is enough
        rests.append(rest_of(clock))
        clock.move(seconds=rests[-1] + 1)
        assert in_force("recorder").on_trial

    assert rests[:5] == [60, 120, 240, 480, 960]
    assert set(rests[5:]) == {LONGEST_PAUSE_SECONDS}

    record(1, 0)
    assert (meter("recorder").strikes, in_force("recorder").on_trial) == (0, False)
    record(0, 1)
    assert not in_force("recorder").paused
    record(0, BURST - 1)
    assert rest_of(clock) == PAUSE_SECONDS


def test_staff_are_told_once_per_failure(provider: Provider, clock: FixedClock, app: Flask) -> None:
    from portal.messaging.models import NoticeRecipient

    db.session.add(
        NoticeRecipient(
            name="Rudi", recipient="+628777777", topics=["channel"], created_at=clock.now()
        )
    )
    db.session.commit()
    for turn in range(4):
        record(0, BURST if turn == 0 else 1)
        clock.move(seconds=rest_of(clock) + 1)

    (told,) = factories.every(Message)
    assert (told.kind, told.recipient) == ("staff_notice", "+628777777")


def test_a_trial_lets_one_through_at_a_time_and_a_success_ends_it(
    provider: Provider, clock: FixedClock
) -> None:
    record(0, BURST)
    clock.move(seconds=61)
    under_way, together = threading.Lock(), []

    def alone(outgoing: OutgoingMessage) -> Receipt:
        together.append(under_way.acquire(blocking=False))
        raise Retryable("masih sibuk")

    provider.always = alone
    for number in range(30):
        queued(key=str(number))
    sending.drain("messages")

    assert together == [True], "one try, and the channel rests again"
    assert rest_of(clock) == 120

    provider.always = provider.accept
    clock.move(seconds=200)
    sending.drain("messages")
    assert set(states()) == {"accepted"}
    assert not in_force("recorder").on_trial


def test_a_wrong_configuration_rests_at_once_and_costs_no_try(
    provider: Provider, clock: FixedClock
) -> None:
    provider.answers = [raising(Misconfigured("Token dicabut."))]
    first = queued(key="first")
    sending.deliver(first)

    found = in_force("recorder")
    assert (found.paused, found.pause_kind) == (True, "misconfigured")
    assert found.pause_reason == "Token dicabut."
    assert (message(first).state, message(first).attempts) == ("pending", 0)


def test_what_is_the_messages_own_fault_is_not_the_channels(provider: Provider) -> None:
    provider.always = raising(Permanent("Nomor tidak terdaftar."))
    for number in range(40):
        queued(key=str(number))

    sending.drain("messages")

    assert set(states()) == {"failed"}
    assert not in_force("recorder").paused


def test_a_pause_by_hand_is_nobody_elses_to_end(provider: Provider, clock: FixedClock) -> None:
    meters.pause_by_hand(in_force("recorder").key, "Nomor sedang dipindah.")
    db.session.commit()

    record(0, BURST)
    meters.pause(in_force("recorder"), "misconfigured", "token", 5)
    meters.pause(in_force("recorder"), "rate", "tunggu", 99)
    record(10, 0)
    db.session.commit()
    clock.move(days=300)

    found = in_force("recorder")
    assert (found.paused, found.pause_kind) == (True, "manual")
    assert found.pause_reason == "Nomor sedang dipindah."
    queued()
    assert sending.drain("messages") == 0

    meters.resume(found.key)
    db.session.commit()
    assert sending.drain("messages") == 1


def test_a_pause_by_hand_replaces_a_rest(provider: Provider, clock: FixedClock) -> None:
    record(0, BURST)
    meters.pause_by_hand(in_force("recorder").key, "dicek")
    db.session.commit()
    clock.move(hours=1)

    assert in_force("recorder").paused


def test_a_saved_configuration_is_not_punished_for_the_old_one(
    provider: Provider, clock: FixedClock
) -> None:
    old = in_force("recorder")
    clock.move(seconds=1)
    assert channel_config.save("recorder", {"token": "baru"}) == {}
    db.session.commit()

    assert not meters.pause(old, "misconfigured", "token lama")
    meters.record(old, 0, BURST * 3, "token lama")
    db.session.commit()

    assert not in_force("recorder").paused
    record(0, 1)
    assert not in_force("recorder").paused, "failures of the old one are still counted"


def test_a_shorter_rest_does_not_shorten_a_longer_one(
    provider: Provider, clock: FixedClock
) -> None:
    chosen = in_force("recorder")
    assert meters.pause(chosen, "misconfigured", "token")
    assert not meters.pause(chosen, "rate", "tunggu", 5)
    db.session.commit()
    assert (rest_of(clock), meter("recorder").pause_kind) == (PAUSE_SECONDS, "misconfigured")

    assert not meters.pause(chosen, "rate", "tunggu", 500)
    db.session.commit()
    assert rest_of(clock) == 500


def test_a_wait_the_provider_asks_for_is_no_strike(provider: Provider, clock: FixedClock) -> None:
    for _ in range(3):
        meters.pause(in_force("recorder"), "rate", "tunggu", 30)
        db.session.commit()
        clock.move(seconds=31)

    found = meter("recorder")
    assert (found.strikes, found.on_trial) == (0, False)
