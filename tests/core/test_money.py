"""Rupiah: parsing what people write, one rounding, splitting to the last rupiah."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.money import (
    allocate,
    divide_half_up,
    format_number,
    format_rupiah,
    parse_rupiah,
    percent_bp,
)

amounts = st.integers(0, 10**12)


@pytest.mark.parametrize(
    "text",
    [
        "150000",
        "150.000",
        "150,000",
        "Rp 150.000",
        "Rp150.000,00",
        "rp. 150000",
        "150000.00",
        "150.000,-",
        " IDR 150,000.00 ",
        "150\u00a0000",
        "150rb",
        "Rp 150 ribu",
        "150k",
        "0,15 jt",
        "0.15juta",
    ],
)
def test_what_people_and_spreadsheets_write(text: str) -> None:
    assert parse_rupiah(text) == 150_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "-5",
        "150.50",
        "150000,5",
        "1.50.000",
        "15.00.0",
        "1e5",
        "Rp",
        "1.2345",
        "٣٤",
        "1.250rb",
        "1,5rbu",
    ],
)
def test_what_is_not_an_amount_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="upiah|Titik"):
        parse_rupiah(text)


@given(amounts)
def test_what_is_shown_can_be_read_again(amount: int) -> None:
    assert parse_rupiah(format_rupiah(amount)) == amount
    assert parse_rupiah(format_number(amount)) == amount
    assert format_rupiah(-amount) == (f"-{format_rupiah(amount)}" if amount else "Rp0")


@given(st.text(max_size=20))
def test_any_text_is_an_amount_or_an_error(text: str) -> None:
    try:
        assert parse_rupiah(text) >= 0
    except ValueError as error:
        assert str(error)


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_rounding_is_half_away_from_zero(numerator: int, denominator: int) -> None:
    rounded = divide_half_up(numerator, denominator)
    distance = abs(Fraction(numerator, denominator) - rounded)
    assert distance <= Fraction(1, 2)
    if distance == Fraction(1, 2):
        assert abs(rounded) > abs(Fraction(numerator, denominator))


@pytest.mark.parametrize(
    ("amount", "points", "share"), [(165_000, 1100, 18_150), (1, 5000, 1), (1, 4999, 0), (0, 1, 0)]
)
def test_percentages(amount: int, points: int, share: int) -> None:
    assert percent_bp(amount, points) == share


weights = st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any)


@given(amounts, weights)
def test_a_split_adds_up_and_is_fair(total: int, shares: list[int]) -> None:
    parts = allocate(total, shares)
    assert sum(parts) == total
    for part, share in zip(parts, shares, strict=True):
        assert abs(part - Fraction(total * share, sum(shares))) < 1


@pytest.mark.parametrize(("total", "shares"), [(-1, [1]), (5, []), (5, [0, 0]), (5, [-1, 2])])
def test_an_impossible_split_is_refused(total: int, shares: list[int]) -> None:
    with pytest.raises(ValueError, match="allocate"):
        allocate(total, shares)
