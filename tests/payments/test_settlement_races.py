"""Many settle at once: every rupiah is recorded once, and nobody waits for ever."""

import threading

from flask import Flask

from portal.customers.models import Customer
from portal.messaging.models import Message
from portal.payments import orders
from portal.payments.gateways.base import ChargeStatus
from portal.payments.models import Payment
from portal.subscriptions.models import Subscription
from tests import factories
from tests.conftest import NOW
from tests.payments import books
from tests.payments.fakes import Bank


def test_the_bank_may_be_asked_by_many_and_pays_once(
    app: Flask, bank: Bank, budi: Customer, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    order = books.start(budi, bill)
    bank.pay(order.order_id)
    status = ChargeStatus("completed", order.order_id, order.amount, reference="txn1")
    outcomes: list[str] = []
    start = threading.Barrier(32)

    def settle() -> None:
        start.wait()
        with app.app_context():
            # Past the claim on purpose: the settlement itself must be safe.
            outcomes.append(orders._settle_surely(order.id, status, NOW))

    def check() -> None:
        start.wait()
        with app.app_context():
            outcomes.append(orders.check_now(order.id))

    threads = [threading.Thread(target=run) for run in [settle, check] * 16]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 32
    assert outcomes.count("settled") == 1 and set(outcomes) == {"settled", "nothing"}
    assert len(factories.every(Payment)) == 1
    assert books.money() == (165_000, 165_000, 0)
    assert len([m for m in factories.every(Message) if m.kind == "payment_confirmation"]) == 1
    books.balanced()


def test_many_orders_of_one_customer_settle_side_by_side(
    app: Flask, bank: Bank, budi: Customer, line: Subscription
) -> None:
    """Every order wants the same invoices, in another order: no deadlock, no rupiah lost."""
    months = [
        factories.invoice(line, period=f"2026-{n:02d}", total=10_000 + n) for n in range(1, 7)
    ]
    made = []
    for turn in range(6):
        chosen = months[turn:] + months[:turn]
        made.append(books.start(budi, *chosen))
    for order in made:
        bank.pay(order.order_id)
    start = threading.Barrier(len(made))
    outcomes: list[str] = []

    def check(order_pk: int) -> None:
        start.wait()
        with app.app_context():
            outcomes.append(orders.check_now(order_pk))

    threads = [threading.Thread(target=check, args=[order.id]) for order in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["settled"] * 6
    owed = sum(month.total for month in months)
    assert books.money() == (6 * owed, owed, 5 * owed)
    assert sorted(books.attention()) == ["double"] * 5
    books.balanced()
