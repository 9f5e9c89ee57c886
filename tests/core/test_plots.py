"""Bars stay inside of their box whatever the values, and axes are round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.plots import TOP, Plot, short, steps

rows = st.lists(
    st.tuples(st.integers(-(10**9), 10**10), st.integers(0, 10**10)), min_size=1, max_size=31
)


@given(rows, st.sampled_from([(720, 230), (340, 200)]))
def test_nothing_leaves_the_box(values: list[tuple[int, int]], size: tuple[int, int]) -> None:
    plot = Plot([str(number) for number in range(len(values))], ["a", "b"], values)
    box = plot.drawn(*size)
    for bar in box.bars:
        assert bar.x >= 0 and bar.x + bar.width <= size[0] + 1
        assert bar.y >= TOP and bar.y + bar.height <= size[1] - 26
        assert bar.height >= 0
    assert min(tick.value for tick in box.ticks) <= 0 <= max(tick.value for tick in box.ticks)
    assert 2 <= len(box.ticks) <= 8
    assert all(0 <= x <= size[0] for x, _word in box.marks)


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (0, 243, [0, 100, 200, 300]),
        (0, 0, [0, 1]),
        (-5, 12, [-5, 0, 5, 10, 15]),
        (0, 27_600_000, [0, 10_000_000, 20_000_000, 30_000_000]),
    ],
)
def test_steps_are_round(low: int, high: int, found: list[int]) -> None:
    assert steps(low, high) == found


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (0, "0"),
        (999, "999"),
        (1_500, "1,5 rb"),
        (38_600_000, "38,6 jt"),
        (243_000_000, "243 jt"),
        (1_230_000_000, "1,2 M"),
        (-2_000_000, "-2 jt"),
        (999_400, "999 rb"),
        (950, "950"),
        (999_949, "1 jt"),
    ],
)
def test_amounts_in_short(amount: int, said: str) -> None:
    assert short(amount) == said


def test_the_tallest_bar_is_named() -> None:
    plot = Plot(["Jan", "Feb"], ["Ditagih", "Terkumpul"], [(9, 1), (5, 4)])
    assert plot.best == ("Feb", 4) and not plot.empty
    assert Plot(["Jan"], ["a"], [(0,)]).empty
