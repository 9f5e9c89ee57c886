"""Pause: billed days come back, days away are not billed, and nothing is lost."""

from datetime import date
from fractions import Fraction

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.invoices import lifecycle
from portal.subscriptions.models import SubscriptionPause
from tests import factories
from tests.invoices.nights import (
    FIRST,
    actual_days,
    at,
    night,
    rest,
    state,
    tariff,
    totals,
    waiting,
)

__all__ = ["actual_days"]


def test_a_pause_of_billed_days_comes_back(app: Flask, clock: FixedClock) -> None:
    line = factories.subscription(tariff=tariff("Rumah", 300_000), billing_day=1, started_on=FIRST)
    at(clock, "2026-11-01")
    night()
    at(clock, "2026-11-11")
    rest(line, "2026-11-21")
    night()
    assert (state(line), waiting(line)) == ("paused", [])
    at(clock, "2026-11-20")
    night()
    assert state(line) == "paused"
    at(clock, "2026-11-21")
    night()
    assert state(line) == "active"
    assert waiting(line) == [("Cuti 11-11-2026, 10 dari 30 hari", -100_000)]
    at(clock, "2026-12-01")
    night()
    assert totals() == [("2026-11", 300_000), ("2026-12", 200_000)]


def test_a_pause_over_the_issue_day_is_billed_when_its_days_are_known(
    app: Flask, clock: FixedClock
) -> None:
    line = factories.subscription(tariff=tariff("Rumah", 300_000), billing_day=15)
    at(clock, "2026-11-10")
    night()
    before = totals()
    rest(line, "2027-01-16")
    at(clock, "2026-11-15")
    night()
    assert totals() == before  # November is not over
    at(clock, "2026-12-01")
    night()
    assert totals()[-1] == ("2026-11", 90_000)
    at(clock, "2027-01-02")
    night()
    assert totals()[-1] == ("2026-11", 90_000)  # December: away all of it
    at(clock, "2027-01-16")
    night()
    assert totals()[-1] == ("2027-01", 154_839)  # 16 of 31 days
    assert waiting(line) == []


def test_a_pause_in_a_year_is_caught_up(app: Flask, clock: FixedClock) -> None:
    plan = tariff("Setahun", 100_000, billing="calendar", cycle_months=12)
    line = factories.subscription(tariff=plan, billing_day=20, started_on=date(2026, 11, 1))
    at(clock, "2026-11-10")
    rest(line, "2027-05-10")
    for day in ("2026-11-20", "2026-12-20", "2027-03-01", "2027-05-09"):
        at(clock, day)
        night()
    assert totals() == []
    at(clock, "2027-05-10")
    night()
    served = 365 - (date(2027, 5, 10) - date(2026, 11, 10)).days
    assert totals() == [("2026-11", round(Fraction(1_200_000 * served, 365)))]


@pytest.mark.parametrize(
    ("wake_on", "reason"),
    [("2026-11-21", "x"), ("2027-11-23", "x"), ("2026-12-01", " ")],
)
def test_pauses_that_cannot_be(app: Flask, wake_on: str, reason: str) -> None:
    line = factories.subscription()
    with pytest.raises(lifecycle.LifecycleError):
        lifecycle.pause(line.id, date.fromisoformat(wake_on), reason)
    db.session.rollback()


def test_only_an_active_line_pauses_and_once(app: Flask) -> None:
    line = factories.subscription()
    rest(line, "2026-12-01")
    with pytest.raises(lifecycle.LifecycleError):
        lifecycle.pause(line.id, date(2026, 12, 1), "x")
    db.session.rollback()
    assert lifecycle.wake(line.id, "kembali")
    assert not lifecycle.wake(line.id, "kembali")
    db.session.commit()
    assert [row.woke_on for row in factories.every(SubscriptionPause)] == [date(2026, 11, 21)]
    assert waiting(line) == []
