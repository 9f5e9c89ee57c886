"""What a channel is told about a failure speaks of the provider, not of one message."""

import pytest

from portal.core.clock import FixedClock
from portal.core.driverkit import Misconfigured, Retryable
from portal.extensions import db
from portal.messaging import sending
from portal.messaging.meters import BURST
from portal.messaging.models import Message
from tests.messaging.fakes import Provider
from tests.messaging.parts import in_force, raising
from tests.messaging.rows import message, queued

SENTENCE = "Penyedia tidak menjawab."


@pytest.mark.parametrize("kind", ["payment_confirmation", "payment_reminder"])
def test_a_channel_that_rests_says_nothing_about_one_message(provider: Provider, kind: str) -> None:
    provider.always = raising(Retryable(SENTENCE, outcome_unknown=True))
    ids = [queued(kind, str(number)) for number in range(BURST)]
    sending.drain("messages")

    found = in_force("recorder")
    assert (found.pause_kind, found.pause_reason) == ("burst", SENTENCE)
    assert message(ids[0]).reason.startswith(f"{SENTENCE} ")


def test_the_last_of_many_tries_is_no_news_about_the_channel(
    provider: Provider, clock: FixedClock
) -> None:
    provider.always = raising(Retryable(SENTENCE))
    last = queued(key="last")
    row = db.session.get_one(Message, last)
    row.attempts = 4
    db.session.commit()
    for number in range(BURST - 1):
        sending.deliver(queued(key=str(number)))
    sending.deliver(last)

    assert message(last).reason == f"{SENTENCE} Sudah dicoba 5 kali."
    assert in_force("recorder").pause_reason == SENTENCE


def test_what_the_provider_said_is_made_storable(provider: Provider) -> None:
    provider.always = raising(Misconfigured("Token\x00 dicabut\ud800."))
    sending.deliver(queued())

    reason = in_force("recorder").pause_reason
    assert reason.startswith("Token") and "\x00" not in reason and "\ud800" not in reason
