"""Everybody at once: callbacks, the poller, "Cek status", and the customer who cancels."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.payments import cancelling, opening, orders, transfers
from portal.payments.models import Payment, PaymentOrder
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments import books
from tests.payments.fakes import Bank


@pytest.fixture
def extra_env() -> dict[str, str]:
    return {"TRANSFER_ACCOUNTS": "BCA|1234567890|PT Contoh Net"}


def together(app: Flask, *work: Callable[[], Any]) -> list[Any]:
    """All at the same moment, each in its own context; what they returned."""
    start, said = threading.Barrier(len(work)), []

    def run(one: Callable[[], Any]) -> None:
        start.wait()
        with app.app_context():
            said.append(one())
            db.session.rollback()

    threads = [threading.Thread(target=run, args=[one]) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(said) == len(work), "somebody failed or waits for ever"
    return said


def test_callback_poller_check_and_cancel(
    app: Flask, bank: Bank, budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    bill = factories.invoice(line, total=165_000)
    made = opening.start_order(budi.id, [bill.id], books.PATH, "qris")
    order = factories.fresh(PaymentOrder, made.id)
    clock.move(seconds=25)
    bank.pay(order.order_id)
    hook = {"order_id": order.order_id, "amount": 165_000, "status": "completed"}
    body = json.dumps(hook).encode()
    together(
        app,
        *[lambda: books.deliver(body)] * 5,
        *[lambda: orders.check_order(order.id)] * 5,
        *[lambda: orders.check_now(order.id)] * 5,
        *[lambda: cancelling.cancel(order.id, "dibatalkan pelanggan")] * 5,
    )
    clock.move(seconds=5)
    orders.check_now(order.id)
    db.session.rollback()
    assert books.order(order).state == "settled" and books.bill(bill).state == "paid"
    assert len(factories.every(Payment)) == 1 and books.money() == (165_000, 165_000, 0)
    assert books.attention() in ([], ["late"]), "late when the cancelling came first"
    books.balanced()


def test_cashiers_press_together(app: Flask, budi: Customer, line: Subscription) -> None:
    bill = factories.invoice(line, total=165_000)
    made = opening.start_order(budi.id, [bill.id], books.PATH, "bca_7890", "transfer")
    order = factories.fresh(PaymentOrder, made.id)

    def press(amount: int) -> bool:
        done = transfers.confirm(db.session.get_one(PaymentOrder, order.id), amount, "persis")
        db.session.commit()
        return done

    said = together(app, *[lambda: press(order.amount), lambda: press(165_000)] * 6)
    assert said.count(True) == 1
    (payment,) = factories.every(Payment)
    assert payment.amount in {165_000, order.amount}
    assert books.money() == (payment.amount, 165_000, payment.amount - 165_000)
    books.balanced()


def test_a_tap_for_each_method_at_once(
    app: Flask, bank: Bank, budi: Customer, line: Subscription
) -> None:
    """Two people of one family choose: what each was shown can be paid, and nothing is lost."""
    bill = factories.invoice(line, total=165_000)

    def tap(method: str) -> str:
        return opening.start_order(budi.id, [bill.id], books.PATH, method).order_id

    together(app, *[lambda: tap("qris"), lambda: tap("bri_va"), lambda: tap("")] * 3)
    made = factories.every(PaymentOrder)
    assert [order.state for order in made].count("pending") == 1
    for order in made:
        if order.order_id in bank.charges:
            bank.pay(order.order_id)
            orders.ask_soon(order.id)
    db.session.commit()
    for order in made:
        orders.check_order(order.id)
    paid = [order for order in factories.every(PaymentOrder) if order.state == "settled"]
    assert len(paid) == len(bank.charges)
    assert books.money() == (165_000 * len(paid), 165_000, 165_000 * (len(paid) - 1))
    books.balanced()
