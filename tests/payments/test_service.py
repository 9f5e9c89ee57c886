"""Recording money, credit and the values of a receipt."""

import threading
from datetime import timedelta

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.invoices import billing
from portal.invoices.models import Invoice
from portal.messaging.models import Message
from portal.payments import service
from portal.payments.models import Credit, Payment
from portal.subscriptions.models import Subscription
from tests import factories
from tests.conftest import NOW
from tests.payments import books


def record(payer: Customer, amount: int, *bills: Invoice) -> int:
    return factories.payment(payer, amount, bills)


@pytest.mark.parametrize("amount", [0, -1, -165_000])
def test_a_payment_is_positive(budi: Customer, amount: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        record(budi, amount)
    db.session.rollback()
    assert factories.every(Payment) == []


def test_part_payments_add_up(budi: Customer, line: Subscription) -> None:
    bill = factories.invoice(line, total=100_000)
    for part in (30_000, 30_000):
        record(budi, part, bill)
    assert books.bill(bill).state == "open"
    record(budi, 50_000, bill)
    assert books.bill(bill).state == "paid"
    assert books.money() == (110_000, 100_000, 10_000)
    books.balanced()


def test_numbers_have_no_gap_after_a_rollback(budi: Customer) -> None:
    record(budi, 1_000)
    service.record_payment(
        customer_id=budi.id, amount=5, source="cash", method="", paid_at=now(), invoice_ids=[]
    )
    db.session.rollback()
    record(budi, 2_000)
    numbers = [row.number for row in factories.every(Payment)]
    assert numbers == ["PAY-20261121-00001", "PAY-20261121-00002"]


def test_numbers_are_unique_under_threads(app: Flask, line: Subscription) -> None:
    payers = [factories.customer() for _ in range(4)]
    start = threading.Barrier(16)

    def pay(payer: Customer) -> None:
        start.wait()
        with app.app_context():
            record(payer, 1_000)

    threads = [threading.Thread(target=pay, args=[payers[n % 4]]) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(row.number for row in factories.every(Payment))
    assert numbers == [f"PAY-20261121-{n:05d}" for n in range(1, 17)]
    books.balanced()


def test_other_peoples_invoices_are_never_paid_from_credit(
    budi: Customer, line: Subscription
) -> None:
    record(budi, 500_000)
    stranger = factories.invoice(total=100_000)
    service.use_credit([stranger.id])
    db.session.commit()
    assert books.bill(stranger).state == "open" and service.credit_balance(budi.id) == 500_000
    db.session.rollback()


def test_a_new_invoice_spends_credit_the_oldest_money_first(
    budi: Customer, line: Subscription
) -> None:
    record(budi, 60_000)
    record(budi, 60_000)
    bill = factories.invoice(line, total=100_000)
    service.use_credit([bill.id])
    service.use_credit([bill.id])
    db.session.commit()
    assert books.bill(bill).state == "paid"
    assert books.money() == (120_000, 100_000, 20_000)
    rows = [(row.payment_id, row.amount) for row in factories.every(Credit)]
    assert rows == [(1, 60_000), (2, 60_000), (1, -60_000), (2, -40_000)]
    books.balanced()


def test_credit_that_is_too_small_pays_a_part(budi: Customer, line: Subscription) -> None:
    record(budi, 40_000)
    bill = factories.invoice(line, total=100_000)
    service.use_credit([bill.id])
    db.session.commit()
    assert books.bill(bill).state == "open" and books.money() == (40_000, 40_000, 0)
    books.balanced()


def test_the_invoice_run_spends_credit_and_says_so(
    budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    """Credit, invoice, closing and its message in one transaction, by the real reaction."""
    record(budi, 1_000_000)
    billing.issue_chunk(Period.of(clock.today()), only_due=False)
    db.session.commit()
    (bill,) = factories.every(Invoice)
    assert bill.state == "paid"
    with books.rolled_back():
        assert service.credit_balance(budi.id) == 1_000_000 - bill.total
    books.balanced()


def test_credit_is_not_spent_twice_by_runs_side_by_side(
    app: Flask, budi: Customer, line: Subscription
) -> None:
    record(budi, 150_000)
    bills = [factories.invoice(factories.subscription(budi), total=100_000).id for _ in range(4)]
    start = threading.Barrier(4)

    def spend(invoice_id: int) -> None:
        start.wait()
        with app.app_context():
            service.use_credit([invoice_id])
            db.session.commit()

    threads = [threading.Thread(target=spend, args=[bill]) for bill in bills]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert books.money() == (150_000, 150_000, 0)
    books.balanced()


@pytest.mark.parametrize(
    ("owed", "paid", "status"),
    [
        (165_000, 165_000, "Lunas"),
        (165_000, 65_000, "Sisa tagihan Rp100.000"),
        (165_000, 200_000, "Lunas, saldo Rp35.000"),
    ],
)
def test_the_receipt(budi: Customer, line: Subscription, owed: int, paid: int, status: str) -> None:
    bill = factories.invoice(line, total=owed)
    payment_id = record(budi, paid, bill)
    with books.rolled_back():
        values = service.confirmation(payment_id)
    assert values == {
        "customer_id": budi.id,
        "name": "Budi Santoso",
        "amount": paid,
        "payment_number": "PAY-20261121-00001",
        "paid_at": NOW.isoformat(),
        "status": status,
        "phone": budi.phone,
        "language": "id",
        "invoice_id": bill.id,
    }
    kinds = [m.kind for m in factories.every(Message)]
    assert kinds == ["payment_confirmation"]


def test_a_payment_long_ago_is_numbered_by_its_own_day(budi: Customer) -> None:
    factories.payment(budi, 1_000, paid_at=NOW - timedelta(days=30))
    (payment,) = factories.every(Payment)
    assert payment.number == "PAY-20261022-00001" and payment.recorded_at == NOW
