"""Any sequence of paying, callbacks, checks, cash, voids and billing keeps the books balanced.

The machine keeps its own idea of how much money really came; the database must agree
after every step, on every engine.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from portal.core.clock import FixedClock
from portal.core.driverkit import DriverError, RateLimited, Retryable
from portal.extensions import db
from portal.invoices.models import Invoice
from portal.invoices.queries import remaining
from portal.payments import corrections, opening, orders, service
from portal.payments.models import Payment, PaymentOrder
from tests import factories
from tests.conftest import NOW
from tests.payments import books
from tests.payments.fakes import Bank, FakeGateway

AMOUNTS = st.sampled_from([1_000, 40_000, 100_000, 165_000, 500_000])


class PaymentsMachine(RuleBasedStateMachine):
    """One customer with two lines, a provider, and everybody pressing everything."""

    app: Flask
    clock: FixedClock
    empty_tables: Callable[[], None]

    bills = Bundle("bills")
    made = Bundle("orders")

    @initialize(target=bills)
    def begin(self) -> Any:
        """Three months are owed already."""
        with books.rolled_back():
            self.empty_tables()
        self.clock.at = NOW
        self.bank = Bank()
        self.app.extensions["loket.gateway"] = FakeGateway(self.bank)
        self.budi = factories.customer()
        self.lines = [factories.subscription(self.budi) for _ in range(2)]
        self.issued = 0
        self.cash = 0
        return multiple(*(self._issue(total, 0) for total in (165_000, 100_000, 40_000)))

    @rule(target=bills, total=AMOUNTS, line=st.integers(0, 1))
    def issue(self, total: int, line: int) -> int:
        """A new invoice, which spends credit as the invoice run does."""
        return self._issue(total, line)

    def _issue(self, total: int, line: int) -> int:
        self.issued += 1
        period = f"{2020 + self.issued // 12}-{self.issued % 12 + 1:02d}"
        bill_id: int = factories.invoice(self.lines[line], period=period, total=total).id
        service.use_credit([bill_id])
        db.session.commit()
        return bill_id

    @rule(bill=bills)
    def void(self, bill: int) -> None:
        """One that nobody paid on yet: `test_correction_machine.py` has the others."""
        with db.session.begin():
            if remaining(bill) == db.session.get_one(Invoice, bill).total:
                corrections.void(bill, "salah")

    @rule(target=made, chosen=st.lists(bills, min_size=1, max_size=3))
    def press_pay(self, chosen: list[int]) -> Any:
        try:
            order = opening.start_order(self.budi.id, chosen, books.PATH)
        except (opening.OrderError, DriverError):
            db.session.rollback()
            return multiple()
        order_pk = order.id
        db.session.rollback()
        return order_pk

    @rule(order=made, amount=st.none() | st.none() | st.none() | AMOUNTS)
    def pay_at_the_gateway(self, order: int, amount: int | None) -> None:
        """At most once per order; sometimes another amount than asked for."""
        order_id = factories.fresh(PaymentOrder, order).order_id
        charge = self.bank.charges[order_id]
        if charge.state != "completed":
            self.bank.pay(order_id, amount, self.clock.now())

    @rule(order=made, state=st.sampled_from(["canceled", "expired", "unknown"]))
    def gateway_changes_its_mind(self, order: int, state: str) -> None:
        charge = self.bank.charges[factories.fresh(PaymentOrder, order).order_id]
        if charge.state != "completed":
            charge.state = state

    @rule(
        order=made,
        amount=st.none() | AMOUNTS,
        status=st.sampled_from(["completed", "pending", "canceled"]),
        repeats=st.integers(1, 3),
    )
    def webhook(self, order: int, amount: int | None, status: str, repeats: int) -> None:
        row = factories.fresh(PaymentOrder, order)
        said = row.amount if amount is None else amount
        body = {"order_id": row.order_id, "amount": said, "status": status}
        for _ in range(repeats):
            books.deliver(json.dumps(body).encode())

    @rule()
    def webhook_of_a_stranger(self) -> None:
        self.bank.trouble = []
        body = {"order_id": opening.new_order_id(), "amount": 1_000, "status": "completed"}
        assert books.deliver(json.dumps(body).encode()) == "order tidak dikenal"

    @rule(order=made)
    def check(self, order: int) -> None:
        orders.check_now(order)

    @rule(order=made, state=st.sampled_from(["canceled", "expired"]))
    def given_up_then_paid(self, order: int, state: str) -> None:
        """The gateway ends the order, we see it, and then the money comes."""
        self.gateway_changes_its_mind(order, state)
        self.time_passes(30)
        orders.check_now(order)
        self.pay_at_the_gateway(order, None)

    @rule(error=st.sampled_from([Retryable("mati"), RateLimited("tunggu", retry_after=5)]))
    def gateway_stumbles(self, error: DriverError) -> None:
        self.bank.trouble = [error]

    @rule(amount=AMOUNTS, chosen=st.lists(bills, max_size=2))
    def cash_at_the_counter(self, amount: int, chosen: list[int]) -> None:
        service.record_payment(
            customer_id=self.budi.id,
            amount=amount,
            source="cash",
            method="tunai",
            paid_at=self.clock.now(),
            invoice_ids=chosen,
        )
        db.session.commit()
        self.cash += amount

    @rule(seconds=st.sampled_from([3, 30, 600, 40_000, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.clock.at += timedelta(seconds=seconds)
        for order_pk in orders.due_orders():
            orders.check_order(order_pk)
        db.session.rollback()

    @invariant()
    def the_books_balance(self) -> None:
        books.balanced()

    @invariant()
    def no_rupiah_is_made_or_lost(self) -> None:
        """Every settled order is money the gateway really has, of exactly that amount."""
        if not hasattr(self, "bank"):
            return
        received, allocated, credit = books.money()
        settled = [row for row in factories.every(PaymentOrder) if row.state == "settled"]
        for row in settled:
            charge = self.bank.charges[row.order_id]
            assert (charge.state, charge.paid) == ("completed", row.amount)
        assert received == self.cash + sum(row.amount for row in settled)
        assert received == allocated + credit
        assert credit >= 0

    @invariant()
    def credit_never_waits_beside_a_debt_it_could_pay_when_issued(self) -> None:
        """Money recorded goes to open invoices first, so credit and debt exclude each other."""
        if not hasattr(self, "bank"):
            return
        owing = [row for row in factories.every(Invoice) if row.state == "open"]
        assert not owing or books.money()[2] == 0

    def teardown(self) -> None:
        """In the end every rupiah at the gateway of the right amount is in the books."""
        if not hasattr(self, "bank"):
            return
        self.bank.trouble = []
        for _ in range(12):
            self.clock.at += timedelta(hours=13)
            for order_pk in orders.due_orders():
                orders.check_order(order_pk)
            db.session.rollback()
        self.the_books_balance()
        self.no_rupiah_is_made_or_lost()
        assert orders.due_orders() == []
        db.session.rollback()


def test_any_sequence_keeps_the_books(
    app: Flask, clock: FixedClock, empty_tables: Callable[[], None]
) -> None:
    PaymentsMachine.app, PaymentsMachine.clock = app, clock
    PaymentsMachine.empty_tables = staticmethod(empty_tables)
    run_state_machine_as_test(
        PaymentsMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_order_of_the_same_events_ends_the_same(
    app: Flask, clock: FixedClock, empty_tables: Callable[[], None]
) -> None:
    """Callbacks, checks, a lie and the money itself, in all 120 orders."""
    from itertools import permutations

    def play(steps: tuple[str, ...]) -> tuple[Any, ...]:
        with books.rolled_back():
            empty_tables()
        clock.at = NOW
        bank = Bank()
        app.extensions["loket.gateway"] = FakeGateway(bank)
        budi = factories.customer()
        bill = factories.invoice(factories.subscription(budi), total=165_000)
        order = books.start(budi, bill)
        good = {"order_id": order.order_id, "amount": 165_000, "status": "completed"}
        for step in steps:
            clock.move(seconds=30)
            if step == "money":
                bank.pay(order.order_id)
            elif step == "check":
                orders.check_now(order.id)
            elif step == "lie":
                books.deliver(json.dumps({**good, "amount": 1}).encode())
            elif step == "poll":
                for order_pk in orders.due_orders():
                    orders.check_order(order_pk)
                db.session.rollback()
            else:
                books.deliver(json.dumps(good).encode())
        clock.move(minutes=20)
        for order_pk in orders.due_orders():
            orders.check_order(order_pk)
        db.session.rollback()
        books.balanced()
        numbers = [row.number for row in factories.every(Payment)]
        return numbers, books.money(), books.attention(), books.order(order).state

    results = [play(steps) for steps in permutations(("money", "check", "lie", "poll", "callback"))]
    wanted = (
        ["PAY-20261121-00001"],
        (165_000, 165_000, 0),
        ["hook_mismatch"],
        "settled",
    )
    assert all(result == wanted for result in results)
