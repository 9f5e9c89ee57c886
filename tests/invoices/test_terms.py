"""What an invoice carries besides the plan: fees, discounts, tax by date, late fees."""

from datetime import date

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.invoices import billing, late_fees, terms
from portal.invoices.events import InvoicesIssued
from portal.invoices.models_terms import Charge
from portal.messaging.models import Message
from portal.payments import corrections
from portal.reactions import REACTIONS
from portal.settings import service as settings
from tests import factories
from tests.invoices.issuing import NOVEMBER, issue, parts
from tests.invoices.nights import at, tariff


def test_a_fee_is_taken_once_and_again_when_its_invoice_is_void(app: Flask) -> None:
    line = factories.subscription(tariff=tariff())
    terms.add_fee(line.id, "Pasang baru", 250_000)
    db.session.commit()
    (first,) = issue()
    assert parts(first) == [("plan", 300_000), ("fee", 250_000)]
    assert terms.charges_of([line.id]) == []
    db.session.rollback()
    assert not terms.cancel_charge(line.id, 1, "salah")
    corrections.void(first.id, "salah cetak")
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
