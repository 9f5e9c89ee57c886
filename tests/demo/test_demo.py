"""The demo: seeded once, travelled day by day, and never on somebody's real customers."""

import dataclasses
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from jobs import today as jobs_today
from jobs.schedule import ENTRIES
from portal.accounts.models import Staff
from portal.config import Settings
from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.demo import travel
from portal.demo.seed import MARKER, NotADemo, seed
from portal.extensions import db
from portal.infra import timekeeping
from portal.invoices.models import Invoice
from portal.messaging.models import Message
from portal.payments.models import Payment
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories
from tests.conftest import environment


@pytest.fixture
def extra_env() -> dict[str, str]:
    return {"DEMO_STAFF_EMAIL": "siti@example.test", "DEMO_STAFF_PASSWORD": "rahasia sekali"}


def counts() -> list[int]:
    found = [
        db.session.scalar(select(func.count()).select_from(model)) or 0
        for model in (Customer, Subscription, Invoice, Payment, Message, Staff)
    ]
    db.session.rollback()
    return found


def marked() -> None:
    settings.set_internal(MARKER, True)
    db.session.commit()


def in_production(app: Flask) -> None:
    env = environment(app.config["SQLALCHEMY_DATABASE_URI"], APP_ENV="production")
    app.extensions["loket.settings"] = Settings.from_env(env)


def test_seeding_twice_is_seeding_once(app: Flask, runner: FlaskCliRunner) -> None:
    first = runner.invoke(args=["demo", "seed"])
    assert (first.exit_code, first.output) == (0, "Demo data ready.\n")
    before = counts()
    customers, lines, invoices, paid, _, staff = before
    assert (customers, lines, invoices, paid, staff) == (300, 303, 92, 80, 5)
    again = runner.invoke(args=["demo", "seed"])
    assert (again.exit_code, again.output) == (0, "Demo data was already there.\n")
    assert counts() == before
    history = db.session.scalars(select(Message.state).where(Message.reason != "")).all()
    assert set(history) == {"cancelled"}, "nobody is told about made-up history"
    db.session.rollback()
    doctor = runner.invoke(args=["doctor"])
    assert "broken" not in doctor.output.lower()


def test_a_lost_owner_comes_back(app: Flask) -> None:
    marked()
    assert seed() is False
    assert [person.email for person in factories.every(Staff)] == ["siti@example.test"]


def test_real_customers_are_left_alone(app: Flask, runner: FlaskCliRunner) -> None:
    factories.customer()
    before = counts()
    result = runner.invoke(args=["demo", "seed"])
    assert result.exit_code == 1 and "not the demo's" in result.output
    assert counts() == before


def test_production_refuses_both(app: Flask, runner: FlaskCliRunner) -> None:
    marked()
    in_production(app)
    for command in (["demo", "seed"], ["demo", "advance", "1d"]):
        result = runner.invoke(args=command)
        assert result.exit_code == 1, command
    assert counts() == [0, 0, 0, 0, 0, 0]
    assert settings.internal(travel.OFFSET) is None


def test_no_travel_without_the_demos_data(app: Flask, runner: FlaskCliRunner) -> None:
    result = runner.invoke(args=["demo", "advance", "10d"])
    assert result.exit_code == 1 and "demo seed" in result.output
    with pytest.raises(NotADemo):
        next(travel.advance(1, lambda: None))


@pytest.mark.parametrize(("words", "code"), [("0d", 1), ("401", 1), ("-1d", 2), ("ten", 2)])
def test_odd_journeys_are_refused(
    app: Flask, runner: FlaskCliRunner, words: str, code: int
) -> None:
    marked()
    assert runner.invoke(args=["demo", "advance", "--", words]).exit_code == code
    assert settings.fresh_internal(travel.OFFSET) is None
    db.session.rollback()


def test_each_day_runs_once_on_its_own_date(app: Flask, clock: FixedClock) -> None:
    marked()
    ran = []
    days = list(travel.advance(5, lambda: ran.append(timekeeping.today())))
    assert ran == days and len(set(days)) == 5
    assert days == [days[0] + timedelta(days=number) for number in range(5)]
    assert settings.fresh_internal(travel.OFFSET) == 5 * 24 * 3600
    db.session.rollback()
    assert timekeeping.clock() is clock
    more = list(travel.advance(2, lambda: None))
    assert more[0] == days[-1] + timedelta(days=1), "it goes on where it was"


def test_a_day_that_fails_gives_the_clock_back(app: Flask, clock: FixedClock) -> None:
    marked()

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(travel.advance(3, fail))
    assert timekeeping.clock() is clock
    db.session.rollback()
    assert settings.fresh_internal(travel.OFFSET) == 24 * 3600, "the other days were not lived"
    db.session.rollback()


def test_a_whole_day_is_every_entry_of_the_timetable_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    noted = tuple(
        dataclasses.replace(entry, run=lambda name=entry.name: ran.append(name))
        for entry in ENTRIES
    )
    monkeypatch.setattr(jobs_today, "ENTRIES", noted)
    jobs_today.run_whole_day()
    assert ran == [entry.name for entry in ENTRIES]
    assert {"issue_invoices", "remind", "isolate"} <= set(ran)


def test_two_months_bring_invoices_reminders_and_walls(app: Flask, runner: FlaskCliRunner) -> None:
    """A small ISP lives through two months in one command."""
    marked()
    line = factories.subscription(billing_day=1)
    result = runner.invoke(args=["demo", "advance", "62d"])
    assert result.exit_code == 0, result.output
    assert len(result.output.splitlines()) == 62
    bills = factories.every(Invoice)
    assert [bill.subscription_id for bill in bills] == [line.id] * len(bills)
    assert len(bills) in {4, 5} and len({bill.period for bill in bills}) == len(bills)
    told = {message.kind for message in factories.every(Message)}
    assert {"invoice_notification", "payment_reminder", "overdue_notice"} <= told
    assert "isolation_notice" in told
    assert factories.fresh(Subscription, line.id).state == "isolated"
