"""The pump: a poisoned or slow message holds up nobody, and lanes keep out of each other's way."""

import threading

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Permanent
from portal.extensions import db
from portal.messaging import sending, service
from portal.messaging.drivers.base import OutgoingMessage, Receipt
from portal.messaging.service import NewMessage
from tests.messaging.fakes import Provider
from tests.messaging.parts import elsewhere, raising
from tests.messaging.rows import CONFIRMATION, attempts, message, queued, states

PATIENCE = 20
"""Seconds until a test gives up on what should have happened at once."""
OPENED = {"name": "Budi", "cs_phone": ""}


def rounds(clock: FixedClock, count: int = 8) -> None:
    for _ in range(count):
        sending.drain("messages")
        clock.move(minutes=20)


# Poison -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {**CONFIRMATION, "amount": "banyak"},
        {**CONFIRMATION, "paid_at": "kemarin"},
        {**CONFIRMATION, "amount": []},
    ],
)
def test_what_cannot_be_put_together_fails_alone(
    provider: Provider, clock: FixedClock, params: dict[str, object]
) -> None:
    good = [queued(key=f"before{n}") for n in range(5)]
    bad = queued(key="bad", params=params)
    good += [queued(key=f"after{n}") for n in range(5)]
    sending.drain("messages")

    assert {message(one).state for one in good} == {"accepted"}
    rounds(clock)
    row = message(bad)
    assert (row.state, row.attempts) == ("failed", 5)
    assert row.reason == "Pesan tidak dapat disusun; lihat catatan server."
    assert len(provider.arrived) == 10


def test_a_text_that_is_too_long_fails_at_once_and_alone(provider: Provider) -> None:
    long = queued(key="long", body="a" * 4097)
    fits = queued(key="fits", body="a" * 4096)
    sending.drain("messages")

    assert message(long).state == "failed"
    assert message(long).reason == "Teks terlalu panjang untuk recorder: 4097 huruf."
    assert attempts(long) == []
    assert message(fits).state == "accepted"


ODD = ["\x00", "a\x00b", "\ud800", "🕌 Bu Ṣāliḥa", "\u202e olleh", "‮", "e\u0301" * 9, "\r\n\t"]


@pytest.mark.parametrize("name", ODD)
def test_odd_letters_in_a_name_hold_up_nobody(
    provider: Provider, clock: FixedClock, name: str
) -> None:
    odd = queued(key="odd", params={**CONFIRMATION, "name": name})
    good = queued(key="good")
    rounds(clock, 6)

    assert message(good).state == "accepted"
    assert message(odd).state == "accepted"
    assert len(provider.arrived) == 2
    for sent in provider.arrived:
        assert "\x00" not in sent.text + "".join(sent.params)
        (sent.text + "".join(sent.params)).encode()


@pytest.mark.parametrize("odd", ODD)
def test_odd_letters_in_an_answer_are_no_reason_to_forget_it(
    provider: Provider, clock: FixedClock, odd: str
) -> None:
    def answer(sent: OutgoingMessage) -> Receipt:
        provider.keep(sent)
        return Receipt(f"id-{odd}", f"jawaban {odd}", 200)

    provider.answers = [answer, raising(Permanent(f"Ditolak {odd}.", detail=odd, code=odd))]
    ids = [queued(key=str(number)) for number in range(2)]
    for message_id in ids:
        sending.deliver(message_id)

    assert [message(one).state for one in ids] == ["accepted", "failed"]
    assert [attempts(one)[0].outcome for one in ids] == ["accepted", "permanent"]


def test_a_text_somebody_wrote_is_sent_as_written(provider: Provider) -> None:
    queued(key="own", body="Halo {name}\nsampai *besok*")
    sending.drain("messages")

    assert provider.arrived[0].text == "Halo {name}\nsampai *besok*"


# Lanes --------------------------------------------------------------------------------


def test_a_login_that_hangs_does_not_hold_up_the_next(
    app: Flask, provider: Provider, clock: FixedClock
) -> None:
    others_left, waited = threading.Event(), []

    def hangs(sent: OutgoingMessage) -> Receipt:
        waited.append(others_left.wait(PATIENCE))
        return provider.accept(sent)

    def counting(sent: OutgoingMessage) -> Receipt:
        receipt = provider.accept(sent)
        if len(provider.arrived) == 9:
            others_left.set()
        return receipt

    provider.answers, provider.always = [hangs], counting
    for number in range(10):
        queued("access_opened", str(number), params=OPENED)
    sending.drain("interactive")

    assert waited == [True], "the others left only after the one that hung"
    assert set(states()) == {"accepted"}


