"""The judge of a storm sees what is wrong: a judge that never finds anything proves nothing."""

import pytest
from flask import Flask
from sqlalchemy import update

from portal.customers.models import Customer
from portal.extensions import db
from portal.payments import orders
from portal.payments.models import Payment
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments import books
from tests.payments.conftest import bank, budi, line
from tests.payments.fakes import Bank
from tests.trials.storm.plan import Order
from tests.trials.storm.verdict import judge

__all__ = ["bank", "budi", "line"]
PAID, OPEN = {"status": "completed"}, {"status": "pending"}


@pytest.fixture
def paid(app: Flask, bank: Bank, budi: Customer, line: Subscription) -> Order:
    """An order that was paid at the gateway, of which we do not know yet."""
    made = books.start(budi, factories.invoice(line, total=165_000))
    bank.pay(made.order_id)
    return Order(made.order_id, made.reference, made.amount, "ordinary")


def settle(order: Order) -> None:
    from portal.payments.models import PaymentOrder

    pk = db.session.scalar(db.select(PaymentOrder.id).filter_by(order_id=order.order_id))
    db.session.rollback()
    assert pk is not None and orders.check_now(pk) == "settled"


def wrong(app: Flask, order: Order, at_gateway: dict[str, str] = PAID) -> int:
    return len(judge(app, [order], {order.order_id: at_gateway}).wrong)


def test_paid_and_not_recorded(app: Flask, paid: Order) -> None:
    assert wrong(app, paid) == 1
    settle(paid)
    assert judge(app, [paid], {paid.order_id: PAID}).sound


@pytest.mark.parametrize("fate", ["unpaid", "sandbox", "lost", "void", "expired", "cancelled"])
def test_recorded_as_if_nothing_were_odd(app: Flask, paid: Order, fate: str) -> None:
    settle(paid)
    told = Order(paid.order_id, paid.txn_id, paid.amount, fate)
    assert wrong(app, told, OPEN if fate == "unpaid" else PAID) == 1


def test_another_amount_or_nobodys_money(app: Flask, paid: Order) -> None:
    settle(paid)
    db.session.execute(update(Payment).values(amount=paid.amount - 1))
    db.session.commit()
    found = judge(app, [paid], {paid.order_id: PAID})
    assert len(found.wrong) == 1 and "I2" in found.broken
    db.session.execute(update(Payment).values(payment_order_id=None))
    db.session.commit()
    assert len(judge(app, [paid], {paid.order_id: PAID}).wrong) == 2


def test_a_double_that_nobody_is_told_of(app: Flask, paid: Order) -> None:
    settle(paid)
    twins = [Order(paid.order_id, paid.txn_id, paid.amount, "double")] * 2
    assert judge(app, twins, {paid.order_id: PAID}).wrong == ["1 paid twice, 0 listed as double"]
