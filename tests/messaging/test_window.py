"""The congestion window against simulated providers; time here is a number, nobody waits."""

import heapq
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messaging.window import SMALLEST, START, Window

PATIENCE = 8.0
"""Seconds after which a caller gives up."""


class Simulation:
    """A lane with endless work before a provider whose workers serve one request each."""

    def __init__(self, pace: Callable[[float], float], workers: int | None, most: int = 400):
        self.window = Window(most)
        self.pace = pace
        self.free = [0.0] * (workers or 0)
        self.unlimited = workers is None
        self.now = 0.0
        self.under_way = 0
        self.slowest = 0.0
        self.answered = self.timeouts = 0
        self._landing: list[tuple[float, int, float]] = []
        self._serial = itertools.count()

    def _send(self) -> None:
        begins = self.now if self.unlimited else max(self.now, heapq.heappop(self.free))
        ends = begins + self.pace(begins)
        if not self.unlimited:
            heapq.heappush(self.free, ends)  # also when its caller has left long ago
        heard = min(ends, self.now + PATIENCE)
        heapq.heappush(self._landing, (heard, next(self._serial), ends - self.now))
        self.under_way += 1

    def _land(self) -> None:
        self.now, _serial, seconds = heapq.heappop(self._landing)
        if seconds > PATIENCE:
            self.timeouts += 1
            self.window.lost()
        else:
            self.answered += 1
            self.slowest = max(self.slowest, seconds)
            self.window.accepted(seconds, self.under_way)
        self.under_way -= 1

    def run(self, until: float) -> None:
        while self.now < until:
            while self.under_way < self.window.size:
                self._send()
            self._land()


@pytest.mark.parametrize("workers", [4, 8, 30])
def test_few_slow_workers_are_kept_busy_and_never_overrun(workers: int) -> None:
    provider = Simulation(lambda _at: 1.5, workers)
    provider.run(120)

    assert provider.timeouts == 0
    assert provider.slowest < PATIENCE
    assert provider.answered > 0.95 * 120 / 1.5 * workers


def test_what_is_quick_for_any_number_gets_all_within_seconds() -> None:
    provider = Simulation(lambda _at: 0.2, None)
    provider.run(3)
    assert provider.window.size == 400


def test_a_slow_pace_that_stays_the_same_is_no_reason_to_hold_back() -> None:
    provider = Simulation(lambda _at: 1.5, None)
    provider.run(15)
    assert provider.window.size == 400


def test_a_provider_that_becomes_slow_gets_less_and_later_more_again() -> None:
    provider = Simulation(lambda at: 1.5 if 10 <= at < 60 else 0.05, 8)
    provider.run(10)
    before = provider.window.size
    assert before >= START
    provider.run(25)  # what was under way
    provider.timeouts = provider.slowest = 0
    provider.run(60)
    assert provider.window.size < before
    assert provider.timeouts == 0
    assert provider.slowest < 6
    provider.run(70)
    assert provider.window.size >= before - 2


def test_a_provider_that_stays_slow_is_not_held_to_its_better_days() -> None:
    provider = Simulation(lambda at: 0.02 if at < 5 else 1.0, None)
    provider.run(60)
    assert provider.window.size > START


def test_the_pace_does_not_creep_up_with_the_queue_it_causes() -> None:
    provider = Simulation(lambda _at: 0.5, 8)
    provider.run(600)
    assert provider.window.size <= 40
    assert provider.slowest < 4


def test_lost_answers_halve_it_once_a_crowd() -> None:
    window = Window(400)
    window.lost()
    assert window.size == START // 2
    for _ in range(START // 2 - 1):
        window.lost()
    assert window.size == START // 2
    for _ in range(100):
        window.lost()
    assert window.size == SMALLEST


def test_a_few_losses_among_quick_answers_do_not_close_it() -> None:
    window = Window(400)
    smallest = 400
    for number in range(4000):
        if number % 20 == 7:
            window.lost()
        else:
            window.accepted(0.05, window.size)
        smallest = min(smallest, window.size) if number > 100 else smallest
    assert smallest >= START


def test_an_idle_window_does_not_grow() -> None:
    window = Window(400)
    for _ in range(100):
        window.accepted(0.05, 3)
    assert window.size == START


def test_a_quick_no_is_no_measure_of_a_yes() -> None:
    window = Window(400)
    for _ in range(50):
        window.refused(0.001)
    for _ in range(50):
        window.accepted(0.9, window.size)
    assert window.size == START + 50


@pytest.mark.parametrize("most", [1, 3, 4, 16])
def test_a_driver_that_allows_few_gets_few(most: int) -> None:
    window = Window(most)
    assert window.size == min(most, START)
    for _ in range(50):
        window.accepted(0.1, most)
    assert window.size == most
    for _ in range(200):
        window.lost()
    assert window.size == min(most, SMALLEST)


SECONDS = st.floats(min_value=0, max_value=20)


@given(
    most=st.integers(1, 400),
    words=st.lists(
        st.one_of(
            st.tuples(st.just("accepted"), SECONDS, st.integers(0, 400)),
            st.tuples(st.just("refused"), SECONDS, st.just(0)),
            st.tuples(st.just("lost"), st.just(0.0), st.just(0)),
        ),
        max_size=300,
    ),
)
def test_whatever_is_heard_the_size_stays_between_its_bounds(
    most: int, words: list[tuple[str, float, int]]
) -> None:
    window = Window(most)
    for word, seconds, under_way in words:
        if word == "accepted":
            window.accepted(seconds, under_way)
        elif word == "refused":
            window.refused(seconds)
        else:
            window.lost()
        assert min(SMALLEST, most) <= window.size <= most
