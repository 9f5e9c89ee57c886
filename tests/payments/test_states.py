"""The tables of payment orders: what an answer does, what money is called, when to ask."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.payments import states, timing

ORDERS = ("pending", "settled", "expired", "cancelled")
CHARGES = ("pending", "completed", "expired", "canceled", "unknown", "nonsense")


@pytest.mark.parametrize(("order", "charge"), list(product(ORDERS, CHARGES)))
def test_every_pair_has_an_answer(order: str, charge: str) -> None:
    wanted = "ignore"
    if charge == "completed" and order != "settled":
        wanted = "settle"
    elif order == "pending":
        wanted = {
            "expired": "expire",
            "canceled": "cancel",
            "pending": "wait",
            "unknown": "wait",
        }.get(charge, "ignore")
    assert states.action(order, charge) == wanted


def test_nothing_moves_a_settled_order() -> None:
    assert {states.action("settled", charge) for charge in CHARGES} == {"ignore"}


def test_only_completed_settles() -> None:
    settling = {pair for pair in product(ORDERS, CHARGES) if states.action(*pair) == "settle"}
    assert {charge for _, charge in settling} == {"completed"}


@pytest.mark.parametrize(
    ("order", "amount", "invoices", "owed", "name"),
    [
        ("pending", 100, ["open"], 100, "ordinary"),
        ("pending", 100, ["open", "open"], 150, "ordinary"),
        ("expired", 100, ["open"], 100, "late"),
        ("cancelled", 100, ["open"], 100, "late"),
        ("pending", 100, ["paid"], 0, "double"),
        ("expired", 100, ["paid"], 0, "double"),
        ("pending", 100, ["void"], 0, "for_void"),
        ("pending", 200, ["void", "open"], 100, "for_void"),
        ("pending", 200, ["paid", "void"], 0, "for_void"),
        ("pending", 100, ["written_off"], 0, "for_void"),
        ("pending", 200, ["paid", "open"], 100, "double"),
        ("pending", 100, ["open"], 40, "surplus"),
    ],
)
def test_money_has_a_name(
    order: str, amount: int, invoices: list[str], owed: int, name: str
) -> None:
    assert states.circumstance(order, amount, invoices, owed) == name
    assert name == "ordinary" or states.SENTENCES[name].endswith(".")


@pytest.mark.parametrize(
    ("age", "wanted"),
    [(0, 20), (19, 41), (20, 40), (60, 120), (180, 420), (600, 1200), (1800, 5400), (7200, 36000)],
)
def test_the_plan(age: float, wanted: float) -> None:
    assert timing.next_check(age, timing.LIFETIME - age) == wanted


def test_the_plan_asks_once_more_when_the_order_is_over_and_then_to_its_end() -> None:
    over = timing.LIFETIME + timing.GRACE
    asked, age = [], 0.0
    while (wait := timing.next_check(age, timing.LIFETIME - age)) is not None:
        age += wait
        asked.append(age)
    assert asked == [20, 60, 180, 600, 1800, 7200, 43200, over + timing.TOGETHER, 90000]
    assert timing.past_plan(asked[-1])


@given(age=st.floats(0, 100_000), left=st.floats(-100_000, 90_000))
def test_a_next_check_is_in_the_future_and_a_last_one_exists(age: float, left: float) -> None:
    wait = timing.next_check(age, left)
    if wait is None:
        assert age >= timing.PLAN[-1] - timing.TOGETHER
    else:
        assert wait > 0
        assert wait <= timing.PLAN[-1]


def test_a_short_life_is_asked_about_when_it_ends() -> None:
    assert timing.next_check(1800, 600) == 600 + timing.GRACE + timing.TOGETHER
    assert not timing.is_over(0) and not timing.is_over(-timing.GRACE + 1)
    assert timing.is_over(-timing.GRACE)


@pytest.mark.parametrize(
    ("age", "checks", "wait"),
    [(20, 1, 5), (25, 2, 10), (36, 3, 20), (5, 1, 10), (600, 4, 5), (90_000, 40, 3600), (0, 0, 5)],
)
def test_a_failed_question_is_repeated_soon_and_then_ever_calmer(
    age: float, checks: int, wait: int
) -> None:
    assert timing.retry_after(age, checks) == wait
