"""The invoice run: whatever dies or runs beside it, one invoice a line, no hole in the numbers."""

import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from jobs.schedule import issue_invoices
from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.extensions import db
from portal.infra.numbering import NumberSequence
from portal.invoices import billing
from portal.invoices.events import InvoicesIssued
from portal.invoices.models import Invoice, InvoiceLine
from portal.messaging.models import Message
from portal.reactions import REACTIONS
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories
from tests.network.routers import WAIT, Beside

NOVEMBER = Period.parse("2026-11")


class Killed(BaseException):
    """As kill -9: nothing catches it."""


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing, "CHUNK", 4)


def lines(count: int, **about: object) -> list[int]:
    owner = factories.customer()
    return [factories.subscription(owner, **about).id for _ in range(count)]  # type: ignore[arg-type]


def run(period: Period = NOVEMBER, only_due: bool = False) -> int:
    count = 0
    while issued := billing.issue_chunk(period, only_due=only_due):
        db.session.commit()
        count += issued
    db.session.rollback()
    return count


def numbers() -> list[str]:
    return sorted(invoice.number for invoice in factories.every(Invoice))


def whole(count: int, period: Period = NOVEMBER) -> list[str]:
    """The numbers of a run without a hole."""
    return [f"INV-{period.compact}-{number:05d}" for number in range(1, count + 1)]


def sound(count: int) -> None:
    """One invoice a line, its plan line, one message each, no hole."""
    assert numbers() == whole(count)
    invoices = factories.every(Invoice)
    assert set(Counter(invoice.subscription_id for invoice in invoices).values()) == {1}
    assert [part.invoice_id for part in factories.every(InvoiceLine)] == [i.id for i in invoices]
    told = Counter(message.invoice_id for message in factories.every(Message))
    assert told == Counter(invoice.id for invoice in invoices)


def test_a_run_is_done_in_chunks_and_once(app: Flask, small_chunks: None) -> None:
    lines(10)
    assert billing.preview(NOVEMBER).count == 10
    db.session.rollback()
    assert (run(), run()) == (10, 0)
    sound(10)
    assert (billing.preview(NOVEMBER).count, billing.preview(NOVEMBER).already_issued) == (0, 10)
    db.session.rollback()


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_killed_in_the_middle_and_run_again(app: Flask, small_chunks: None, chunk: int) -> None:
    """After the invoices are written and before they are committed, in each chunk."""
    lines(10)
    seen = 0

    def die(_: InvoicesIssued) -> None:
        nonlocal seen
        seen += 1
        if seen == chunk:
            raise Killed

    app.extensions["loket.reactions"] = {
        **REACTIONS,
        InvoicesIssued: [*REACTIONS[InvoicesIssued], die],
    }
    with pytest.raises(Killed):
        run()
    db.session.rollback()
    assert numbers() == whole(4 * (chunk - 1))
    assert run() == 10 - 4 * (chunk - 1)
    sound(10)


def test_two_runs_at_once_share_the_work(app: Flask, small_chunks: None) -> None:
    lines(30)
    start = threading.Barrier(3)

    def go() -> int:
        start.wait(WAIT)
        return run()

    assert sum(racer.join() for racer in [Beside(app, go) for _ in range(3)]) == 30
    sound(30)


def test_a_voided_invoice_is_replaced_and_its_number_stays(app: Flask) -> None:
    lines(2)
    run()
    first = factories.every(Invoice)[0]
    db.session.execute(update(Invoice).where(Invoice.id == first.id).values(state="void"))
    db.session.commit()
    assert run() == 1
    assert numbers() == whole(3)


def test_paused_and_ended_lines_and_later_starts_are_not_billed(app: Flask) -> None:
    lines(1, state="paused"), lines(1, state="ended")
    lines(1, started_on=date(2026, 12, 1))
    (billed,) = lines(1, started_on=date(2026, 11, 30))
    (walled,) = lines(1, state="isolated")
    assert run() == 2
    assert [i.subscription_id for i in factories.every(Invoice)] == [billed, walled]


