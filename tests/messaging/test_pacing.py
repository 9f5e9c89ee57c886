"""Pacing: limits hold in every window, urgent messages go ahead, a new number grows slowly."""

from bisect import bisect_left
from datetime import date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messaging import pacing
from portal.messaging.drivers.base import Limits
from portal.messaging.limits import HORIZON
from portal.messaging.pacing import Used
from tests.messaging.parts import AT, SECOND

TODAY = date(2026, 11, 21)
# (seconds since the one before, urgent)
ARRIVALS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.0, 0.01, 0.3, 1.0, 7.0, 45.0]), st.booleans()),
    min_size=1,
    max_size=250,
)


def slots_of(
    limits: Limits, arrivals: list[tuple[float, bool]], seed: int = 1
) -> list[tuple[datetime, datetime, bool]]:
    """(asked at, slot, urgent); bulk asks only as far ahead as the horizon, as workers do."""
    random, used, current, found = Random(seed), Used(), AT, []
    for gap, urgent in arrivals:
        current += timedelta(seconds=gap)
        slot, after = pacing.take(used, limits, current, urgent, random)
        if slot <= current + (HORIZON * 2 if urgent else HORIZON):
            used = after
            found.append((current, slot, urgent))
    return found


def busiest(slots: list[datetime], window: timedelta) -> int:
    """The most slots in any window of that length, wherever it begins."""
    ordered = sorted(slots)
    return max(
        (bisect_left(ordered, start + window) - index for index, start in enumerate(ordered)),
        default=0,
    )


@given(st.integers(1, 400), ARRIVALS)
def test_no_minute_holds_more_than_allowed(
    allowed: int, arrivals: list[tuple[float, bool]]
) -> None:
    slots = [slot for _, slot, _ in slots_of(Limits(per_minute=allowed), arrivals)]

    assert slots
    assert busiest(slots, timedelta(seconds=60)) <= allowed


@given(st.integers(1, 100), ARRIVALS)
def test_no_second_holds_more_than_allowed(
    allowed: int, arrivals: list[tuple[float, bool]]
) -> None:
    slots = [slot for _, slot, _ in slots_of(Limits(per_second=allowed), arrivals)]

    assert busiest(slots, SECOND) <= allowed


@pytest.mark.parametrize("allowed", [1, 2, 3, 9, 10, 20, 60, 1000])
@pytest.mark.parametrize("urgent_every", [0, 1, 2, 7])
def test_the_limit_is_nearly_reached_and_never_passed(allowed: int, urgent_every: int) -> None:
    """Everybody asks all the time: bulk first, urgent as often as they like."""
    used, slots, random, turn = Used(), [], Random(1), 0
    limits = Limits(per_minute=allowed)
    current = AT
    while current < AT + timedelta(minutes=3):
        turn += 1
        urgent = bool(urgent_every) and turn % urgent_every == 0
        slot, after = pacing.take(used, limits, current, urgent, random)
        if slot <= current + HORIZON:
            used = after
            slots.append(slot)
        else:
            current += timedelta(milliseconds=500)

    assert busiest(slots, timedelta(seconds=60)) <= allowed
    assert len(slots) >= 3 * allowed * 0.6 - 3


@given(st.integers(3, 400), ARRIVALS)
def test_an_urgent_one_leaves_within_the_horizon_while_its_reserve_lasts(
    allowed: int, arrivals: list[tuple[float, bool]]
) -> None:
    bulk = [(gap, False) for gap, _ in arrivals]
    limits = Limits(per_minute=allowed)
    asked, slot, urgent = slots_of(limits, [*bulk, (0.0, True)])[-1]

    assert urgent, "it was not even granted"
    assert slot - asked <= HORIZON


@pytest.mark.parametrize(("allowed", "ahead"), [(3, 1), (10, 1), (20, 2), (50, 5), (600, 5)])
def test_the_reserve_is_a_tenth_and_ends(allowed: int, ahead: int) -> None:
    limits = Limits(per_minute=allowed)
    taken = slots_of(limits, [(0.0, True)] * 12)
    at_once = [slot for _, slot, _ in taken if slot == AT]

    assert len(at_once) == ahead + 1
    # What they took is bulk's loss, the limit stays.
    slot, _ = pacing.take(
        Used(minute_free_at=AT + timedelta(seconds=30)), limits, AT, False, Random(1)
    )
    assert slot == AT + timedelta(seconds=30)


def test_bulk_cannot_use_the_reserve() -> None:
    taken = slots_of(Limits(per_second=10), [(0.0, False)] * 40)
    slots = [slot for _, slot, _ in taken]
    gaps = {later - earlier for earlier, later in zip(slots, slots[1:], strict=False)}

    assert min(gaps) >= timedelta(seconds=1 / 9)


