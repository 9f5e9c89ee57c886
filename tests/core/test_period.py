"""Periods and due dates: clamping, order, round trips."""

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.period import Period, due_date

days = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("period", "wanted", "day"),
    [
        ("2026-02", 31, date(2026, 2, 28)),
        ("2028-02", 30, date(2028, 2, 29)),
        ("2026-11", 31, date(2026, 11, 30)),
        ("2026-12", 31, date(2026, 12, 31)),
        ("2026-11", 1, date(2026, 11, 1)),
    ],
)
def test_billing_day_clamps_and_returns(period: str, wanted: int, day: date) -> None:
    assert Period.parse(period).day(wanted) == day


@given(days, st.integers(1, 31))
def test_clamped_day_is_the_wanted_one_whenever_the_month_has_it(day: date, wanted: int) -> None:
    period = Period.of(day)
    length = monthrange(day.year, day.month)[1]
    assert period.day(wanted).day == min(wanted, length)
    assert Period.of(period.day(wanted)) == period


@given(days)
def test_next_and_previous_are_inverse_and_text_round_trips(day: date) -> None:
    period = Period.of(day)
    assert period.next().previous() == period
    assert period.previous().next() == period
    assert Period.parse(str(period)) == period
    assert period.last_day + timedelta(days=1) == period.next().first_day


@pytest.mark.parametrize(
    "bad", ["2026-13", "2026-0", "26-11", "2026/11", "0000-01", "", "2026-11-01"]
)
def test_bad_period_is_refused_in_words(bad: str) -> None:
    with pytest.raises(ValueError, match="Periode"):
        Period.parse(bad)


@pytest.mark.parametrize("bad", [0, 32, -1])
def test_bad_billing_day_is_refused(bad: int) -> None:
    with pytest.raises(ValueError, match="billing day"):
        Period.parse("2026-11").day(bad)


@given(days, st.integers(1, 31), st.integers(1, 60), st.integers(-40, 40))
def test_no_invoice_is_born_overdue(day: date, billing_day: int, due_days: int, shift: int) -> None:
    period = Period.of(day)
    issued = day + timedelta(days=shift)
    due = due_date(period, billing_day, due_days, issued)
    assert due >= issued + timedelta(days=due_days)
    assert due >= period.day(billing_day) + timedelta(days=due_days)
    assert due in {
        issued + timedelta(days=due_days),
        period.day(billing_day) + timedelta(days=due_days),
    }
