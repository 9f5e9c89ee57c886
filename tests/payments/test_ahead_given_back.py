"""Days that were paid ahead for less are given back for what was paid."""

from datetime import timedelta

import pytest

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.invoices import lifecycle
from portal.invoices.models_terms import Charge
from portal.payments import opening, orders
from portal.payments.models import PaymentOrder
from portal.settings import service as owner
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments import books
from tests.payments.fakes import Bank

PRICE = 165_000


def pay_ahead(bank: Bank, line: Subscription, rules: str, months: int) -> None:
    owner.change("billing.proration", "actual")
    owner.change("payments.ahead", True)
    owner.change("payments.ahead_rules", rules)
    db.session.commit()
    made = opening.start_order(
        line.customer_id, [], books.PATH, "qris", months=(line.id, months)
    ).order_id
    db.session.rollback()
    bank.pay(made)
    (order,) = factories.every(PaymentOrder)
    assert orders.check_now(order.id) == "settled"
    db.session.rollback()


@pytest.mark.parametrize(
    ("rules", "months", "back"),
    # 21 of November's 30 days are used.
    [("12 = 1 bulan gratis", 12, 11 * PRICE - 115_500), ("3 = 50 %", 3, (3 * PRICE - 115_500) / 2)],
)
def test_a_line_that_ends(
    bank: Bank, line: Subscription, rules: str, months: int, back: float
) -> None:
    pay_ahead(bank, line, rules, months)
    assert -lifecycle.end(line.id, "pindah") == back


def test_a_pause(bank: Bank, line: Subscription, clock: FixedClock) -> None:
    pay_ahead(bank, line, "2 = 50 %", 2)
    lifecycle.pause(line.id, clock.now().date() + timedelta(days=41), "cuti")
    db.session.commit()
    clock.move(days=41)
    assert lifecycle.wake(line.id, "kembali")
    db.session.commit()
    assert [one.amount for one in factories.every(Charge)] == [-27_500, -82_500]


def test_a_cheaper_plan_at_once(bank: Bank, line: Subscription) -> None:
    pay_ahead(bank, line, "2 = 50 %", 2)
    free = factories.plan("Hemat", 65_000)
    quote = lifecycle.quote_change(line.id, free.id, at_once=True)
    assert -PRICE < quote.difference < -50_000
