"""Two channels: who carries what when one fails, rests or is full; nothing is sent twice."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Misconfigured, Permanent, RateLimited, Retryable
from portal.extensions import db
from portal.messaging import channel_config, meters, sending
from portal.messaging.drivers.base import OutgoingMessage, Receipt
from tests.messaging.fakes import Deduping, Provider, registered
from tests.messaging.parts import in_force, raising, stand_in
from tests.messaging.rows import attempts, message, queued, states

LOST = Retryable("putus", outcome_unknown=True)
BUSY = Retryable("sibuk")


@pytest.fixture
def second(provider: Provider) -> Iterator[Provider]:
    """Stands in for `provider`."""
    with registered(Provider(), "second", idempotent=False) as made:
        stand_in("second")
        yield made


@pytest.fixture
def behind_keyed(deduping: Provider) -> Iterator[Provider]:
    """Stands in for a channel that keeps one copy per key."""
    with registered(Provider(), "second", idempotent=False) as made:
        stand_in("second")
        yield made


def many(count: int) -> list[int]:
    return [queued(key=str(number)) for number in range(count)]


def test_a_wrong_configuration_hands_over_at_once_the_same_message_too(
    provider: Provider, second: Provider, clock: FixedClock
) -> None:
    provider.always = raising(Misconfigured("Token dicabut."))
    first = queued(key="first")
    sending.deliver(first)
    assert message(first).state == "pending"

    later = queued(key="later")
    clock.move(seconds=2)
    sending.drain("messages")

    assert [message(one).state for one in (first, later)] == ["accepted"] * 2
    assert sorted(second.keys()) == ["payment_confirmation:first", "payment_confirmation:later"]
    assert [row.driver for row in attempts(first)] == ["recorder", "second"]
    assert message(first).attempts == 1, "the try that was nobody's fault does not count"


def test_a_burst_hands_over(provider: Provider, second: Provider, clock: FixedClock) -> None:
    provider.always = raising(BUSY)
    many(30)
    for _ in range(4):
        sending.drain("messages")
        clock.move(seconds=14)

    assert set(states()) == {"accepted"}
    assert len(second.arrived) == 30
    assert provider.arrived == []


@pytest.mark.parametrize("after", ["pause", "saved", "disabled"])
def test_what_may_have_arrived_never_moves(
    deduping: Provider, behind_keyed: Provider, clock: FixedClock, after: str
) -> None:
    def lost(sent: OutgoingMessage) -> Receipt:
        deduping.keep(sent)
        raise LOST

    deduping.answers = [lost]
    message_id = queued()
    sending.deliver(message_id)
    main = in_force("deduper")
    assert message(message_id).bound_to == main.identity

    clock.move(seconds=30)
    if after == "pause":
        meters.pause_by_hand(main.key, "dicek")
    elif after == "saved":
        channel_config.save("deduper", {"token": "baru"})
    else:
        channel_config.choose("second")
    db.session.commit()
    for _ in range(5):
        sending.drain("messages")
        clock.move(minutes=1)

    assert behind_keyed.arrived == []
    assert deduping.keys() == ["payment_confirmation:1"]
    if after == "pause":
        assert message(message_id).state == "pending"
        meters.resume(main.key)
        db.session.commit()
        sending.drain("messages")
        assert message(message_id).state == "accepted"
        assert deduping.keys() == ["payment_confirmation:1"]
    else:
        assert message(message_id).state == "unknown"
        assert "salurannya sudah diganti" in message(message_id).reason


def test_an_unknown_outcome_without_a_key_stays_unknown(
    provider: Provider, second: Provider, clock: FixedClock
) -> None:
    provider.always = raising(LOST)
    ids = many(25)
    for _ in range(6):
        sending.drain("messages")
        sending.sweep()
        clock.move(minutes=2)

    asked = [one for one in ids if [a.driver for a in attempts(one)] == ["recorder"]]
    assert {message(one).state for one in asked} == {"unknown"}
    # Many lost answers are a burst: whoever was not asked yet left by the stand-in.
    assert len(asked) + len(second.arrived) == 25
    assert len(second.arrived) == len(set(second.keys()))


def test_after_too_long_a_key_is_trusted_no_more(
    deduping: Provider, behind_keyed: Provider, clock: FixedClock
) -> None:
    deduping.answers = [raising(LOST)]
    message_id = queued()
    sending.deliver(message_id)
    meters.pause_by_hand(in_force("deduper").key, "dicek")
    db.session.commit()
    clock.move(minutes=61)
    meters.resume(in_force("deduper").key)
    db.session.commit()
    sending.drain("messages")

    assert message(message_id).state == "unknown"
    assert "terlalu lama" in message(message_id).reason
    assert (deduping.arrived, behind_keyed.arrived) == ([], [])


def test_after_the_rest_messages_go_back_to_the_main_channel(
    provider: Provider, second: Provider, clock: FixedClock
) -> None:
    provider.answers = [raising(Misconfigured("Token dicabut."))]
    sending.deliver(queued(key="first"))
    clock.move(seconds=2)
    sending.drain("messages")
    clock.move(seconds=60)

    many(3)
    sending.drain("messages")
    assert len(provider.arrived) == 3
    assert len(second.arrived) == 1
    assert not in_force("recorder").on_trial


def test_a_short_wait_is_waited_out_and_only_urgent_ones_move(
    provider: Provider, second: Provider, clock: FixedClock
) -> None:
    provider.answers = [raising(RateLimited("Tunggu.", retry_after=20))]
    refused = queued(key="refused")
    sending.deliver(refused)
    waiting = queued(key="waiting")
    urgent = queued("access_opened", params={"name": "Budi", "cs_phone": ""})
    sending.drain("interactive")
    sending.drain("messages")

    assert second.keys() == ["access_opened:1"]
    assert message(urgent).state == "accepted"
    row = message(waiting)
    assert (row.state, row.attempts) == ("pending", 0)
    assert row.next_at <= clock.wall() + timedelta(seconds=20)

    clock.move(seconds=21)
    sending.drain("messages")
    assert sorted(provider.keys()) == [
        "payment_confirmation:refused",
        "payment_confirmation:waiting",
    ]


def test_a_long_wait_is_not_waited_out(
    provider: Provider, second: Provider, clock: FixedClock
) -> None:
    provider.answers = [raising(RateLimited("Tunggu.", retry_after=600))]
    sending.deliver(queued(key="refused"))
    sending.drain("messages")
    later = queued(key="later")
    sending.drain("messages")

    assert message(later).driver == "second"
    assert second.keys() == ["payment_confirmation:later"]


def test_a_limit_on_one_recipient_leaves_the_channel_alone(
    provider: Provider, second: Provider, clock: FixedClock
) -> None:
    provider.answers = [raising(RateLimited("Pelan.", retry_after=6, recipient_only=True))]
    many(3)
    sending.drain("messages")

    assert not in_force("recorder").paused
    assert (len(provider.arrived), second.arrived) == (2, [])
    clock.move(seconds=7)
    sending.drain("messages")
    assert len(provider.arrived) == 3


def test_a_no_that_lies_in_one_channels_rules_tries_the_next(
    provider: Provider, second: Provider, clock: FixedClock
) -> None:
    provider.always = raising(Permanent("Aturan saluran.", elsewhere=True))
    both = queued(key="1")
    second.answers = [second.accept, raising(Permanent("Juga tidak.", elsewhere=True))]
    sending.drain("messages")
    sending.drain("messages")
    assert message(both).driver == "second"

    neither = queued(key="2")
    for _ in range(3):
        sending.drain("messages")
    assert (message(neither).state, message(neither).reason) == ("failed", "Juga tidak.")
    assert len(attempts(neither)) == 2


def test_a_definite_no_does_not_wander(app: Flask, provider: Provider, second: Provider) -> None:
    provider.always = raising(Permanent("Nomor tidak terdaftar."))
    message_id = queued()
    sending.drain("messages")

    assert (message(message_id).state, second.arrived) == ("failed", [])


def test_all_channels_resting_loses_nothing(provider: Provider, clock: FixedClock) -> None:
    with registered(Deduping(), "other", idempotent=True) as other:
        stand_in("other")
        provider.always = other.always = raising(Misconfigured("Token dicabut."))
        many(4)
        for _ in range(4):
            sending.drain("messages")
            clock.move(seconds=3)
        assert states() == ["pending"] * 4

        other.always = other.accept
        clock.move(minutes=40)
        for _ in range(3):
            sending.drain("messages")
            clock.move(seconds=2)
        assert set(states()) == {"accepted"}
        assert {message(n).attempts for n in range(1, 5)} == {1}