def test_one_that_comes_while_another_hangs_leaves_at_once(
    app: Flask, provider: Provider, clock: FixedClock
) -> None:
    hanging, second_left, waited = threading.Event(), threading.Event(), []

    def hangs(sent: OutgoingMessage) -> Receipt:
        hanging.set()
        waited.append(second_left.wait(PATIENCE))
        return provider.accept(sent)

    def leaves(sent: OutgoingMessage) -> Receipt:
        second_left.set()
        return provider.accept(sent)

    provider.answers = [hangs, leaves]
    queued("access_opened", "1", params=OPENED)
    worker = elsewhere(app, lambda: sending.drain("interactive"))
    assert hanging.wait(PATIENCE)
    queued("access_opened", "2", params=OPENED)  # same pump, while it waits
    worker.join(PATIENCE)

    assert waited == [True]
    assert provider.keys() == ["access_opened:2", "access_opened:1"]


def test_two_thousand_broadcasts_do_not_delay_a_login(
    app: Flask, provider: Provider, clock: FixedClock
) -> None:
    bulk_under_way, login_left, in_time = threading.Event(), threading.Event(), []

    def carry(sent: OutgoingMessage) -> Receipt:
        if sent.kind == "broadcast":
            bulk_under_way.set()
            in_time.append(login_left.wait(PATIENCE))
        else:
            login_left.set()
        return provider.accept(sent)

    provider.always = carry
    service.queue_many(
        [
            NewMessage("broadcast", f"+62899{n:07d}", f"b:{n}", {"text": "Halo"}, batch="b:1")
            for n in range(2000)
        ]
    )
    db.session.commit()
    worker = elsewhere(app, lambda: sending.drain("bulk", limit=200))
    assert bulk_under_way.wait(PATIENCE)
    queued("access_opened", "now", params=OPENED)
    sending.drain("interactive")
    worker.join(PATIENCE)

    assert login_left.is_set()
    assert all(in_time)
    assert provider.keys()[0] == "access_opened:now"


def test_a_lane_takes_no_more_than_it_was_told(provider: Provider) -> None:
    for number in range(30):
        queued(key=str(number))

    assert sending.drain("messages", limit=12) == 12
    assert states().count("accepted") == 12


def broadcast(number: int, batch: str = "broadcast:1") -> int:
    return queued("broadcast", str(number), params={"text": "Halo"}, batch=batch)


def test_a_held_batch_stays_until_it_is_released(provider: Provider, clock: FixedClock) -> None:
    held = [
        queued("broadcast", str(n), params={"text": "Halo"}, batch="broadcast:1") for n in (1, 2)
    ]
    other = queued("broadcast", "3", params={"text": "Halo"}, batch="broadcast:2")
    assert service.hold("broadcast:1") == 2
    db.session.commit()
    assert service.hold("broadcast:1") == 0
    for lane in sending.LANES:
        sending.drain(lane)

    assert [message(one).state for one in (*held, other)] == ["pending", "pending", "accepted"]
    assert sending.waiting_lanes() == []

    assert service.release("broadcast:1") == 2
    db.session.commit()
    sending.drain("bulk")
    assert set(states()) == {"accepted"}


def test_a_cancelled_batch_ends_held_or_not(provider: Provider) -> None:
    gone = [
        queued("broadcast", str(n), params={"text": "Halo"}, batch="broadcast:1") for n in (1, 2)
    ]
    sent = queued("broadcast", "0", params={"text": "Halo"}, batch="broadcast:1")
    sending.deliver(sent)
    service.hold("broadcast:1")
    assert service.cancel_batch("broadcast:1", "Dibatalkan.") == 2
    assert service.release("broadcast:1") == 0
    db.session.commit()
    sending.drain("bulk")

    assert [message(one).state for one in gone] == ["cancelled"] * 2
    assert message(gone[0]).reason == "Dibatalkan."
    assert message(sent).state == "accepted"
