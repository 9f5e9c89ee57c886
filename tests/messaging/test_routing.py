"""Which channel carries a message: a table over the channels' conditions."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Capability
from portal.messaging import routing
from portal.messaging.channels import ActiveChannel
from portal.messaging.drivers.base import MessageDriver
from portal.messaging.registry import REGISTRY
from portal.messaging.routing import WITHOUT_CHANNEL, Route
from tests.messaging.parts import AT, channel, claimed

GROUP = "120363000000000000@g.us"


def resting(key: int, kind: str = "burst", seconds: float = 300) -> ActiveChannel:
    return channel(
        key,
        paused_until=AT + timedelta(seconds=seconds),
        pause_kind=kind,
        pause_reason=f"{key} istirahat",
    )


WELL, OTHER = channel(1), channel(2)
BROKEN = channel(1, problem="tidak terbaca")
SHORT = resting(1, "rate", 20)
LONG = resting(1, "rate", 61)


@pytest.mark.parametrize(
    ("channels", "urgent", "full", "key", "wait"),
    [
        ([], False, (), None, WITHOUT_CHANNEL),
        ([WELL], False, (), "1", 0),
        ([WELL, OTHER], False, (), "1", 0),
        ([BROKEN], False, (), None, WITHOUT_CHANNEL),
        ([BROKEN, OTHER], False, (), "2", 0),
        ([resting(1), OTHER], False, (), "2", 0),
        ([resting(1, "misconfigured"), OTHER], False, (), "2", 0),
        ([resting(1, "manual"), OTHER], False, (), "2", 0),
        ([resting(1, "burst", 20), OTHER], False, (), "2", 0),
        ([resting(1, seconds=300)], False, (), None, WITHOUT_CHANNEL),
        ([resting(1, seconds=4)], False, (), None, 4),
        ([resting(1, seconds=300), resting(2, seconds=7)], False, (), None, 7),
        # A short wait the provider asked for is waited out, unless somebody is waiting.
        ([SHORT, OTHER], False, (), None, 20),
        ([SHORT, OTHER], True, (), "2", 0),
        ([SHORT], True, (), None, WITHOUT_CHANNEL),
        ([LONG, OTHER], False, (), "2", 0),
        # A day that is used up.
        ([WELL, OTHER], False, ("1",), "2", 0),
        ([WELL, OTHER], True, ("1",), "1", 0),
        ([WELL], False, ("1",), None, WITHOUT_CHANNEL),
        ([WELL, resting(2, seconds=5)], False, ("1",), None, 5),
    ],
)
def test_the_way_of_a_message(
    app: Flask,
    clock: FixedClock,
    channels: Sequence[ActiveChannel],
    urgent: bool,
    full: tuple[str, ...],
    key: str | None,
    wait: float,
) -> None:
    clock.at = AT

    route = routing.choose(claimed(urgent=urgent), channels, AT, full)

    assert (route.channel.key if route.channel else None) == key
    assert route.wait == wait
    assert (route.state, route.split) == ("", False)


def test_a_rest_that_is_over_counts_no_more(app: Flask, clock: FixedClock) -> None:
    clock.at = AT + timedelta(seconds=301)

    assert routing.choose(claimed(), [resting(1), OTHER], clock.at).channel == resting(1)


def test_whoever_waits_is_told_why(app: Flask, clock: FixedClock) -> None:
    clock.at = AT

    assert routing.choose(claimed(), [resting(1)], AT).reason == "1 istirahat"
    assert routing.choose(claimed(), [SHORT, OTHER], AT).reason == "1 istirahat"


def test_a_channel_that_said_no_is_not_asked_again(app: Flask, clock: FixedClock) -> None:
    clock.at = AT
    refused = {"1": "Aturan saluran."}

    assert routing.choose(claimed(), [WELL, OTHER], AT, (), refused).channel == OTHER
    assert routing.choose(claimed(), [WELL], AT, (), refused) == Route(
        state="failed", reason="Aturan saluran."
    )
    both = {**refused, "2": "Juga tidak."}
    assert routing.choose(claimed(), [WELL, OTHER], AT, (), both).reason == "Juga tidak."
    # One that rests has not said no: the message waits for it.
    waiting = routing.choose(claimed(), [WELL, resting(2)], AT, (), refused)
    assert (waiting.state, waiting.wait) == ("", WITHOUT_CHANNEL)


@pytest.mark.parametrize(
    ("channels", "key", "state", "wait"),
    [
        ([WELL, OTHER], "2", "", 0),
        ([OTHER, WELL], "2", "", 0),
        ([WELL, resting(2)], None, "", WITHOUT_CHANNEL),
        ([WELL, channel(2, problem="rusak")], None, "", WITHOUT_CHANNEL),
        ([WELL], None, "unknown", 0),
        ([WELL, channel(2, updated_at=AT)], None, "unknown", 0),
    ],
)
def test_what_may_be_at_a_provider_stays_there(
    app: Flask,
    clock: FixedClock,
    channels: Sequence[ActiveChannel],
    key: str | None,
    state: str,
    wait: float,
) -> None:
    clock.at = AT

    route = routing.choose(claimed(bound_to=OTHER.identity), channels, AT, ("2",), {"2": "x"})

    assert (route.channel.key if route.channel else None) == key
    assert (route.state, route.wait) == (state, wait)
    if key is None:
        assert route.reason


def test_the_name_of_a_configuration_changes_with_it() -> None:
    saved = channel(2, updated_at=AT)
    again = channel(2, updated_at=AT + timedelta(microseconds=1))

    assert len({saved.identity, again.identity, OTHER.identity, WELL.identity}) == 4


class Grouped(MessageDriver):
    kind, label = "grouped", "Bisa grup"
    capabilities = frozenset({Capability.TEXT, Capability.GROUP})


def test_groups_go_where_groups_are_reached(
    app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REGISTRY.all, "grouped", Grouped)
    clock.at = AT
    cannot, can = WELL, ActiveChannel(2, "grouped", {})
    message = claimed(recipient=GROUP)

    assert routing.choose(message, [cannot, can], AT).channel == can
    assert routing.choose(message, [cannot], AT).split
    assert routing.choose(claimed(), [cannot, can], AT).channel == cannot
    # Without any channel nothing is known yet: it waits.
    assert routing.choose(message, [], AT) == Route(wait=WITHOUT_CHANNEL)
    assert routing.choose(message, [BROKEN], AT) == Route(wait=WITHOUT_CHANNEL)


NORTH, SOUTH = (channel(number, areas=frozenset({number})) for number in (7, 8))


@pytest.mark.parametrize(
    ("area", "channels", "first"),
    [
        (7, [WELL, SOUTH, NORTH], NORTH),
        (8, [WELL, SOUTH, NORTH], SOUTH),
        (9, [SOUTH, NORTH, WELL], WELL),
        (None, [SOUTH, WELL], WELL),
        (9, [SOUTH, NORTH], SOUTH),
        (None, [SOUTH, NORTH], SOUTH),
    ],
)
def test_the_channel_of_the_customers_area_goes_first(
    app: Flask,
    clock: FixedClock,
    area: int | None,
    channels: list[ActiveChannel],
    first: ActiveChannel,
) -> None:
    assert routing.choose(claimed(), channels, AT, area=area).channel == first


def test_an_area_falls_back_by_the_owners_order(app: Flask, clock: FixedClock) -> None:
    rest = {"paused_until": AT + timedelta(hours=1), "pause_kind": "burst"}
    tired = channel(7, areas=frozenset({7}), **rest)
    assert routing.choose(claimed(), [WELL, SOUTH, tired], AT, area=7).channel == WELL
    full = {NORTH.key, WELL.key}
    assert routing.choose(claimed(), [WELL, SOUTH, NORTH], AT, full, area=7).channel == SOUTH
