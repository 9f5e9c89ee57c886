"""Cycles: borders, issue days, day counts. Tables, then what must hold for all of them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.cycles import (
    ACTUAL,
    CYCLES,
    PRORATIONS,
    SCHEMES,
    THIRTY,
    Terms,
    next_issue,
    part,
    without,
)
from portal.core.period import Period


def d(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("terms", "period", "begin", "end"),
    [
        (Terms("calendar", 1, 20), "2026-11", "2026-11-01", "2026-12-01"),
        (Terms("calendar", 3, 20), "2026-11", "2026-11-01", "2027-02-01"),
        (Terms("prepaid", 1, 20), "2026-11", "2026-11-20", "2026-12-20"),
        (Terms("prepaid", 12, 20), "2026-11", "2026-11-20", "2027-11-20"),
        (Terms("postpaid", 1, 20), "2026-11", "2026-10-20", "2026-11-20"),
        (Terms("postpaid", 6, 1), "2026-11", "2026-05-01", "2026-11-01"),
        (Terms("prepaid", 1, 31), "2026-01", "2026-01-31", "2026-02-28"),
        (Terms("prepaid", 1, 31), "2028-02", "2028-02-29", "2028-03-31"),
        (Terms("postpaid", 1, 30), "2026-03", "2026-02-28", "2026-03-30"),
    ],
)
def test_borders(terms: Terms, period: str, begin: str, end: str) -> None:
    cycle = terms.cycle(Period.parse(period))
    assert (cycle.begin, cycle.end) == (d(begin), d(end))


@pytest.mark.parametrize(
    ("terms", "start", "months"),
    [
        # A quarter from the month it started in.
        (Terms("prepaid", 3, 10), "2026-01-10", {1, 4, 7, 10}),
        # Started before the issue day: its first cycle began the month before.
        (Terms("prepaid", 3, 10), "2026-02-09", {1, 4, 7, 10}),
        (Terms("postpaid", 3, 10), "2026-01-10", {1, 4, 7, 10}),
        # The 28th is this month's 31st.
        (Terms("prepaid", 6, 31), "2026-02-28", {2, 8}),
        (Terms("calendar", 12, 10), "2026-02-01", {2}),
        (Terms("calendar", 1, 10), "2026-02-01", set(range(1, 13))),
    ],
)
def test_which_months_have_an_invoice(terms: Terms, start: str, months: set[int]) -> None:
    found = {m for m in range(1, 13) if terms.has_invoice(Period(2027, m), d(start))}
    assert found == months


@pytest.mark.parametrize(
    ("terms", "start", "period", "day"),
    [
        (Terms("calendar", 1, 5), "2026-11-21", "2026-11", "2026-11-05"),
        (Terms("prepaid", 1, 5), "2026-11-21", "2026-11", "2026-11-21"),
        (Terms("prepaid", 1, 5), "2026-11-02", "2026-10", "2026-11-02"),
        (Terms("prepaid", 1, 5), "2025-01-01", "2026-11", "2026-11-05"),
        (Terms("postpaid", 1, 5), "2026-11-21", "2026-12", "2026-12-05"),
    ],
)
def test_issue_day(terms: Terms, start: str, period: str, day: str) -> None:
    assert terms.issue_on(Period.parse(period), d(start)) == d(day)


@pytest.mark.parametrize(
    ("terms", "start", "after", "day"),
    [
        (Terms("calendar", 1, 31), "2026-01-01", "2026-02-01", "2026-02-28"),
        (Terms("prepaid", 12, 5), "2026-01-20", "2026-11-21", "2027-01-05"),
        (Terms("postpaid", 1, 5), "2026-11-21", "2026-11-21", "2026-12-05"),
        (Terms("prepaid", 1, 5), "2026-11-25", "2026-11-21", "2026-11-25"),
    ],
)
def test_next_issue(terms: Terms, start: str, after: str, day: str) -> None:
    assert next_issue(terms, d(start), d(after)) == d(day)


@pytest.mark.parametrize(
    ("proration", "begin", "end", "days", "whole"),
    [
        (ACTUAL, "2026-10-01", "2026-10-13", 12, 31),
        (THIRTY, "2026-10-01", "2026-10-13", 12, 30),
        (THIRTY, "2026-10-31", "2026-11-01", 0, 30),  # the 31st costs nothing
        (THIRTY, "2026-10-13", "2026-11-01", 18, 30),
    ],
)
def test_days(proration: str, begin: str, end: str, days: int, whole: int) -> None:
    cycle = Terms("calendar", 1, 1).cycle(Period.parse("2026-10"))
    assert cycle.days([(d(begin), d(end))], proration) == days
    assert cycle.whole(proration) == whole


def test_thirty_days_of_february() -> None:
    cycle = Terms("calendar", 1, 1).cycle(Period.parse("2026-02"))
    assert cycle.days([(d("2026-02-01"), d("2026-02-11"))], THIRTY) == 10
    assert cycle.days([(d("2026-02-11"), d("2026-03-01"))], THIRTY) == 20


TERMS = st.builds(
    Terms, st.sampled_from(sorted(SCHEMES)), st.sampled_from(CYCLES), st.integers(1, 31)
)
PERIODS = st.builds(Period, st.integers(2024, 2033), st.integers(1, 12))


@given(terms=TERMS, period=PERIODS)
def test_cycles_follow_each_other_without_gap_or_overlap(terms: Terms, period: Period) -> None:
    assert terms.cycle(period).end == terms.cycle(period.plus(terms.months)).begin
    assert len(terms.cycle(period).marks) == terms.months + 1


@given(terms=TERMS, start=st.dates(date(2024, 1, 1), date(2030, 1, 1)))
def test_every_day_of_a_line_is_in_exactly_one_cycle(terms: Terms, start: date) -> None:
    """The first two years of it, over all months that have an invoice."""
    first = Period.of(start).plus(-terms.months - 1)
    cycles = [
        terms.cycle(period)
        for period in (first.plus(step) for step in range(54))
        if terms.has_invoice(period, start)
    ]
    for offset in (0, 1, 27, 28, 29, 30, 31, 200, 364, 365, 366, 700):
        day = start + timedelta(days=offset)
        assert sum(cycle.begin <= day < cycle.end for cycle in cycles) == 1


@given(
    terms=TERMS,
    period=PERIODS,
    cuts=st.lists(st.floats(0, 1), max_size=4),
    price=st.integers(1, 5_000_000),
    proration=st.sampled_from([one for one in PRORATIONS if one != "none"]),
)
def test_parts_of_a_cycle_add_up(
    terms: Terms, period: Period, cuts: list[float], price: int, proration: str
) -> None:
    """The days exactly, the money to a rupiah a part, wherever it is cut."""
    cycle = terms.cycle(period)
    length = (cycle.end - cycle.begin).days
    inner = sorted({cycle.begin + timedelta(days=int(cut * length)) for cut in cuts})
    borders = [cycle.begin, *inner, cycle.end]
    days = [cycle.days([span], proration) for span in zip(borders, borders[1:], strict=False)]
    whole = cycle.whole(proration)
    assert sum(days) == whole and min(days) >= 0
    paid = sum(part(price, count, whole) for count in days)
    assert abs(paid - price) <= len(days)


@pytest.mark.parametrize("issue_day", range(1, 32))
def test_a_month_cut_at_any_day_never_costs_a_rupiah_more_a_part(issue_day: int) -> None:
    """31 due days, every day of five years, both rules."""
    terms, price = Terms("prepaid", 1, issue_day), 165_001
    for month in range(60):
        cycle = terms.cycle(Period(2024, 1).plus(month))
        for proration in (ACTUAL, THIRTY):
            whole = cycle.whole(proration)
            for offset in range((cycle.end - cycle.begin).days + 1):
                cut = cycle.begin + timedelta(days=offset)
                parts = [
                    part(price, cycle.days([span], proration), whole)
                    for span in ((cycle.begin, cut), (cut, cycle.end))
                ]
                assert price - 1 <= sum(parts) <= price + 2


@given(
    spans=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=3),
    gaps=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4),
)
def test_cutting_out(spans: list[tuple[int, int]], gaps: list[tuple[int, int]]) -> None:
    base = date(2026, 1, 1)

    def real(pairs: list[tuple[int, int]]) -> list[tuple[date, date]]:
        return [(base + timedelta(min(p)), base + timedelta(max(p))) for p in pairs]

    def days(pairs: list[tuple[date, date]]) -> set[date]:
        return {begin + timedelta(n) for begin, end in pairs for n in range((end - begin).days)}

    left = without(real(spans), real(gaps))
    assert days(left) == days(real(spans)) - days(real(gaps))
    assert all(begin < end for begin, end in left)
