"""The engine on real rows: charges, discounts, tax by date, cycles, preview, pause of a run."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import update

from jobs.schedule import issue_invoices
from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.invoices import billing, late_fees, rules, runs, terms
from portal.invoices import service as invoices
from portal.invoices.events import InvoicesIssued
from portal.invoices.models import Invoice, InvoiceLine
from portal.invoices.models_terms import Charge
from portal.messaging.models import Message
from portal.plans.models import Plan
from portal.reactions import REACTIONS
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories

NOVEMBER = Period.parse("2026-11")


def tariff(name: str = "Rumah", price: int = 300_000, **about: object) -> Plan:
    made = factories.plan(name, price)
    db.session.execute(update(Plan).where(Plan.id == made.id).values(**about or {"active": True}))
    db.session.commit()
    return factories.fresh(Plan, made.id)


def issue(period: Period = NOVEMBER, only_due: bool = False) -> list[Invoice]:
    """Issue everything; the invoices that are new."""
    before = {one.id for one in factories.every(Invoice)}
    while billing.issue_chunk(period, only_due=only_due):
        db.session.commit()
    return [one for one in factories.every(Invoice) if one.id not in before]


def parts(invoice: Invoice) -> list[tuple[str, int]]:
    rows = [row for row in factories.every(InvoiceLine) if row.invoice_id == invoice.id]
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    assert sum(row.amount for row in rows) == invoice.total
    return [(row.kind, row.amount) for row in rows]


def prorate(rule: str = "actual") -> None:
    settings.change("billing.proration", rule)
    db.session.commit()


def at(clock: FixedClock, day: str) -> None:
    """Ten in the morning of that day in Jakarta."""
    moment = datetime.fromisoformat(day)
    clock.at = datetime(moment.year, moment.month, moment.day, 3, tzinfo=UTC)


def test_a_fee_is_taken_once_and_again_when_its_invoice_is_void(app: Flask) -> None:
    line = factories.subscription(tariff=tariff())
    terms.add_fee(line.id, "Pasang baru", 250_000)
    db.session.commit()
    (first,) = issue()
    assert parts(first) == [("plan", 300_000), ("fee", 250_000)]
    assert terms.charges_of([line.id]) == []
    db.session.rollback()
    assert not terms.cancel_charge(line.id, 1, "salah")
    invoices.void(first.id, "salah cetak")
    db.session.commit()
    assert [row.amount for row in terms.charges_of([line.id])] == [250_000]
    db.session.rollback()
    (second,) = issue()
    assert parts(second) == parts(first)
    assert issue(Period.parse("2026-12"))[0].total == 300_000


def test_a_cancelled_fee_is_not_billed(app: Flask) -> None:
    line = factories.subscription(tariff=tariff())
    fee = terms.add_fee(line.id, "Pasang baru", 250_000)
    db.session.commit()
    assert terms.cancel_charge(line.id, fee.id, "batal pasang")
    assert not terms.cancel_charge(line.id, fee.id, "batal pasang")
    db.session.commit()
    assert issue()[0].total == 300_000
    assert factories.every(AuditEntry)[-1].reason == "batal pasang"


def test_what_comes_back_goes_over_several_invoices(app: Flask) -> None:
    line = factories.subscription(tariff=tariff())
    terms.charge(line.id, "proration", "Cuti", -700_000)
    db.session.commit()
    totals, states = [], []
    for month in ("2026-11", "2026-12", "2027-01"):
        (made,) = issue(Period.parse(month))
        totals.append(made.total)
        states.append(made.state)
    assert (totals, states) == ([0, 0, 200_000], ["paid", "paid", "open"])
    assert sum(row.amount for row in factories.every(Charge)) == -700_000
    # Nothing to pay is no message.
    assert [row.invoice_id for row in factories.every(Message)] == [made.id]


def test_discounts_until_a_date_and_stopped(app: Flask, clock: FixedClock) -> None:
    line = factories.subscription(tariff=tariff())
    terms.add_discount(line.id, "percent", 1_000, date(2026, 12, 31), "Mitra")
    other = terms.add_discount(line.id, "amount", 20_000, None, "Gangguan")
    db.session.commit()
    assert issue()[0].total == 300_000 - 30_000 - 20_000
    assert terms.stop_discount(line.id, other.id) and not terms.stop_discount(line.id, other.id)
    db.session.commit()
    assert issue(Period.parse("2026-12"))[0].total == 270_000
    at(clock, "2027-01-01")
    assert issue(Period.parse("2027-01"))[0].total == 300_000


@pytest.mark.parametrize(
    ("kind", "value", "until"),
    [("percent", 10_001, None), ("amount", 0, None), ("x", 5, None),
     ("amount", 5, date(2026, 11, 20))],
)  # fmt: skip
def test_discounts_that_cannot_be(app: Flask, kind: str, value: int, until: date | None) -> None:
    line = factories.subscription()
    with pytest.raises(terms.TermsError):
        terms.add_discount(line.id, kind, value, until, "x")


def test_tax_changes_on_its_day(app: Flask, clock: FixedClock) -> None:
    factories.subscription(tariff=tariff())
    settings.change("billing.tax_bp", 1_100)
    terms.set_tax(date(2027, 1, 1), 1_200, 11, 12)
    terms.set_tax(date(2027, 2, 1), 1_200, 1, 1)
    db.session.commit()
    seen = []
    for day in ("2026-12-31", "2027-01-01", "2027-02-01"):
        at(clock, day)
        (made,) = issue(Period.of(clock.today()))
        seen.append(parts(made)[-1])
    assert seen == [("tax", 33_000), ("tax", 33_000), ("tax", 36_000)]
    with pytest.raises(terms.TermsError):
        terms.set_tax(date(2027, 1, 31), 1_000, 1, 1)


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
        for line in billing._read(period, billing._candidates(period), 50):
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


def test_two_periods_at_once_take_a_charge_once(app: Flask) -> None:
    line = factories.subscription(tariff=tariff())
    terms.add_fee(line.id, "Pasang", 50_000)
    db.session.commit()
    found = [*issue(), *issue(Period.parse("2026-12"))]
    assert [one.total for one in found] == [350_000, 300_000]


def test_a_crash_after_taking_a_charge_leaves_it_waiting(app: Flask) -> None:
    line = factories.subscription(tariff=tariff())
    terms.add_fee(line.id, "Pasang", 50_000)
    db.session.commit()

    def die(_: InvoicesIssued) -> None:
        raise SystemExit

    app.extensions["loket.reactions"] = {**REACTIONS, InvoicesIssued: [die]}
    with pytest.raises(SystemExit):
        billing.issue_chunk(NOVEMBER, only_due=False)
    db.session.rollback()
    app.extensions["loket.reactions"] = REACTIONS
    assert len(terms.charges_of([line.id])) == 1
    db.session.rollback()
    assert issue()[0].total == 350_000


@pytest.mark.parametrize(
    ("kind", "asked"), [("none", []), ("amount", [10_000]), ("percent", [6_000])]
)
def test_a_late_fee_once(app: Flask, clock: FixedClock, kind: str, asked: list[int]) -> None:
    line = factories.subscription(tariff=tariff())
    factories.invoice(line, "2026-09", date(2026, 10, 1), 300_000)  # before it was switched on
    settings.change("billing.late_fee", kind)
    settings.change("billing.late_fee_amount", 10_000)
    settings.change("billing.late_fee_bp", 200)
    db.session.commit()
    factories.invoice(line, "2026-10", date(2026, 11, 20), 300_000)
    total = 0
    for _ in range(20):
        total += late_fees.charge_late() + late_fees.charge_late()
        db.session.commit()
        clock.move(days=1)
        assert total == 0 or clock.today() > date(2026, 11, 27)
    assert [row.amount for row in factories.every(Charge)] == asked
    assert total == len(asked)
    (made,) = issue(Period.parse("2026-12"))
    assert made.total == 300_000 + sum(asked)


def test_no_late_fee_on_a_late_fee_and_none_when_paid(app: Flask, clock: FixedClock) -> None:
    settings.change("billing.late_fee", "percent")
    settings.change("billing.late_fee_bp", 1_000)
    db.session.commit()
    late_fees.charge_late()
    db.session.commit()
    line = factories.subscription(tariff=tariff())
    terms.charge(line.id, "late_fee", "Denda", 50_000)
    db.session.commit()
    (first,) = issue()
    paid = factories.invoice(factories.subscription(), "2026-11", date(2026, 12, 1), 1_000, "paid")
    assert (first.total, paid.state) == (350_000, "paid")
    clock.move(days=60)
    assert late_fees.charge_late() == 1
    db.session.commit()
    assert [row.amount for row in factories.every(Charge)] == [50_000, 30_000]


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
