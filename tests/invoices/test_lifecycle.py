"""Pause, change of plan, end: what is billed before and after, and that nothing is lost."""

import random
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from flask import Flask
from sqlalchemy import update

from jobs.schedule import change_lines, issue_invoices
from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.invoices import billing, lifecycle, terms
from portal.invoices.models import Invoice
from portal.invoices.models_terms import Charge
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import PlanChange, Subscription, SubscriptionPause
from tests import factories


@pytest.fixture(autouse=True)
def actual_days(app: Flask) -> None:
    settings.change("billing.proration", "actual")
    settings.change("isolation.enabled", False)
    db.session.commit()


FIRST = date(2026, 11, 1)


def tariff(name: str, price: int, **about: object) -> Plan:
    made = factories.plan(name, price)
    if about:
        db.session.execute(update(Plan).where(Plan.id == made.id).values(**about))
        db.session.commit()
    return factories.fresh(Plan, made.id)


def at(clock: FixedClock, day: str | date) -> None:
    moment = date.fromisoformat(day) if isinstance(day, str) else day
    clock.at = datetime(moment.year, moment.month, moment.day, 3, tzinfo=UTC)


def night() -> None:
    change_lines()
    issue_invoices()


def totals() -> list[tuple[str, int]]:
    return [(one.period, one.total) for one in factories.every(Invoice)]


def waiting(line: Subscription) -> list[tuple[str, int]]:
    found = [(row.description, row.amount) for row in terms.charges_of([line.id])]
    db.session.rollback()
    return found


def rest(line: Subscription, until: str) -> None:
    lifecycle.pause(line.id, date.fromisoformat(until), "pulang kampung")
    db.session.commit()


def state(line: Subscription) -> str:
    return factories.fresh(Subscription, line.id).state


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


def change(line: Subscription, plan: Plan, *, at_once: bool) -> int:
    quote = lifecycle.quote_change(line.id, plan.id, at_once=at_once)
    db.session.rollback()
    lifecycle.change_plan(
        line.id, plan.id, at_once=at_once, expected=quote.difference, reason="minta"
    )
    db.session.commit()
    return quote.difference


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
