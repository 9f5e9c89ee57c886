"""Change of plan, today or with the next cycle: what is billed before and after."""

from datetime import date

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.extensions import db
from portal.invoices import billing, lifecycle
from portal.invoices.models_terms import Charge
from portal.subscriptions.models import PlanChange, Subscription
from tests import factories
from tests.invoices.nights import FIRST, actual_days, at, change, night, tariff, totals, waiting

__all__ = ["actual_days"]


def test_a_change_today_of_a_billed_month(app: Flask, clock: FixedClock) -> None:
    slow, fast = tariff("Rumah", 300_000), tariff("Cepat", 600_000)
    line = factories.subscription(tariff=slow, billing_day=1, started_on=FIRST)
    at(clock, "2026-11-01")
    night()
    at(clock, "2026-11-21")
    assert change(line, fast, at_once=True) == 100_000  # 10 of 30 days
    assert waiting(line) == [("Ganti paket ke Cepat, 10 dari 30 hari", 100_000)]
    now = factories.fresh(Subscription, line.id)
    assert (now.plan_id, now.price) == (fast.id, 600_000)
    at(clock, "2026-11-26")
    assert change(line, slow, at_once=True) == -50_000
    at(clock, "2026-12-01")
    night()
    assert totals() == [("2026-11", 300_000), ("2026-12", 350_000)]


def test_a_change_today_of_a_month_to_be_billed(app: Flask, clock: FixedClock) -> None:
    slow, fast = tariff("Rumah", 300_000), tariff("Cepat", 600_000)
    line = factories.subscription(tariff=slow, billing_day=25, started_on=FIRST)
    assert change(line, fast, at_once=True) == 0
    at(clock, "2026-11-25")
    night()
    assert totals() == [("2026-11", 400_000)]
    assert waiting(line) == []


def test_a_change_next_cycle(app: Flask, clock: FixedClock) -> None:
    slow, fast = tariff("Rumah", 300_000), tariff("Cepat", 600_000)
    line = factories.subscription(tariff=slow, billing_day=25, price=280_000, started_on=FIRST)
    assert change(line, fast, at_once=False) == 0
    with pytest.raises(lifecycle.LifecycleError):
        lifecycle.quote_change(line.id, fast.id, at_once=True)
    db.session.rollback()
    at(clock, "2026-11-25")
    night()
    assert totals() == [("2026-11", 280_000)]
    at(clock, "2026-12-01")
    night()
    night()
    (row,) = factories.every(PlanChange)
    assert (row.on_day, row.from_price) == (date(2026, 12, 1), 280_000)
    assert factories.fresh(Subscription, line.id).price == 600_000
    at(clock, "2026-12-25")
    night()
    assert totals()[-1] == ("2026-12", 600_000)


def test_a_change_can_be_called_off(app: Flask, clock: FixedClock) -> None:
    slow, fast = tariff("Rumah", 300_000), tariff("Cepat", 600_000)
    line = factories.subscription(tariff=slow, billing_day=25, started_on=FIRST)
    change(line, fast, at_once=False)
    assert lifecycle.cancel_change(line.id, "tidak jadi")
    assert not lifecycle.cancel_change(line.id, "tidak jadi")
    db.session.commit()
    at(clock, "2026-12-25")
    night()
    assert {total for _, total in totals()} == {300_000}
    assert factories.fresh(Subscription, line.id).plan_id == slow.id


def test_a_quote_that_is_no_longer_true_is_refused(app: Flask, clock: FixedClock) -> None:
    slow, fast = tariff("Rumah", 300_000), tariff("Cepat", 600_000)
    line = factories.subscription(tariff=slow, billing_day=1, started_on=FIRST)
    quote = lifecycle.quote_change(line.id, fast.id, at_once=True)
    db.session.rollback()
    billing.issue_chunk(Period.parse("2026-11"), only_due=False)
    db.session.commit()
    with pytest.raises(lifecycle.LifecycleError):
        lifecycle.change_plan(
            line.id, fast.id, at_once=True, expected=quote.difference, reason="minta"
        )
    db.session.rollback()
    assert factories.every(PlanChange) == [] == factories.every(Charge)


def test_another_cycle_only_from_the_next(app: Flask) -> None:
    line = factories.subscription(tariff=tariff("Rumah", 300_000))
    other = tariff("Prabayar", 300_000, billing="prepaid")
    with pytest.raises(lifecycle.LifecycleError):
        lifecycle.quote_change(line.id, other.id, at_once=True)
    with pytest.raises(lifecycle.LifecycleError):
        lifecycle.quote_change(line.id, line.plan_id, at_once=True)
    db.session.rollback()
