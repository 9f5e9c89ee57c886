"""What people type at the counter, and what an amount would do."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from portal.counter import forms
from portal.counter.effect import foresee


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("150.000", 150_000),
        ("Rp 150.000,00", 150_000),
        ("150000", 150_000),
        ("150rb", 150_000),
        ("150 ribu", 150_000),
        ("150k", 150_000),
        ("1,5jt", 1_500_000),
        ("1.25 juta", 1_250_000),
        ("Rp165rb", 165_000),
        ("12,5rb", 12_500),
    ],
)
def test_rupiah_as_people_write_it(app: Flask, typed: str, amount: int) -> None:
    with app.test_request_context():
        assert forms.rupiah(typed) == amount


@pytest.mark.parametrize(
    "typed", ["", "-5000", "150.00.0", "seratus", "1,5", "99999999999999", "1e5"]
)
def test_what_is_no_amount(app: Flask, typed: str) -> None:
    with app.test_request_context(), pytest.raises(ValueError):
        forms.rupiah(typed)


def test_pieces_are_added_up_on_the_server(app: Flask) -> None:
    with app.test_request_context():
        typed = MultiDict({"piece-100000": "2", "piece-500": "3", "counted": ""})
        assert forms.read_count(typed) == (201_500, {"100000": 2, "500": 3})
        typed["counted"] = "201.500"
        assert forms.read_count(typed)[0] == 201_500
        for wrong in ({"counted": "200.000"}, {"piece-100": "x"}, {"piece-100": "-1"}):
            with pytest.raises(ValueError):
                forms.read_count(MultiDict({**typed, **wrong}))
        with pytest.raises(ValueError):
            forms.read_count(MultiDict())
        assert forms.read_count(MultiDict({"counted": "0"})) == (0, {})


@given(st.integers(1, 10**9), st.lists(st.integers(1, 10**8), max_size=8))
def test_an_amount_is_spread_to_the_rupiah(amount: int, demands: list[int]) -> None:
    effect = foresee(amount, list(enumerate(demands)))
    assert sum(part.amount for part in effect.parts) + effect.credit == amount
    assert [part.amount + part.left for part in effect.parts] == demands
    assert effect.credit == 0 or effect.still_owed == 0
    unpaid = [part.left for part in effect.parts]
    assert all(
        not later.amount for left, later in zip(unpaid, effect.parts[1:], strict=False) if left
    )
