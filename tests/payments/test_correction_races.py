"""Corrections against payments and against each other, at the same moment, on either engine."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask

from portal.core.period import Period
from portal.customers.models import Customer
from portal.extensions import db
from portal.invoices import billing
from portal.invoices import books as closed_months
from portal.invoices.models import CreditNote, Invoice
from portal.messaging.models import Message
from portal.payments import corrections, refunds, reversal, service
from portal.payments.models import Payment, Refund
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments import books

ROUNDS = range(6)


def race(app: Flask, *runs: Callable[[], object]) -> list[str]:
    """Everything at once, each in a transaction of its own; what each ended with."""
    start = threading.Barrier(len(runs))
    ends = ["never came back"] * len(runs)

    def work(place: int, run: Callable[[], object]) -> None:
        with app.app_context():
            start.wait()
            try:
                run()
                db.session.commit()
                ends[place] = "done"
            except (corrections.CorrectionError, closed_months.BooksError):
                db.session.rollback()
                ends[place] = "refused"

    threads = [threading.Thread(target=work, args=one) for one in enumerate(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return ends


def pay(payer: Customer, amount: int, *bills: Invoice) -> Payment:
    return service.record_payment(
        customer_id=payer.id,
        amount=amount,
        source="cash",
        method="tunai",
        paid_at=factories.now(),
        invoice_ids=[bill.id for bill in bills],
    )


@pytest.mark.parametrize("_round", ROUNDS)
def test_void_against_payment(app: Flask, budi: Customer, line: Subscription, _round: int) -> None:
    bill = factories.invoice(line, total=165_000)
    ends = race(app, lambda: corrections.void(bill.id, "salah"), lambda: pay(budi, 165_000, bill))
    assert ends == ["done", "done"]
    assert books.bill(bill).state == "void"
    assert books.money() == (165_000, 0, 165_000)
    books.balanced()


@pytest.mark.parametrize("_round", ROUNDS)
def test_replacement_against_payment_and_the_run(
    app: Flask, budi: Customer, line: Subscription, _round: int
) -> None:
    bill = factories.invoice(line, total=165_000)
    period = Period.parse(bill.period)

    def run() -> None:
        billing.issue_chunk(period, only_due=False)

    ends = race(
        app,
        lambda: corrections.void(bill.id, "salah", replace=True),
        lambda: pay(budi, 165_000, bill),
        run,
        run,
    )
    assert ends == ["done"] * 4
    old, new = factories.every(Invoice)
    assert (old.state, new.state, new.replaces_id) == ("void", "paid", old.id)
    told = [one for one in factories.every(Message) if one.kind == "invoice_notification"]
    # Whoever's freed credit paid the new one at once need not be asked for it.
    assert [one.invoice_id for one in told] in ([], [new.id])
    assert books.money() == (165_000, new.total, 165_000 - new.total)
    books.balanced()


@pytest.mark.parametrize("_round", ROUNDS)
def test_reversal_against_credit_being_spent(
    app: Flask, budi: Customer, line: Subscription, _round: int
) -> None:
    payment_id = factories.payment(budi, 200_000)
    bill = factories.invoice(line, total=165_000)
    ends = race(
        app,
        lambda: reversal.reverse(payment_id, "tidak jadi masuk"),
        lambda: service.use_credit([bill.id]),
    )
    assert ends == ["done", "done"]
    assert books.bill(bill).state == "open"
    assert books.money() == (0, 0, 0)
    books.balanced()


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_refunds_and_a_reversal_of_the_same_money(
    app: Flask, budi: Customer, _round: int
) -> None:
    payment_id = factories.payment(budi, 100_000)
    ends = race(
        app,
        lambda: refunds.refund(budi.id, 60_000, "cash", "berhenti"),
        lambda: refunds.refund(budi.id, 60_000, "cash", "berhenti"),
        lambda: reversal.reverse(payment_id, "salah"),
    )
    assert ends.count("done") == 1, ends
    given = sum(row.amount for row in factories.every(Refund))
    assert (given, books.money()[2]) in {(60_000, 40_000), (0, 0)}
    books.balanced()


def test_one_form_sent_by_many_is_one(app: Flask, budi: Customer, line: Subscription) -> None:
    factories.payment(budi, 100_000)
    bill = factories.invoice(line, total=165_000)
    give: list[Callable[[], object]] = [
        lambda: refunds.refund(budi.id, 10_000, "cash", "x", once="same")
    ] * 4
    note: list[Callable[[], object]] = [
        lambda: corrections.credit_note(bill.id, 10_000, "x", once="same")
    ] * 4
    assert race(app, *give, *note) == ["done"] * 8
    assert len(factories.every(Refund)) == len(factories.every(CreditNote)) == 1
    books.balanced()


@pytest.mark.parametrize("_round", ROUNDS)
def test_one_reversal_of_a_payment(
    app: Flask, budi: Customer, line: Subscription, _round: int
) -> None:
    """Two people, and two right customers: one of them gets the money."""
    others = [factories.customer() for _ in range(2)]
    bill = factories.invoice(line, total=165_000)
    payment_id = factories.payment(budi, 165_000, [bill])
    ends = race(
        app,
        lambda: reversal.reverse(payment_id, "salah", again_for=others[0].id),
        lambda: reversal.reverse(payment_id, "salah", again_for=others[1].id),
    )
    assert sorted(ends) == ["done", "refused"]
    assert books.money()[0] == 165_000
    books.balanced()


@pytest.mark.parametrize("_round", ROUNDS)
def test_money_crosses_between_two_customers(app: Flask, budi: Customer, _round: int) -> None:
    """Each one's payment was the other's: no circle of waiting."""
    tini = factories.customer()
    first, second = factories.payment(budi, 70_000), factories.payment(tini, 90_000)
    ends = race(
        app,
        lambda: reversal.reverse(first, "tertukar", again_for=tini.id),
        lambda: reversal.reverse(second, "tertukar", again_for=budi.id),
    )
    assert ends == ["done", "done"]
    with books.rolled_back():
        held = service.credit_balance(budi.id), service.credit_balance(tini.id)
    assert held == (90_000, 70_000)
    books.balanced()


@pytest.mark.parametrize("_round", ROUNDS)
def test_a_month_closes_before_or_after_a_void_in_it(
    app: Flask, line: Subscription, _round: int
) -> None:
    october = Period(2026, 10)
    bill = factories.invoice(line, "2026-10", total=1_000, issued_on=october.first_day)
    ends = race(
        app,
        lambda: corrections.void(bill.id, "salah"),
        lambda: closed_months.lock(october, "tutup", "staff:1"),
    )
    assert ends[1] == "done"
    assert (ends[0], books.bill(bill).state) in {("done", "void"), ("refused", "open")}


@pytest.mark.parametrize("_round", ROUNDS)
def test_a_replacement_and_a_run_that_spends_the_same_credit(
    app: Flask, budi: Customer, line: Subscription, _round: int
) -> None:
    """The run holds numbers and wants the customer; the replacement takes them in that order."""
    bill = factories.invoice(line, total=165_000)
    factories.payment(budi, 900_000, [bill])
    for _ in range(20):
        factories.subscription(budi)
    ends = race(
        app,
        lambda: billing.issue_chunk(Period.parse(bill.period), only_due=False),
        lambda: corrections.void(bill.id, "salah", replace=True),
    )
    assert ends == ["done", "done"]
    assert books.money()[0] == 900_000
    books.balanced()
