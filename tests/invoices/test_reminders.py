"""Reminders: each step on its day, once, and one for many that were missed."""

import threading
from collections import Counter
from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete

from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import service
from portal.invoices.models import Invoice
from portal.messaging.models import Message
from portal.settings import service as settings
from tests import factories
from tests.network.routers import WAIT, Beside

BEFORE, AFTER = (7, 3, 1), (1, 3, 7)


@pytest.fixture(autouse=True)
def steps(app: Flask) -> None:
    settings.change("reminders.before", list(BEFORE), "system:test")
    settings.change("reminders.after", list(AFTER), "system:test")
    db.session.commit()


def remind() -> int:
    count = service.remind_due()
    db.session.commit()
    return count


def bill(due_in: int, issued_ago: int = 30, period: str = "2026-11") -> Invoice:
    return factories.invoice(
        factories.subscription(),
        period=period,
        due_on=today() + timedelta(days=due_in),
        issued_on=today() - timedelta(days=issued_ago),
    )


def told() -> list[tuple[str, int]]:
    """Kind and days left of every message, in order."""
    return [(row.kind, row.params["days_left"]) for row in factories.every(Message)]


def live(days: int, clock: FixedClock, often: int = 2) -> list[tuple[str, int]]:
    for _ in range(days):
        for _ in range(often):
            remind()
        clock.move(days=1)
    return told()


REMINDER, NOTICE = "payment_reminder", "overdue_notice"


def test_each_step_on_its_day_and_once(app: Flask, clock: FixedClock) -> None:
    bill(due_in=10)
    assert live(25, clock) == [
        (REMINDER, 7), (REMINDER, 3), (REMINDER, 1), (NOTICE, -1), (NOTICE, -3), (NOTICE, -7),
    ]  # fmt: skip


def test_a_nap_is_made_up_for_by_the_latest_step_with_the_true_days(
    app: Flask, clock: FixedClock
) -> None:
    bill(due_in=10)
    clock.move(days=8)  # H-7 and H-3 were missed
    assert live(1, clock) == [(REMINDER, 2)]
    clock.move(days=6)  # H-1, H+1 and H+3 were missed; now it is H+5
    assert live(1, clock)[1:] == [(NOTICE, -5)]
    assert live(10, clock)[2:] == [(NOTICE, -7)]


def test_long_after_the_last_step_there_is_one_notice_and_no_more(
    app: Flask, clock: FixedClock
) -> None:
    bill(due_in=-100, issued_ago=120)
    assert live(5, clock) == [(NOTICE, -100)]


def test_steps_before_the_invoice_was_issued_are_skipped(app: Flask, clock: FixedClock) -> None:
    bill(due_in=3, issued_ago=0)
    assert live(3, clock) == [(REMINDER, 1)]


@pytest.mark.parametrize("state", ["paid", "void", "written_off"])
def test_what_is_not_open_is_left_in_peace(app: Flask, clock: FixedClock, state: str) -> None:
    closed = bill(due_in=3)
    db.session.get_one(Invoice, closed.id).state = state
    db.session.commit()
    assert live(12, clock) == []


def test_paid_in_the_middle_it_ends(app: Flask, clock: FixedClock) -> None:
    owed = bill(due_in=4)
    for _ in range(3):
        remind()
        clock.move(days=1)
    factories.payment(factories.fresh(Customer, owed.customer_id), owed.total, [owed])
    before = told_reminders()
    for _ in range(15):
        remind()
        clock.move(days=1)
    assert told_reminders() == before == [(REMINDER, 4), (REMINDER, 3)]


def told_reminders() -> list[tuple[str, int]]:
    rows = factories.every(Message)
    return [(row.kind, row.params["days_left"]) for row in rows if row.kind in (REMINDER, NOTICE)]


def test_no_steps_no_reminders(app: Flask, clock: FixedClock) -> None:
    settings.change("reminders.before", [], "system:test")
    settings.change("reminders.after", [], "system:test")
    db.session.commit()
    bill(due_in=3)
    assert live(12, clock) == []


def test_two_at_once_remind_once(app: Flask) -> None:
    for _ in range(20):
        bill(due_in=3)
    start = threading.Barrier(3)

    def go() -> int:
        start.wait(WAIT)
        return remind()

    assert sum(racer.join() for racer in [Beside(app, go) for _ in range(3)]) == 20
    assert told() == [(REMINDER, 3)] * 20


def test_month_ends_do_not_move_a_day(app: Flask, clock: FixedClock) -> None:
    clock.move(days=(date(2028, 2, 20) - today()).days)
    factories.invoice(
        factories.subscription(), period="2028-02", due_on=date(2028, 3, 1),
        issued_on=date(2028, 2, 1),
    )  # fmt: skip
    seen = {}
    for _ in range(20):
        before = len(told())
        remind()
        if len(told()) > before:
            seen[today().isoformat()] = told()[-1][1]
        clock.move(days=1)
    assert seen == {
        "2028-02-23": 7, "2028-02-27": 3, "2028-02-29": 1,
        "2028-03-02": -1, "2028-03-04": -3, "2028-03-08": -7,
    }  # fmt: skip


@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    due_in=st.integers(-10, 20),
    naps=st.lists(st.integers(0, 9), min_size=1, max_size=12),
)
def test_whatever_the_naps_no_step_twice_and_never_backwards(
    app: Flask, clock: FixedClock, due_in: int, naps: list[int]
) -> None:
    db.session.execute(delete(Message))
    db.session.commit()
    owed = bill(due_in)
    days = []
    for nap in naps:
        clock.move(days=nap)
        remind()
        days.append((owed.due_on - today()).days)
    mine = [row for row in factories.every(Message) if row.invoice_id == owed.id]
    left = [row.params["days_left"] for row in mine]
    assert left == sorted(left, reverse=True) and set(left) <= set(days)
    assert max(Counter(row.dedupe_key for row in mine).values(), default=1) == 1
    assert len(mine) <= len(BEFORE) + len(AFTER)
    assert all((row.kind == REMINDER) == (row.params["days_left"] >= 0) for row in mine)
    reached = [step for step in (*BEFORE, *(-step for step in AFTER)) if days[-1] <= step]
    if reached and min(reached) == max(days[-1], -7):
        assert mine, "a step whose day it is was taken"
