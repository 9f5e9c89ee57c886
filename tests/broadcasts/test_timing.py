"""How long it takes under limits and sending hours, and how long messages stay fresh."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.broadcasts import timing
from portal.messaging.channels import ActiveChannel
from portal.messaging.drivers.base import Limits
from portal.messaging.hours import Hours
from portal.messaging.pacing import Used

WIB = ZoneInfo("Asia/Jakarta")
DAY = Hours(time(8), time(20))
ALWAYS = Hours(time(0), time(0))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=WIB)


def forecast(
    count: int, limits: Limits, hours: Hours = DAY, local: str = "23T10:00", **about: object
) -> timing.Forecast:
    used = about.pop("used", Used())
    channel = ActiveChannel(1, "console", {}, limits=limits, **about)  # type: ignore[arg-type]
    return timing.simulate(count, channel, used, hours, at(local))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hours", "local", "until"),
    [
        (DAY, "23T10:00", "25T10:00"),
        (DAY, "23T22:00", "26T08:00"),  # opens on the 24th
        (DAY, "23T07:00", "25T08:00"),
        (ALWAYS, "23T22:00", "25T22:00"),
        # Saturday; Sunday is closed and does not count.
        (Hours(time(8), time(20), {6}), "21T10:00", "24T08:00"),
        (Hours(time(8), time(20), set(), {date(2026, 11, 24)}), "23T10:00", "26T08:00"),
    ],
)
def test_two_days_of_sending(hours: Hours, local: str, until: str) -> None:
    assert timing.shelf(hours, at(local)) == at(until)


@pytest.mark.parametrize(
    ("hours", "local", "closes"),
    [
        (DAY, "23T10:00", "23T20:00"),
        (ALWAYS, "23T10:00", "24T00:00"),
        (Hours(time(20), time(6)), "23T22:00", "24T06:00"),
        (Hours(time(20), time(6)), "23T02:00", "23T06:00"),
    ],
)
def test_closing(hours: Hours, local: str, closes: str) -> None:
    assert timing.closing(hours, at(local)) == at(closes)


def test_a_few_through_a_free_channel_are_gone_at_once() -> None:
    found = forecast(40, Limits())
    assert found.ends_at == at("23T10:00") + timedelta(seconds=2)
    assert (found.in_time, found.waits) == (40, False)


def test_outside_the_hours_it_waits_for_them() -> None:
    found = forecast(40, Limits(), local="23T21:00")
    assert found.starts_at == at("24T08:00") and found.waits
    assert found.ends_at is not None and found.ends_at > at("24T08:00")


def test_a_rate_that_takes_more_than_a_day_goes_on_in_the_next_window() -> None:
    found = forecast(12_000, Limits(per_minute=10))
    each = found.seconds / 12_000
    first_day = 10 * 3600 / each
    second_day = 12 * 3600 / each
    assert first_day < 12_000 < first_day + second_day * 2
    assert found.ends_at is not None and at("24T08:00") < found.ends_at < at("25T20:00")


def test_the_cap_of_the_day_and_what_was_sent_today() -> None:
    limits = Limits(per_day=100)
    found = forecast(250, limits)
    assert found.ends_at is not None and found.ends_at.date() == date(2026, 11, 25)
    busy = forecast(250, limits, used=Used(day=date(2026, 11, 23), day_used=90))
    assert busy.ends_at is not None and busy.ends_at.date() == date(2026, 11, 26)
    assert busy.in_time < found.in_time == 250


def test_what_would_expire_is_told() -> None:
    found = forecast(5_000, Limits(per_day=100))
    assert 200 <= found.in_time <= 300
    assert found.ends_at is not None and found.ends_at > at("23T10:00") + timedelta(days=40)


def test_more_than_two_months_is_no_date() -> None:
    assert forecast(50_000, Limits(per_day=100)).ends_at is None


def test_a_new_number_warms_up_and_a_portfolio_limits_the_numbers() -> None:
    fresh = forecast(1_000, Limits(), warm_from=date(2026, 11, 23))
    assert fresh.ends_at is not None and fresh.ends_at.date() > date(2026, 11, 27)
    circle = forecast(1_000, Limits(recipients_per_day=250))
    assert circle.ends_at is not None and circle.ends_at.date() == date(2026, 11, 26)
