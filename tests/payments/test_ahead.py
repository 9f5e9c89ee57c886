"""Months ahead: quoted, paid, issued and settled in one step, whatever happened in between."""

import threading
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.customers.models import Customer
from portal.extensions import db
from portal.invoices import ahead as months_ahead
from portal.invoices import billing
from portal.invoices.models import Invoice, InvoiceLine
from portal.messaging.models import Message
from portal.payments import opening, orders
from portal.payments.models import Payment, PaymentOrder
from portal.plans.models import Plan
from portal.settings import service as owner
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments import books
from tests.payments.fakes import Bank

PRICE = 165_000


@pytest.fixture(autouse=True)
def allowed(app: Flask) -> None:
    allow("3 = 5 %; 12 = 1 bulan gratis")


def allow(rules: str) -> None:
    owner.change("payments.ahead", True)
    owner.change("payments.ahead_rules", rules)
    db.session.commit()


def start(budi: Customer, line: Subscription, months: int, *bills: Invoice) -> PaymentOrder:
    ids = [bill.id for bill in bills]
    made = opening.start_order(budi.id, ids, books.PATH, "qris", months=(line.id, months))
    return factories.fresh(PaymentOrder, made.id)


def settle(bank: Bank, order: PaymentOrder) -> Payment:
    bank.pay(order.order_id)
    assert orders.check_now(order.id) == "settled"
    db.session.rollback()
    return factories.every(Payment)[-1]


def quoted(line: Subscription, months: int) -> Any:
    found = months_ahead.quote(line.id, months)
    db.session.rollback()
    return found


def bills_of(line: Subscription) -> list[Invoice]:
    return [one for one in factories.every(Invoice) if one.subscription_id == line.id]


def test_the_quote_says_what_is_issued(bank: Bank, budi: Customer, line: Subscription) -> None:
    owner.change("billing.tax_bp", 1100)
    db.session.commit()
    quote = quoted(line, 3)
    assert [str(one.period) for one in quote.invoices] == ["2026-11", "2026-12", "2027-01"]
    each = PRICE - 8_250
    tax = (each * 11 + 50) // 100
    assert quote.total == 3 * (each + tax)
    assert quote.usual - quote.total == quote.saved > 0
    order = start(budi, line, 3)
    assert (order.amount, order.advance) == (quote.total, quote.total)
    assert bills_of(line) == [], "nothing is issued until it is paid"

    payment = settle(bank, order)
    made = bills_of(line)
    assert [(one.period, one.total) for one in made] == quote.periods
    assert {one.state for one in made} == {"paid"}
    lines = [one.description for one in factories.every(InvoiceLine)]
    assert lines.count("Potongan 5 %: bayar 3 bulan di muka") == 3
    assert books.money() == (payment.amount, payment.amount, 0)
    assert books.attention() == []
    books.balanced()


def test_nobody_is_told_of_invoices_paid_in_the_same_breath(
    bank: Bank, budi: Customer, line: Subscription
) -> None:
    settle(bank, start(budi, line, 3))
    kinds = [one.kind for one in factories.every(Message)]
    assert kinds == ["payment_confirmation"]


def test_a_free_month_is_the_last_one(bank: Bank, budi: Customer, line: Subscription) -> None:
    order = start(budi, line, 12)
    assert order.amount == 11 * PRICE
    settle(bank, order)
    made = bills_of(line)
    assert [one.total for one in made] == [PRICE] * 11 + [0]
    assert {one.state for one in made} == {"paid"}
    books.balanced()


def test_what_is_open_is_paid_first(bank: Bank, budi: Customer, line: Subscription) -> None:
    old = factories.invoice(line, period="2026-10", total=100_000)
    order = start(budi, line, 1, old)
    assert (order.amount, order.advance) == (100_000 + PRICE, PRICE)
    settle(bank, order)
    assert books.bill(old).state == "paid" and len(bills_of(line)) == 2
    assert books.money()[2] == 0 and books.attention() == []


