"""A channel whose day or circle is used up: who carries on, who waits, and what is said."""

from collections.abc import Iterator

import pytest

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.messaging import sending
from portal.messaging.explain import explain
from portal.messaging.limits import FULL_CIRCLE, FULL_DAY
from portal.messaging.models import Message
from tests.messaging.fakes import Provider, registered
from tests.messaging.parts import limited, meter, stand_in
from tests.messaging.rows import message, queued, states


@pytest.fixture
def second(provider: Provider) -> Iterator[Provider]:
    """Stands in for `provider`."""
    with registered(Provider(), "second", idempotent=False) as made:
        stand_in("second")
        yield made


def many(count: int) -> list[int]:
    return [queued(key=str(number)) for number in range(count)]


def test_a_full_day_is_carried_by_the_stand_in(
    provider: Provider, second: Provider, clock: FixedClock
) -> None:
    limited("recorder", per_day=3)
    many(5)
    for _ in range(3):
        sending.drain("messages")
        clock.move(seconds=5)

    assert set(states()) == {"accepted"}
    assert (len(provider.arrived), len(second.arrived)) == (3, 2)
    assert meter("recorder").day_used == 3


def test_a_full_day_without_a_stand_in_waits_and_says_why(
    provider: Provider, clock: FixedClock
) -> None:
    limited("recorder", per_day=3)
    many(5)
    for _ in range(3):
        sending.drain("messages")
        clock.move(minutes=2)

    waiting = [row for row in db.session.query(Message) if row.state == "pending"]
    assert len(provider.arrived) == 3
    assert [explain(row).why for row in waiting] == [
        "Batas harian saluran sudah tercapai; dilanjutkan besok."
    ] * 2
    db.session.rollback()
    clock.move(days=1)
    sending.drain("messages")
    assert set(states()) == {"accepted"}


def test_a_batch_that_meets_the_cap_is_told_so(provider: Provider, clock: FixedClock) -> None:
    limited("recorder", recipients_per_day=1)
    first, other = queued(key="1"), queued(key="2", to="+628999999999")
    sending.drain("messages")

    assert message(first).state == "accepted"
    assert (message(other).state, message(other).reason) == ("pending", FULL_CIRCLE)
    assert message(other).attempts == 0


@pytest.mark.parametrize("limit", ["recipients_per_day", "per_day"])
def test_whom_the_main_channel_has_no_room_for_the_stand_in_takes(
    provider: Provider, second: Provider, clock: FixedClock, limit: str
) -> None:
    """Also when the room is gone only after the batch was claimed."""
    limited("recorder", **{limit: 2})
    for number in range(5):
        queued(key=str(number), to=f"+62899000000{number}")
    for _ in range(2):
        sending.drain("messages")
        clock.move(seconds=2)

    assert set(states()) == {"accepted"}
    assert (len(provider.arrived), len(second.arrived)) == (2, 3)


def test_an_urgent_one_leaves_although_the_day_is_full(
    provider: Provider, clock: FixedClock
) -> None:
    limited("recorder", per_day=1)
    sending.deliver(queued(key="1"))
    urgent = queued("access_opened", params={"name": "Budi", "cs_phone": ""})
    sending.drain("interactive")

    assert message(urgent).state == "accepted"
    assert FULL_DAY not in message(urgent).reason
