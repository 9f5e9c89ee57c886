"""Whatever happens at the counter in whatever order: every rupiah of cash is in one place."""

from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.accounts.models import Staff
from portal.core.clock import FixedClock
from portal.counter.models import Closing, ClosingEntry, Settlement, SettlementPayment
from portal.customers.models import Customer
from portal.extensions import db
from portal.payments import refunds, reversal
from portal.payments.models import Payment, Refund
from portal.payments.service import credit_balance
from tests import factories
from tests.counter import hands
from tests.payments import books

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["take", "take", "collect", "collect", "back", "hand", "hand", "unhand", "close",
             "close", "reopen", "refund", "night"]
        ),
        st.integers(1, 60),
    ),
    min_size=4,
    max_size=18,
)  # fmt: skip


class Counter:
    """Does one step; a refusal is fine, as long as the books hold."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.payer = factories.customer()
        self.line = factories.subscription(self.payer)
        self.cashier = factories.staff(role="finance")
        self.collector = factories.staff(role="collector")

    def step(self, name: str, number: int) -> None:
        try:
            getattr(self, name)(number)
        except ValueError:
            db.session.rollback()

    def take(self, number: int) -> None:
        hands.take(self.cashier, self.payer, number * 1_000)

    def collect(self, number: int) -> None:
        hands.take(self.collector, self.payer, number * 1_000)

    def back(self, number: int) -> None:
        rows = [row.id for row in factories.every(Payment) if self.mine(row)]
        if rows:
            reversal.reverse(rows[number % len(rows)], "coba")
            db.session.commit()

    def mine(self, row: Payment) -> bool:
        return row.taken_by_id in {self.cashier.id, self.collector.id} and row.amount > 0

    def hand(self, number: int) -> None:
        hands.hand_over(self.collector, self.cashier, gap=0 if number % 3 else 500)

    def unhand(self, number: int) -> None:
        rows = self.of(Settlement, Settlement.collector_id == self.collector.id)
        if rows:
            hands.reverse(rows[number % len(rows)])

    def close(self, number: int) -> None:
        hands.close(self.cashier, opening=number * 100, gap=0 if number % 4 else -100)

    def reopen(self, number: int) -> None:
        rows = self.of(Closing, Closing.cashier_id == self.cashier.id)
        if rows:
            hands.reopen(rows[number % len(rows)])

    def refund(self, number: int) -> None:
        amount = min(number * 500, credit_balance(self.payer.id))
        db.session.rollback()
        refunds.refund(self.payer.id, amount, "cash", "coba", paid_by_id=self.cashier.id)
        db.session.commit()

    def night(self, number: int) -> None:
        self.clock.move(days=1)

    def of(self, model: Any, condition: Any) -> list[Any]:
        rows = list(db.session.scalars(select(model).where(condition).order_by(model.id)))
        for row in rows:
            db.session.expunge(row)
        db.session.rollback()
        return rows

    def sums_up(self) -> None:
        """Cash taken by the cashier is in the drawer or closed; the collector's too."""
        for who in (self.cashier, self.collector):
            assert hands.held(who) + self.settled(who) + self.closed(who) == self.taken(who)
        given_back = sum(row.amount for row in self.of(Refund, Refund.customer_id == self.payer.id))
        closed = self.of(Closing, Closing.cashier_id == self.cashier.id)
        for closing in closed:
            entries = self.of(ClosingEntry, ClosingEntry.closing_id == closing.id)
            assert closing.expected == closing.opening + sum(row.amount for row in entries)
        assert given_back >= 0

    def taken(self, who: Staff) -> int:
        return sum(row.amount for row in self.of(Payment, Payment.taken_by_id == who.id))

    def settled(self, who: Staff) -> int:
        rows = select(SettlementPayment.payment_id).where(SettlementPayment.released.is_(False))
        own = (Payment.taken_by_id == who.id) & Payment.id.in_(rows)
        return sum(row.amount for row in self.of(Payment, own))

    def closed(self, who: Staff) -> int:
        rows = select(ClosingEntry.payment_id).where(
            ClosingEntry.released.is_(False), ClosingEntry.payment_id.is_not(None)
        )
        own = (Payment.taken_by_id == who.id) & Payment.id.in_(rows)
        return sum(row.amount for row in self.of(Payment, own))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_any_sequence_sums_up(app: Flask, clock: FixedClock, steps: list[tuple[str, int]]) -> None:
    counter = Counter(clock)
    for name, number in steps:
        counter.step(name, number)
    counter.sums_up()
    books.balanced()


def test_a_whole_week_ends_at_zero(app: Flask, clock: FixedClock, budi: Customer) -> None:
    """Everything handed over and closed: what was counted is what came in."""
    counter = Counter(clock)
    for number in range(1, 8):
        counter.take(number)
        counter.collect(number)
        hands.hand_over(counter.collector, counter.cashier)
        hands.close(counter.cashier)
        counter.night(0)
    closed = factories.every(Closing)
    assert sum(row.counted for row in closed) == 2 * sum(range(1, 8)) * 1_000
    assert hands.held(counter.cashier) == hands.held(counter.collector) == 0
    counter.sums_up()
    books.balanced()