@given(st.integers(1, 30), st.integers(0, 30), ARRIVALS, st.integers(0, 99))
def test_spacing_lies_between_its_bounds(
    low: int, more: int, arrivals: list[tuple[float, bool]], seed: int
) -> None:
    limits = Limits(spacing_min=low, spacing_max=low + more)
    random, used, previous = Random(seed), Used(), None
    for gap, _urgent in arrivals:
        asked = max(AT, previous or AT) + timedelta(seconds=gap)
        slot, used = pacing.take(used, limits, asked, False, random)
        if previous is not None:
            waited = slot - previous
            assert waited >= timedelta(seconds=low)
            assert waited <= timedelta(seconds=max(low + more, gap))
        previous = slot


@given(st.integers(1, 60), st.integers(1, 20), ARRIVALS)
def test_slots_never_lie_in_the_past_and_keep_their_order(
    per_minute: int, per_second: int, arrivals: list[tuple[float, bool]]
) -> None:
    limits = Limits(per_minute=per_minute, per_second=per_second, spacing_min=1, spacing_max=3)
    taken = slots_of(limits, arrivals)
    bulk = [slot for _, slot, urgent in taken if not urgent]

    assert all(slot >= asked for asked, slot, _ in taken)
    assert bulk == sorted(bulk)


def test_a_pause_of_the_sender_is_not_saved_up() -> None:
    limits = Limits(per_minute=30)
    _, used = pacing.take(Used(), limits, AT, False, Random(1))
    later = AT + timedelta(hours=1)
    slots = []
    for _ in range(3):
        slot, used = pacing.take(used, limits, later, False, Random(1))
        slots.append(slot)

    assert slots[0] == later
    assert slots[1] - later > 2 * SECOND


def test_without_limits_everything_leaves_at_once() -> None:
    assert [slot for _, slot, _ in slots_of(Limits(), [(0.0, False)] * 50)] == [AT] * 50
    assert pacing.seconds_for(1000, Limits()) == 0


@pytest.mark.parametrize(
    ("day", "per_day", "cap"),
    [
        (-3, 0, 20), (0, 0, 20), (1, 0, 26), (2, 0, 33), (3, 0, 43), (10, 0, 275),
        (20, 0, 3800), (21, 0, None), (400, 0, None), (0, 15, 15), (3, 40, 40), (3, 50, 43),
        (21, 250, 250), (20, 5000, 3800),
    ],
)  # fmt: skip
def test_a_new_number_grows_into_its_cap(day: int, per_day: int, cap: int | None) -> None:
    today = TODAY + timedelta(days=day)

    assert pacing.day_cap(Limits(per_day=per_day), TODAY, today) == cap
    assert pacing.day_cap(Limits(per_day=per_day), None, today) == (per_day or None)


def test_the_count_of_the_day_starts_anew() -> None:
    used = Used()
    for _ in range(3):
        used = pacing.count_one(used, TODAY)

    assert pacing.left_today(used, 5, TODAY) == 2
    assert pacing.left_today(used, 2, TODAY) == 0, "never negative"
    assert pacing.left_today(used, None, TODAY) is None
    tomorrow = TODAY + timedelta(days=1)
    assert pacing.left_today(used, 5, tomorrow) == 5
    assert pacing.count_one(used, tomorrow).day_used == 1


@given(
    st.integers(1, 30),
    st.integers(1, 45),
    st.lists(st.sampled_from([0.0, 0.0, 0.5, 6.0, 60.0]), min_size=1, max_size=120),
)
def test_a_pair_has_its_burst_and_then_its_pace(
    seconds: int, burst: int, gaps: list[float]
) -> None:
    limits = Limits(pair_seconds=seconds, pair_burst=burst)
    free_at, current, slots = None, AT, []
    for gap in gaps:
        current += timedelta(seconds=gap)
        slot, free_at = pacing.pair_slot(free_at, limits, current)
        assert slot >= current
        slots.append(slot)

    asked = [AT + timedelta(seconds=sum(gaps[: n + 1])) for n in range(len(gaps))]
    assert slots[:burst] == asked[:burst]
    assert busiest(slots, timedelta(seconds=seconds)) <= burst
    assert busiest(slots, timedelta(seconds=seconds * 5)) <= burst + 4
    assert slots == sorted(slots)


def test_without_a_limit_on_pairs_nobody_waits() -> None:
    assert pacing.pair_slot(AT + timedelta(days=1), Limits(), AT) == (AT, None)


@pytest.mark.parametrize(
    ("limits", "least", "most"),
    [
        (Limits(per_minute=60), 1000, 1150),
        (Limits(per_second=80), 12.5, 14),
        (Limits(spacing_min=4, spacing_max=8), 6000, 6000),
        (Limits(per_minute=60, spacing_min=4, spacing_max=8), 6000, 6000),
    ],
)
def test_the_estimate_for_a_thousand(limits: Limits, least: float, most: float) -> None:
    assert least <= pacing.seconds_for(1000, limits) <= most


def test_looking_reserves_nothing() -> None:
    used = Used(minute_free_at=AT + timedelta(seconds=9))

    assert pacing.earliest(used, Limits(per_minute=6), AT, False) == AT + timedelta(seconds=9)
    assert pacing.earliest(used, Limits(per_minute=6), AT, True) == AT
