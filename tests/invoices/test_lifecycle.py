"""The whole life of a line and its end: every day is paid once and at its price."""

import random
from datetime import date, timedelta
from fractions import Fraction

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.invoices import lifecycle
from portal.invoices.models import Invoice
from portal.subscriptions.models import PlanChange, Subscription, SubscriptionPause
from tests import factories
from tests.invoices.nights import FIRST, actual_days, at, change, night, rest, tariff, waiting

__all__ = ["actual_days"]


WAYS = [
    ("calendar", 1, 1), ("calendar", 3, 10), ("prepaid", 1, 10), ("prepaid", 3, 1),
    ("postpaid", 1, 1), ("postpaid", 3, 10),
]  # fmt: skip


@pytest.mark.parametrize("old", WAYS)
@pytest.mark.parametrize("new", WAYS)
def test_from_any_cycle_to_any_other_no_day_is_lost_or_billed_twice(
    app: Flask, clock: FixedClock, old: tuple[str, int, int], new: tuple[str, int, int]
) -> None:
    """300,000 a month before and after: a year costs a year, however it is cut."""
    plans = [
        tariff(f"P{n}", 300_000, billing=way, cycle_months=months, issue_day=day)
        for n, (way, months, day) in enumerate((old, new))
    ]
    at(clock, "2026-11-01")
    line = factories.subscription(tariff=plans[0], billing_day=1, started_on=FIRST)
    changed = None
    for _ in range(330):
        if clock.today().day in (1, 10, 14):
            night()
        if changed is None and clock.today() == date(2026, 12, 14):
            quote = lifecycle.quote_change(line.id, plans[1].id, at_once=False)
            changed = quote.on_day
            change(line, plans[1], at_once=False)
        clock.move(days=1)
    night()
    made = factories.every(Invoice)
    assert changed is not None and factories.fresh(Subscription, line.id).plan_id == plans[1].id
    end = max(one.covers_to for one in made if one.covers_to) + timedelta(days=1)
    used, day = Fraction(0), FIRST
    while day < end:
        used += Fraction(300_000, (Period.of(day).next().first_day - Period.of(day).first_day).days)
        day += timedelta(days=1)
    billed = sum(one.total for one in made) + sum(amount for _, amount in waiting(line))
    # The same days weigh differently in a month and in a cycle that straddles two.
    assert abs(billed - used) <= 12_000, (billed, float(used), changed, end)
    days = [one.covers_from for one in made if one.covers_from and one.covers_to]
    assert len(set(days)) == len(days)


def test_an_end_gives_back_or_bills_the_rest(app: Flask, clock: FixedClock) -> None:
    ahead = tariff("Prabayar", 300_000, billing="prepaid")
    behind = tariff("Pascabayar", 300_000, billing="postpaid")
    paid = factories.subscription(tariff=ahead, billing_day=1, started_on=FIRST)
    owed = factories.subscription(tariff=behind, billing_day=1, started_on=FIRST)
    at(clock, "2026-11-01")
    night()
    at(clock, "2026-11-12")
    assert lifecycle.end(paid.id, "pindah") == -180_000  # 18 of 30 days
    assert lifecycle.end(owed.id, "pindah") == 0
    db.session.commit()
    with pytest.raises(lifecycle.LifecycleError):
        lifecycle.end(owed.id, "pindah")
    db.session.rollback()
    at(clock, "2026-12-01")
    night()
    at(clock, "2027-01-01")
    night()
    last = [(one.period, one.total) for one in factories.every(Invoice)
            if one.subscription_id == owed.id]  # fmt: skip
    assert last == [("2026-12", 120_000)]
    assert waiting(paid) == [("Berhenti 13-11-2026, 18 dari 30 hari", -180_000)]
    assert factories.fresh(Subscription, owed.id).ended_on == date(2026, 11, 12)
    assert "subscription.ended" in [row.action for row in factories.every(AuditEntry)]


@pytest.mark.parametrize("way", ["calendar", "prepaid", "postpaid"])
@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_every_day_is_paid_at_its_price(
    app: Flask, clock: FixedClock, way: str, seed: int
) -> None:
    """Half a year of pauses, changes and nights: what was billed and what waits is the sum of
    the days that were used, each at the price of that day, to a rupiah a line."""
    dice = random.Random(f"{way}{seed}")
    plans = [tariff(f"P{n}", price, billing=way) for n, price in enumerate((150_001, 299_999))]
    at(clock, "2026-11-01")
    begun = clock.today()
    line = factories.subscription(tariff=plans[0], billing_day=begun.day, started_on=begun)
    used = Fraction(0)
    for _ in range(181):  # up to the first of May
        night()
        now = factories.fresh(Subscription, line.id)
        today = clock.today()
        roll = dice.random()
        if now.state == "active" and roll < 0.03:
            rest(line, (today + timedelta(days=dice.randint(1, 45))).isoformat())
        elif now.state == "active" and roll < 0.06:
            change(line, plans[now.plan_id == plans[0].id], at_once=True)
        elif now.state == "paused" and roll < 0.03:
            lifecycle.wake(line.id, "x")
            db.session.commit()
            lifecycle.catch_up(line.id)
            db.session.commit()
        now = factories.fresh(Subscription, line.id)
        if now.state == "active":
            month = Period.of(today)
            used += Fraction(now.price, (month.next().first_day - month.first_day).days)
        clock.move(days=1)
    night()
    if factories.fresh(Subscription, line.id).state == "paused":
        lifecycle.wake(line.id, "x")
        db.session.commit()
        lifecycle.catch_up(line.id)
        db.session.commit()
    made = factories.every(Invoice)
    billed = sum(one.total for one in made) + sum(amount for _, amount in waiting(line))
    last = made[-1]
    if last.covers_from is not None and last.covers_from >= clock.today():
        billed -= last.plan_price  # the month that only begins
    changes = len(factories.every(PlanChange)) + 2 * len(factories.every(SubscriptionPause))
    assert abs(billed - used) <= len(made) + changes + 2