def test_the_nightly_run_leaves_paid_months_alone(
    bank: Bank, budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    settle(bank, start(budi, line, 2))
    for _month in range(3):
        for period in billing.due_periods(clock.now().date()):
            billing.issue_chunk(period, only_due=True)
            db.session.commit()
        clock.move(days=30)
    periods = [one.period for one in bills_of(line)]
    assert len(periods) == len(set(periods)) and "2027-01" in periods
    assert quoted(line, 1).periods[0][0] == "2027-02"


def dearer(bank: Bank, line: Subscription) -> None:
    owner.change("billing.tax_bp", 1100)
    db.session.commit()


def cheaper(bank: Bank, line: Subscription) -> None:
    db.session.get_one(Subscription, line.id).custom_price = PRICE - 10_000
    db.session.commit()


def issued(bank: Bank, line: Subscription) -> None:
    billing.issue_chunk(Period(2026, 11), only_due=False, lines=[line.id])
    db.session.commit()


def ended(bank: Bank, line: Subscription) -> None:
    row = db.session.get_one(Subscription, line.id)
    row.state, row.ended_on = "ended", row.started_on
    db.session.commit()


@pytest.mark.parametrize("meanwhile", [dearer, cheaper, issued, ended])
def test_what_changed_meanwhile_is_recorded_and_told(
    bank: Bank, budi: Customer, line: Subscription, meanwhile: Any
) -> None:
    allow("2 = 10 %")
    order = start(budi, line, 2)
    meanwhile(bank, line)
    payment = settle(bank, order)
    assert payment.amount == order.amount
    received, allocated, credit = books.money()
    assert received == allocated + credit == order.amount
    assert books.attention() == ["ahead_changed"]
    owed = sum(one.total for one in bills_of(line)) - allocated
    assert owed == {dearer: 32_670, issued: 16_500}.get(meanwhile, 0)
    assert credit == {cheaper: 18_000, ended: order.amount}.get(meanwhile, 0)
    books.balanced()


def test_the_promised_saving_holds_whatever_the_rule_says_later(
    bank: Bank, budi: Customer, line: Subscription
) -> None:
    order = start(budi, line, 3)
    allow("")
    settle(bank, order)
    assert books.attention() == [] and books.money()[2] == 0


def test_paid_in_two_tabs_the_second_becomes_credit(
    bank: Bank, budi: Customer, line: Subscription
) -> None:
    first = start(budi, line, 2)
    again = start(budi, line, 2)
    assert again.id == first.id, "the same order, tapped twice"
    made = opening.start_order(budi.id, [], books.PATH, "bri_va", months=(line.id, 2))
    second = factories.fresh(PaymentOrder, made.id)
    assert books.order(first).state == "cancelled"
    settle(bank, first)
    settle(bank, second)
    assert len(bills_of(line)) == 2
    assert books.money() == (4 * PRICE, 2 * PRICE, 2 * PRICE)
    assert sorted(books.attention()) == ["ahead_changed", "late"]
    books.balanced()


def test_settling_races_with_the_nightly_run(
    app: Flask, bank: Bank, budi: Customer, line: Subscription
) -> None:
    other = factories.subscription(budi, login="second")
    order = start(budi, line, 3)
    bank.pay(order.order_id)
    start_line, said = threading.Barrier(8), []

    def check() -> None:
        start_line.wait()
        with app.app_context():
            said.append(orders.check_now(order.id))
            db.session.rollback()

    def night() -> None:
        start_line.wait()
        with app.app_context():
            for period in (Period(2026, 11), Period(2026, 12)):
                billing.issue_chunk(period, only_due=False)
                db.session.commit()
            said.append("night")
            db.session.rollback()

    threads = [threading.Thread(target=run) for run in [check, night] * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(said) == 8 and said.count("settled") == 1
    periods = [one.period for one in bills_of(line)]
    assert sorted(periods) == ["2026-11", "2026-12", "2027-01"]
    assert len(bills_of(other)) == 2 and len(factories.every(Payment)) == 1
    books.balanced()


def test_lines_that_cannot_be_paid_ahead(bank: Bank, budi: Customer, line: Subscription) -> None:
    foreign = factories.subscription()
    paused = factories.subscription(budi, login="cuti", state="paused")
    quarter = factories.subscription(budi, factories.plan("Kuartal", 100_000), login="q")
    db.session.get_one(Plan, quarter.plan_id).cycle_months = 3
    db.session.commit()
    for wrong, months in ((foreign, 1), (paused, 1), (line, 0), (line, 13), (quarter, 2)):
        with pytest.raises(opening.OrderError):
            opening.start_order(budi.id, [], books.PATH, "qris", months=(wrong.id, months))
        db.session.rollback()
    assert factories.every(PaymentOrder) == []
    assert quoted(quarter, 6).total == 2 * 285_000


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    months=st.integers(1, 12),
    percent=st.integers(0, 100),
    tax=st.integers(0, 1500),
    price=st.integers(1, 999_999),
    owed=st.lists(st.integers(1, 400_000), max_size=3),
    credit=st.integers(0, 300_000),
)
def test_what_is_shown_is_what_is_recorded(  # noqa: PLR0913
    app: Flask,
    bank: Bank,
    months: int,
    percent: int,
    tax: int,
    price: int,
    owed: list[int],
    credit: int,
) -> None:
    allow(f"1 = {percent} %" if percent else "")
    owner.change("billing.tax_bp", tax)
    db.session.commit()
    payer = factories.customer()
    line = factories.subscription(payer, price=price)
    if credit:
        factories.payment(payer, credit)
    old = [
        factories.invoice(line, period=f"2026-{7 + place:02d}", total=amount)
        for place, amount in enumerate(owed)
    ]
    quote = quoted(line, months)
    asked = max(0, sum(owed) - credit) + quote.total
    if asked < bank_least():
        return
    order = start(payer, line, months, *old)
    assert order.amount == asked
    settle(bank, order)
    mine = bills_of(line)
    assert {one.state for one in mine} == {"paid"}
    assert sum(one.total for one in mine) == sum(owed) + quote.total
    left = db.session.scalar(
        select(func.coalesce(func.sum(Payment.amount), 0)).where(Payment.customer_id == payer.id)
    )
    db.session.rollback()
    assert left == credit + asked
    books.balanced()


def bank_least() -> int:
    return 500
