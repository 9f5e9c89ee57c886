"""A line through the nights of billing: move the clock, bill, look at what came of it."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import update

from jobs.schedule import change_lines, issue_invoices
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.invoices import lifecycle, terms
from portal.invoices.models import Invoice
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories

FIRST = date(2026, 11, 1)


@pytest.fixture(autouse=True)
def actual_days(app: Flask) -> None:
    """Part months by their days, and nobody is walled off meanwhile."""
    settings.change("billing.proration", "actual")
    settings.change("isolation.enabled", False)
    db.session.commit()


def tariff(name: str = "Rumah", price: int = 300_000, **about: object) -> Plan:
    """A plan of that price (rupiah a month), with these columns besides."""
    made = factories.plan(name, price)
    if about:
        db.session.execute(update(Plan).where(Plan.id == made.id).values(**about))
        db.session.commit()
    return factories.fresh(Plan, made.id)


def at(clock: FixedClock, day: str | date) -> None:
    """Ten in the morning of that day in Jakarta."""
    moment = date.fromisoformat(day) if isinstance(day, str) else day
    clock.at = datetime(moment.year, moment.month, moment.day, 3, tzinfo=UTC)


def night() -> None:
    """What the timetable does every night: changes that are due, then the invoices."""
    change_lines()
    issue_invoices()


def totals() -> list[tuple[str, int]]:
    """Period and rupiah of every invoice."""
    return [(one.period, one.total) for one in factories.every(Invoice)]


def waiting(line: Subscription) -> list[tuple[str, int]]:
    """What the next invoice will take up, rupiah."""
    found = [(row.description, row.amount) for row in terms.charges_of([line.id])]
    db.session.rollback()
    return found


def rest(line: Subscription, until: str) -> None:
    """Paused from today on, back on that day."""
    lifecycle.pause(line.id, date.fromisoformat(until), "pulang kampung")
    db.session.commit()


def state(line: Subscription) -> str:
    return factories.fresh(Subscription, line.id).state


def change(line: Subscription, plan: Plan, *, at_once: bool) -> int:
    """Quote and agree; the difference that was quoted, rupiah."""
    quote = lifecycle.quote_change(line.id, plan.id, at_once=at_once)
    db.session.rollback()
    lifecycle.change_plan(
        line.id, plan.id, at_once=at_once, expected=quote.difference, reason="minta"
    )
    db.session.commit()
    return quote.difference
