"""The engine on real rows: cycles, the preview, and the night that bills like a hand."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import update

from jobs.schedule import issue_invoices
from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.invoices import billing, rules, runs, terms
from portal.invoices.events import InvoicesIssued
from portal.invoices.models import Invoice
from portal.reactions import REACTIONS
from portal.subscriptions.models import Subscription
from tests import factories
from tests.invoices.issuing import NOVEMBER, issue, parts, prorate
from tests.invoices.nights import at, tariff


def test_prepaid_begins_on_its_first_day(app: Flask, clock: FixedClock) -> None:
    prorate()
    plan = tariff(billing="prepaid", issue_day=5)
    line = factories.subscription(tariff=plan, started_on=date(2026, 11, 21), billing_day=21)
    issue_invoices()
    (first,) = factories.every(Invoice)
    assert (first.period, first.covers_from, first.covers_to) == (
        "2026-11", date(2026, 11, 21), date(2026, 12, 4),
    )  # fmt: skip
    assert parts(first) == [("proration", 140_000)]  # 14 of 30 days
    at(clock, "2026-12-04")
    issue_invoices()
    assert len(factories.every(Invoice)) == 1
    at(clock, "2026-12-05")
    issue_invoices()
    assert parts(factories.every(Invoice)[1]) == [("plan", 300_000)]
    assert factories.every(Invoice)[1].subscription_id == line.id


def test_postpaid_bills_what_has_been(app: Flask, clock: FixedClock) -> None:
    prorate("thirty")
    plan = tariff(billing="postpaid")
    factories.subscription(tariff=plan, started_on=date(2026, 11, 21), billing_day=10)
    issue_invoices()
    assert factories.every(Invoice) == []
    at(clock, "2026-12-10")
    issue_invoices()
    (made,) = factories.every(Invoice)
    assert (made.covers_from, made.covers_to) == (date(2026, 11, 21), date(2026, 12, 9))
    assert parts(made) == [("proration", 190_000)]


def test_a_quarter_has_one_invoice(app: Flask, clock: FixedClock) -> None:
    plan = tariff(billing="prepaid", cycle_months=3)
    factories.subscription(tariff=plan, started_on=date(2026, 11, 21), billing_day=21)
    for month in range(12):
        period = NOVEMBER.plus(month)
        at(clock, period.day(28).isoformat())
        issue_invoices()
    found = [(one.period, one.total) for one in factories.every(Invoice)]
    assert found == [(month, 900_000) for month in ("2026-11", "2027-02", "2027-05", "2027-08")]


def test_every_combination_is_issued_by_the_night_as_by_hand(app: Flask, clock: FixedClock) -> None:
    """No SQL filter of the run hides a line that the rule would bill."""
    at(clock, "2026-01-31")
    for way in ("calendar", "prepaid", "postpaid"):
        for months in (1, 3, 6, 12):
            for day in (None, 5, 28):
                plan = tariff(
                    f"{way}{months}{day}", billing=way, cycle_months=months, issue_day=day
                )
                for own, start in ((1, "2025-12-31"), (31, "2026-01-31"), (15, "2026-01-03")):
                    began = date.fromisoformat(start)
                    factories.subscription(tariff=plan, billing_day=own, started_on=began)
    expected = set()
    for month in range(-1, 14):
        period = Period(2026, 1).plus(month)
        for line in billing.read(period, billing.candidates(period), 50):
            due = line.account.terms.issue_on(period, line.account.start)
            found = rules.compose(line.account, period, rules.Rules(), period.last_day)
            if isinstance(found, rules.Draft) and line.auto_from <= due <= date(2027, 2, 28):
                expected.add((line.id, str(period)))
        db.session.rollback()
    for month in range(14):
        at(clock, Period(2026, 1).plus(month).last_day.isoformat())
        issue_invoices()
    assert {(one.subscription_id, one.period) for one in factories.every(Invoice)} == expected
    assert len(expected) > 400


def test_the_preview_is_what_is_issued(app: Flask) -> None:
    prorate()
    plan, quarter = tariff(), tariff("Tiga", 100_000, cycle_months=3)
    ended = factories.subscription(tariff=plan, state="ended")
    db.session.execute(
        update(Subscription).where(Subscription.id == ended.id).values(ended_on=date(2026, 10, 3))
    )
    db.session.commit()
    factories.subscription(tariff=quarter, started_on=date(2026, 10, 1))
    factories.subscription(tariff=plan, state="paused")
    factories.subscription(tariff=plan, started_on=date(2026, 12, 2))
    for day in (1, 11, 21):
        line = factories.subscription(tariff=plan, started_on=date(2026, 11, day))
        terms.add_fee(line.id, "Pasang", 50_000)
    db.session.commit()
    seen = billing.preview(NOVEMBER)
    db.session.rollback()
    made = issue()
    assert (seen.count, seen.total) == (3, sum(one.total for one in made)) == (3, 750_000)
    assert dict(seen.skipped) == {
        rules.NOT_THIS_MONTH: 1, rules.PAUSED: 1, rules.NOT_STARTED: 1, rules.ENDED: 1,
    }  # fmt: skip
    assert [one.draft.total for one in seen.samples] == [one.total for one in made]


def test_the_dry_run_says_who_gets_none_and_why(app: Flask, runner: FlaskCliRunner) -> None:
    factories.subscription(tariff=tariff())
    factories.subscription(state="paused")
    result = runner.invoke(args=["billing", "run", "--period", "2026-11", "--dry-run"])
    assert result.exit_code == 0, result.output
    assert "1 invoices, Rp300.000 would be issued" in result.output
    assert "1 without: Sedang cuti" in result.output
    assert factories.every(Invoice) == []


def test_a_run_is_paused_and_goes_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing, "CHUNK", 2)
    plan = tariff()
    for _ in range(6):
        factories.subscription(tariff=plan)
    runs.request(NOVEMBER)
    db.session.commit()

    def stop(_: InvoicesIssued) -> None:
        assert runs.pause(NOVEMBER)

    app.extensions["loket.reactions"] = {
        **REACTIONS, InvoicesIssued: [*REACTIONS[InvoicesIssued], stop],
    }  # fmt: skip
    assert runs.continue_requested() == 2
    assert runs.continue_requested() == 0
    assert runs.progress(NOVEMBER) == runs.Progress("2026-11", 2, 4, True, True)
    assert not runs.pause(Period.parse("2026-10"))
    app.extensions["loket.reactions"] = REACTIONS
    assert runs.resume(NOVEMBER)
    db.session.commit()
    assert runs.continue_requested() == 4
    assert not runs.resume(NOVEMBER)
    db.session.rollback()
    actions = [row.action for row in factories.every(AuditEntry)]
    assert actions[-2:] == ["billing.pause", "billing.resume"]