def test_tax_is_a_line_of_its_own_and_adds_up(app: Flask) -> None:
    settings.change("billing.tax_bp", 1100, "system:test")
    db.session.commit()
    lines(1, price=165_001)
    run()
    (invoice,) = factories.every(Invoice)
    parts = factories.every(InvoiceLine)
    assert invoice.total == sum(part.amount for part in parts) == 165_001 + 18_150
    assert [part.kind for part in parts] == ["plan", "tax"]


@pytest.mark.parametrize(
    ("day", "billed"),
    [
        (date(2026, 2, 27), {1, 15}),
        (date(2026, 2, 28), {1, 15, 28, 29, 30, 31}),
        (date(2028, 2, 28), {1, 15, 28}),
        (date(2028, 2, 29), {1, 15, 28, 29, 30, 31}),
        (date(2026, 4, 29), {1, 15, 28, 29}),
        (date(2026, 4, 30), {1, 15, 28, 29, 30, 31}),
        (date(2026, 5, 30), {1, 15, 28, 29, 30}),
        (date(2026, 5, 31), {1, 15, 28, 29, 30, 31}),
    ],
)
def test_month_ends(app: Flask, clock: FixedClock, day: date, billed: set[int]) -> None:
    clock.at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    for billing_day in (1, 15, 28, 29, 30, 31):
        lines(1, billing_day=billing_day)
    # A year ago: Loket looked after them on every billing day since.
    run(Period.of(day), only_due=True)
    found = {invoice.subscription_id for invoice in factories.every(Invoice)}
    days = {line.billing_day for line in factories.every(Subscription) if line.id in found}
    assert days == billed
    assert {invoice.due_on >= day for invoice in factories.every(Invoice)} == {True}


def test_midnight_is_the_isps_not_the_servers(app: Flask, clock: FixedClock) -> None:
    lines(1, billing_day=5)
    clock.at = datetime(2026, 12, 4, 16, 59, tzinfo=UTC)  # 23:59 WIB on the 4th
    run(Period.parse("2026-12"), only_due=True)
    assert numbers() == []
    clock.move(minutes=1)
    run(Period.parse("2026-12"), only_due=True)
    (invoice,) = factories.every(Invoice)
    assert invoice.issued_on == date(2026, 12, 5)


def test_a_line_that_came_after_its_billing_day_waits_for_the_next(
    app: Flask, clock: FixedClock
) -> None:
    (late,) = lines(1, billing_day=5, started_on=date(2026, 11, 21))
    issue_invoices()
    assert numbers() == []
    clock.at = datetime(2026, 12, 5, 3, tzinfo=UTC)
    issue_invoices()
    (invoice,) = factories.every(Invoice)
    assert (invoice.period, invoice.subscription_id) == ("2026-12", late)


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    billing_days=st.lists(st.integers(1, 31), min_size=1, max_size=3),
    naps=st.lists(st.integers(1, 27), min_size=3, max_size=12),
)
def test_however_long_the_machine_slept_each_month_is_billed_once(
    app: Flask, clock: FixedClock, billing_days: list[int], naps: list[int]
) -> None:
    """The nightly job after naps of up to four weeks: every month up to the last one whole."""
    clock.at = datetime(2027, 1, 1, 3, tzinfo=UTC)
    for model in (Message, InvoiceLine, Invoice, NumberSequence):
        db.session.execute(delete(model))
    db.session.execute(update(Subscription).values(state="ended"))
    db.session.commit()
    made = [lines(1, billing_day=day, started_on=date(2026, 1, 1))[0] for day in billing_days]
    issue_invoices()
    for nap in naps:
        clock.move(days=nap)
        issue_invoices()
        issue_invoices()
    last = Period.of(clock.today())
    expected, period = set(), Period.parse("2026-12")
    while period <= last:
        expected |= {
            (line, str(period))
            for line, day in zip(made, billing_days, strict=True)
            if period.day(day) <= clock.today()
        }
        period = period.next()
    found = [(invoice.subscription_id, invoice.period) for invoice in factories.every(Invoice)]
    assert len(found) == len(set(found))
    assert set(found) == expected
    for invoice in factories.every(Invoice):
        assert invoice.due_on >= invoice.issued_on
        assert invoice.due_on - invoice.issued_on >= timedelta(days=1)
