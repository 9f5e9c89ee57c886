"""Settling: money is recorded once, whole, and goes where it belongs; the rest is refused."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.invoices.models import Allocation
from portal.messaging.models import Message
from portal.network import isolation
from portal.payments import corrections, orders, service, settlement
from portal.payments.gateways.base import ChargeStatus
from portal.payments.models import Payment
from portal.subscriptions.models import Subscription
from tests import factories
from tests.conftest import NOW
from tests.payments import books
from tests.payments.fakes import Bank


def test_a_paid_order(bank: Bank, budi: Customer, line: Subscription, clock: FixedClock) -> None:
    bill = factories.invoice(line, total=165_000)
    order = books.start(budi, bill)
    clock.move(minutes=5)
    bank.pay(order.order_id, at=clock.now() - timedelta(minutes=1))
    assert orders.check_now(order.id) == "settled"

    order, (payment,) = books.order(order), factories.every(Payment)
    assert (order.state, order.next_check_at, order.method) == ("settled", None, "qris")
    assert payment.number == "PAY-20261121-00001"
    assert (payment.amount, payment.source, payment.method) == (165_000, "pakasir", "qris")
    assert payment.payment_order_id == order.id
    assert payment.paid_at == NOW + timedelta(minutes=4) and payment.recorded_at == clock.now()
    assert books.bill(bill).state == "paid"
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "payment.record"]
    assert entry.after["amount"] == 165_000
    (message,) = [m for m in factories.every(Message) if m.kind == "payment_confirmation"]
    assert message.dedupe_key == f"payment_confirmation:{payment.id}"
    assert message.params["status"] == "Lunas"
    assert books.attention() == []
    books.balanced()


def test_the_day_of_the_number_is_the_isps(
    bank: Bank, budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    """17:30 UTC is half past midnight of the next day in Jakarta."""
    order = books.start(budi, factories.invoice(line))
    clock.at = NOW.replace(hour=17, minute=30)
    bank.pay(order.order_id)
    orders.check_now(order.id)
    assert factories.every(Payment)[0].number == "PAY-20261122-00001"


def test_settling_restores_access(bank: Bank, budi: Customer, line: Subscription) -> None:
    bill = factories.invoice(line, due_on=NOW.date() - timedelta(days=30))
    isolation.run()
    assert factories.fresh(Subscription, line.id).state == "isolated"
    order = books.start(budi, bill)
    bank.pay(order.order_id)
    orders.check_now(order.id)
    assert factories.fresh(Subscription, line.id).state == "active"
    books.balanced()


def test_it_pays_the_chosen_first_then_the_oldest_then_credit(
    bank: Bank, budi: Customer, line: Subscription
) -> None:
    day = NOW.date()
    old = factories.invoice(line, period="2026-09", total=100_000, due_on=day - timedelta(40))
    new = factories.invoice(line, period="2026-11", total=60_000, due_on=day)
    mid = factories.invoice(line, period="2026-10", total=80_000, due_on=day - timedelta(9))
    order = books.start(budi, new, mid)
    factories.payment(budi, 50_000, [new])  # cash meanwhile: 10.000 of `new` are left
    bank.pay(order.order_id)
    orders.check_now(order.id)
    online = factories.every(Payment)[-1]
    parts = [(a.invoice_id, a.amount) for a in factories.every(Allocation)][1:]
    assert online.amount == 140_000
    assert parts == [(new.id, 10_000), (mid.id, 80_000), (old.id, 50_000)]
    assert [books.bill(b).state for b in (old, mid, new)] == ["open", "paid", "paid"]
    assert books.attention() == ["surplus"]
    books.balanced()


def test_settling_again_changes_nothing(bank: Bank, budi: Customer, line: Subscription) -> None:
    order = books.start(budi, factories.invoice(line))
    bank.pay(order.order_id)
    assert orders.check_now(order.id) == "settled"
    before = books.money()
    status = ChargeStatus("completed", order.order_id, order.amount)
    for state in ("completed", "pending", "canceled", "expired", "unknown"):
        again = ChargeStatus(state, order.order_id, order.amount)
        assert settlement.settle(order.id, again) == "nothing"
        db.session.commit()
    assert orders.check_now(order.id) == "nothing"
    assert books.money() == before and books.order(order).next_check_at is None
    assert orders.due_orders() == []
    assert status.state == "completed"
    books.balanced()


@pytest.mark.parametrize("paid", [1, 164_999, 165_001, 330_000])
def test_another_amount_is_never_recorded_by_itself(
    bank: Bank, budi: Customer, line: Subscription, paid: int, clock: FixedClock
) -> None:
    bill = factories.invoice(line, total=165_000)
    order = books.start(budi, bill)
    bank.pay(order.order_id, paid)
    assert orders.check_now(order.id) == "refused"
    clock.move(minutes=1)
    assert orders.check_now(order.id) == "refused"
    assert books.money() == (0, 0, 0)
    assert books.bill(bill).state == "open" and books.order(order).state == "pending"
    assert books.attention() == ["order_mismatch"], "once per cause"
    books.balanced()


@pytest.mark.parametrize(
    "status",
    [
        ChargeStatus("completed", "LKTOTHER", 165_000),
        ChargeStatus("completed", "", 165_000),
        ChargeStatus("completed", "{id}", None),
        ChargeStatus("completed", "{id}", 165_000, reference="another"),
        ChargeStatus("completed", "{id}", 165_000, objection="jawaban untuk proyek lain"),
    ],
    ids=["order", "no order", "no amount", "transaction", "project"],
)
def test_an_answer_about_something_else_is_refused(
    bank: Bank, budi: Customer, line: Subscription, status: ChargeStatus
) -> None:
    order = books.start(budi, factories.invoice(line, total=165_000))
    about = status.__dict__ | {"order_id": status.order_id.format(id=order.order_id)}
    assert settlement.settle(order.id, ChargeStatus(**about)) == "refused"
    db.session.commit()
    assert books.money() == (0, 0, 0) and books.attention() == ["order_mismatch"]


class TestProduction:
    @pytest.fixture
    def extra_env(self) -> dict[str, str]:
        return {"APP_ENV": "production"}

    def test_sandbox_money_never_settles(
        self, bank: Bank, budi: Customer, line: Subscription
    ) -> None:
        order = books.start(budi, factories.invoice(line))
        bank.pay(order.order_id)
        bank.charges[order.order_id].sandbox = True
        assert orders.check_now(order.id) == "refused"
        assert books.money() == (0, 0, 0) and books.attention() == ["order_mismatch"]


def test_sandbox_money_settles_outside_production(
    bank: Bank, budi: Customer, line: Subscription
) -> None:
    order = books.start(budi, factories.invoice(line))
    bank.pay(order.order_id)
    bank.charges[order.order_id].sandbox = True
    assert orders.check_now(order.id) == "settled"


@pytest.mark.parametrize("end", ["canceled", "expired"])
def test_late_money_is_recorded_and_shown(
    bank: Bank, budi: Customer, line: Subscription, clock: FixedClock, end: str
) -> None:
    bill = factories.invoice(line, total=165_000)
    order = books.start(budi, bill)
    bank.charges[order.order_id].state = end
    orders.check_now(order.id)
    assert books.order(order).state in {"cancelled", "expired"}
    clock.move(minutes=5)
    bank.pay(order.order_id)
    assert orders.check_now(order.id) == "settled"
    assert books.money() == (165_000, 165_000, 0) and books.bill(bill).state == "paid"
    assert books.attention() == ["late"]
    books.balanced()


def test_two_orders_for_one_invoice_are_both_recorded(
    bank: Bank, budi: Customer, line: Subscription
) -> None:
    one = factories.invoice(line, period="2026-10", total=100_000)
    two = factories.invoice(line, period="2026-11", total=50_000)
    first, second = books.start(budi, one), books.start(budi, one, two)
    for order in (first, second):
        bank.pay(order.order_id)
        assert orders.check_now(order.id) == "settled"
    assert books.money() == (250_000, 150_000, 100_000)
    assert service.credit_balance(budi.id) == 100_000
    assert books.attention() == ["double"]
    books.balanced()


def test_money_for_a_void_invoice_becomes_credit(
    bank: Bank, budi: Customer, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    order = books.start(budi, bill)
    corrections.void(bill.id, "salah paket")
    db.session.commit()
    bank.pay(order.order_id)
    assert orders.check_now(order.id) == "settled"
    assert books.money() == (165_000, 0, 165_000)
    assert books.bill(bill).state == "void" and books.attention() == ["for_void"]
    books.balanced()


@pytest.mark.parametrize(
    ("said", "wanted"),
    [(None, 30), (-60, 0), (10, 10), (29, 29), (3600, 30)],
    ids=["silent", "before the order", "while open", "just now", "in the future"],
)
def test_the_time_of_payment_lies_between_order_and_now(
    bank: Bank, budi: Customer, line: Subscription, clock: FixedClock, said: int | None, wanted: int
) -> None:
    order = books.start(budi, factories.invoice(line))
    clock.move(minutes=30)
    bank.pay(order.order_id, at=None if said is None else NOW + timedelta(minutes=said))
    orders.check_now(order.id)
    assert factories.every(Payment)[0].paid_at == NOW + timedelta(minutes=wanted)


def test_the_demos_calendar_runs_ahead_of_the_gateways_clock(
    app: Flask, bank: Bank, budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    """Ten days travelled: money that came a minute ago came a minute ago on our calendar."""

    class Travelled(FixedClock):
        def now(self) -> datetime:
            return self.at + timedelta(days=10)

    app.extensions["loket.clock"] = travelled = Travelled(NOW)
    order = books.start(budi, factories.invoice(line))
    travelled.move(minutes=5)
    bank.pay(order.order_id, at=NOW + timedelta(minutes=4))
    orders.check_now(order.id)
    (payment,) = factories.every(Payment)
    assert payment.paid_at == NOW + timedelta(days=10, minutes=4)
    assert payment.number == "PAY-20261201-00001"
