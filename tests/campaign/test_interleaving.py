"""Statuses duplicated, shuffled, before and after our own record, around deaths and sweeps."""

from collections.abc import Sequence

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from portal.core.clock import FixedClock
from portal.core.driverkit import Retryable
from portal.extensions import db
from portal.messaging import receipts, sending
from portal.messaging.drivers.base import DeliveryEvent, OutgoingMessage, Receipt
from portal.messaging.models import Message, MessageAttempt
from portal.messaging.models_channels import ChannelContact, ChannelMeter
from tests.messaging.fakes import Killed, Provider
from tests.messaging.rows import message, queued

RANK = ("sent", "delivered", "read")
KEY = "payment_confirmation:1"


def told(app: Flask, clock: FixedClock, states: Sequence[str]) -> None:
    """One callback with these statuses, processed by another process."""
    with app.app_context():
        receipts.apply([DeliveryEvent("wamid.1", KEY, state, clock.wall()) for state in states])
        db.session.commit()


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(
    early=st.lists(st.lists(st.sampled_from(RANK), min_size=1, max_size=3), max_size=3),
    late=st.lists(st.lists(st.sampled_from(RANK), min_size=1, max_size=3), max_size=3),
    end=st.sampled_from(["answered", "lost", "dead"]),
    sweeps=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_every_interleaving_ends_at_the_highest_word_and_sends_once(
    app: Flask,
    clock: FixedClock,
    provider: Provider,
    early: list[list[str]],
    late: list[list[str]],
    end: str,
    sweeps: list[bool],
) -> None:
    for model in (MessageAttempt, Message, ChannelContact, ChannelMeter):
        db.session.execute(delete(model))  # also what the lost ones taught about the channel
    db.session.commit()
    provider.arrived.clear()

    def answer(outgoing: OutgoingMessage) -> Receipt:
        provider.keep(outgoing)
        for states in early:
            told(app, clock, states)
        if end == "lost":
            raise Retryable("putus", outcome_unknown=True)
        if end == "dead":
            raise Killed
        return Receipt("wamid.1", "{}", 200)

    provider.answers = [answer]
    message_id = queued()
    try:
        sending.deliver(message_id)
    except Killed:
        db.session.rollback()
    for states, sweep in zip([*late, []], sweeps, strict=False):
        if sweep:
            clock.move(minutes=2)
            sending.sweep()
            sending.drain("messages")
        if states:
            told(app, clock, states)
    clock.move(minutes=2)
    sending.sweep()
    sending.drain("messages")

    heard = [state for states in early + late for state in states]
    silent = "accepted" if end == "answered" else "unknown"
    row = message(message_id)
    assert row.state == max(heard, key=RANK.index, default=silent)
    assert provider.keys() == [KEY]
    assert row.provider_id == ("wamid.1" if heard or end == "answered" else None)
