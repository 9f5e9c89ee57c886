"""Sending hours: when a patient message may leave, over days, nights and holidays."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messaging.hours import FARTHEST, Hours

JAKARTA = ZoneInfo("Asia/Jakarta")
# 2026-11-21 is a Saturday.
DAY = Hours(time(8), time(20))
NIGHT = Hours(time(20), time(4))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JAKARTA)


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        (DAY, "2026-11-21 08:00", "2026-11-21 08:00"),
        (DAY, "2026-11-21 07:59", "2026-11-21 08:00"),
        (DAY, "2026-11-21 19:59", "2026-11-21 19:59"),
        (DAY, "2026-11-21 20:00", "2026-11-22 08:00"),
        (DAY, "2026-11-21 22:00", "2026-11-22 08:00"),
        (DAY, "2026-11-21 00:00", "2026-11-21 08:00"),
        (DAY, "2026-12-31 23:00", "2027-01-01 08:00"),
        (NIGHT, "2026-11-21 19:00", "2026-11-21 20:00"),
        (NIGHT, "2026-11-21 23:00", "2026-11-21 23:00"),
        (NIGHT, "2026-11-22 03:59", "2026-11-22 03:59"),
        (NIGHT, "2026-11-22 04:00", "2026-11-22 20:00"),
        (Hours(time(8), time(0)), "2026-11-21 23:59", "2026-11-21 23:59"),
        (Hours(time(8), time(0)), "2026-11-22 00:00", "2026-11-22 08:00"),
    ],
)
def test_the_hours_of_a_day(hours: Hours, now: str, opens: str) -> None:
    assert hours.opening(at(now)) == at(opens)


@pytest.mark.parametrize("weekday", range(7))
def test_a_closed_weekday_is_passed_over(weekday: int) -> None:
    hours = Hours(time(8), time(20), closed_weekdays=frozenset({weekday}))
    for day in range(14):
        noon = at("2026-11-16 12:00") + timedelta(days=day)
        expected = noon
        if noon.weekday() == weekday:
            expected = (noon + timedelta(days=1)).replace(hour=8)
        assert hours.opening(noon) == expected


def test_holidays_in_a_row_with_a_weekend() -> None:
    # Eid: Friday to Monday closed as holidays, Sunday closed anyway.
    holidays = frozenset({date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)})
    hours = Hours(time(8), time(20), frozenset({6}), holidays)

    assert hours.opening(at("2026-11-19 20:30")) == at("2026-11-24 08:00")
    assert hours.opening(at("2026-11-19 19:30")) == at("2026-11-19 19:30")


def test_a_night_belongs_to_the_day_it_began_on() -> None:
    sunday_closed = Hours(time(20), time(4), closed_weekdays=frozenset({6}))

    assert sunday_closed.opening(at("2026-11-22 02:00")) == at("2026-11-22 02:00")
    assert sunday_closed.opening(at("2026-11-22 21:00")) == at("2026-11-23 20:00")
    assert sunday_closed.opening(at("2026-11-23 02:00")) == at("2026-11-23 20:00")


@pytest.mark.parametrize("hour", range(24))
def test_equal_times_mean_all_day(hour: int) -> None:
    always = Hours(time(hour), time(hour))
    for minute in range(0, 48 * 60, 7):
        moment = at("2026-11-21 00:00") + timedelta(minutes=minute)
        assert always.opening(moment) == moment


def test_all_day_still_knows_holidays() -> None:
    hours = Hours(time(0), time(0), holidays=frozenset({date(2026, 11, 21)}))

    assert hours.opening(at("2026-11-21 12:00")) == at("2026-11-22 00:00")
    assert hours.opening(at("2026-11-20 23:59")) == at("2026-11-20 23:59")


def test_a_calendar_without_an_open_day_holds_nothing_for_ever() -> None:
    never = Hours(time(8), time(20), closed_weekdays=frozenset(range(7)))
    moment = at("2026-11-21 22:00")

    assert never.opening(moment) == moment


def test_the_zone_is_kept() -> None:
    evening = datetime(2026, 11, 21, 22, tzinfo=UTC)

    opens = DAY.opening(evening)

    assert opens == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert DAY.opening(at("2026-11-21 22:00")).tzinfo is JAKARTA
    assert DAY.opening(evening).tzinfo is UTC


CLOCK = st.builds(time, st.integers(0, 23), st.integers(0, 59))
HOURS = st.builds(
    Hours,
    CLOCK,
    CLOCK,
    st.frozensets(st.integers(0, 6), max_size=6),
    st.frozensets(st.dates(date(2026, 11, 1), date(2026, 12, 31)), max_size=7),
)
MOMENTS = st.integers(0, 60 * 24 * 60).map(
    lambda minutes: at("2026-11-01 00:00") + timedelta(minutes=minutes)
)


def is_open(hours: Hours, moment: datetime) -> bool:
    """Minute by minute, said differently than in the code under test."""
    clock, today = moment.time(), moment.date()
    days = [today] if clock >= hours.opens else []
    if hours.closes > hours.opens:
        days = days if clock < hours.closes else []
    elif clock < hours.closes:
        days.append(today - timedelta(days=1))
    return any(
        day.weekday() not in hours.closed_weekdays and day not in hours.holidays for day in days
    )


@given(HOURS, MOMENTS)
def test_it_opens_at_the_first_open_moment(hours: Hours, moment: datetime) -> None:
    opens = hours.opening(moment)

    assert moment <= opens < moment + timedelta(days=FARTHEST)
    assert is_open(hours, opens)
    assert (opens == moment) == is_open(hours, moment)
    assert hours.opening(opens) == opens
    steps = int((opens - moment).total_seconds() // 3600)
    assert not any(is_open(hours, moment + timedelta(hours=step)) for step in range(steps))
