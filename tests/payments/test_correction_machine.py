"""Any sequence of billing, paying and correcting keeps the books balanced, on every engine.

The machine keeps its own idea of the money: what came in, what was given back, what was taken
back. After every step the database must agree, and every invariant must hold.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, g
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
from portal.core.period import Period
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import billing
from portal.invoices.models import Allocation, CreditNote, Invoice
from portal.messaging.models import Message
from portal.network import isolation
from portal.payments import corrections, refunds, reversal, service
from portal.payments.corrections import CorrectionError
from portal.payments.models import Credit, Payment, Refund
from portal.settings import service as registry
from tests import factories
from tests.conftest import NOW
from tests.payments import books

AMOUNTS = st.sampled_from([1, 40_000, 99_999, 165_000, 183_150, 500_000])
PEOPLE = st.integers(0, 1)


class CorrectionsMachine(RuleBasedStateMachine):
    """Two customers with a line each, and a finance desk that makes every mistake there is."""

    app: Flask
    clock: FixedClock
    empty_tables: Callable[[], None]
    done: set[str]

    bills = Bundle("bills")
    taken = Bundle("payments")

    @initialize(target=bills)
    def begin(self) -> Any:
        with books.rolled_back():
            self.empty_tables()
        self.clock.at = NOW
        self.people = [factories.customer() for _ in range(2)]
        self.lines = [factories.subscription(one) for one in self.people]
        self.money = {one.id: 0 for one in self.people}
        g.pop("settings", None)
        registry.change("billing.tax_bp", 1100)
        registry.change("isolation.warn_hours", 0)
        db.session.commit()
        return multiple(*self._bill())

    def _bill(self) -> list[int]:
        before = {row.id for row in factories.every(Invoice)}
        billing.issue_chunk(Period.of(today()), only_due=False)
        db.session.commit()
        return [row.id for row in factories.every(Invoice) if row.id not in before]

    @rule(target=bills, days=st.sampled_from([1, 20, 40]))
    def time_passes(self, days: int) -> Any:
        """The night: invoices, then isolation, which closes what is overdue."""
        self.clock.move(days=days)
        found = self._bill()
        isolation.run()
        db.session.rollback()
        return multiple(*found)

    @rule(target=taken, who=PEOPLE, amount=AMOUNTS, chosen=st.lists(bills, max_size=2))
    def pay(self, who: int, amount: int, chosen: list[int]) -> int:
        payer = self.people[who]
        made = service.record_payment(
            customer_id=payer.id,
            amount=amount,
            source="cash",
            method="tunai",
            paid_at=self.clock.now(),
            invoice_ids=[one for one in chosen if self._owner(one) == payer.id],
        )
        payment_id = made.id
        db.session.commit()
        self.money[payer.id] += amount
        return payment_id

    def _owner(self, bill: int) -> int:
        return db.session.get_one(Invoice, bill).customer_id

    @contextmanager
    def _trying(self, verb: str) -> Iterator[None]:
        try:
            yield
        except CorrectionError:
            db.session.rollback()
        else:
            db.session.commit()
            self.done.add(verb)

    @rule(bill=bills)
    def void(self, bill: int) -> None:
        with self._trying("void"):
            corrections.void(bill, "salah")

    @rule(target=bills, bill=bills)
    def void_and_replace(self, bill: int) -> Any:
        new = None
        with self._trying("replace"):
            new = corrections.void(bill, "salah", replace=True)
        if new is None:
            return multiple()
        told = [one for one in factories.every(Message) if one.invoice_id == new]
        kinds = [one.kind for one in told if one.kind == "invoice_notification"]
        # What credit paid at once asks nobody for money.
        owed = factories.fresh(Invoice, new).state == "open"
        assert kinds == (["invoice_notification"] if owed else [])
        return new

    @rule(bill=bills, amount=AMOUNTS)
    def credit_note(self, bill: int, amount: int) -> None:
        with self._trying("credit_note"):
            corrections.credit_note(bill, amount, "gangguan")

    @rule(bill=bills)
    def credit_all(self, bill: int) -> None:
        """Whatever is left of the total; the tax comes back to the rupiah."""
        row = factories.fresh(Invoice, bill)
        notes = [one for one in factories.every(CreditNote) if one.invoice_id == bill]
        with self._trying("credit_all"):
            corrections.credit_note(bill, row.total - sum(one.amount for one in notes), "gratis")
            parts = db.session.get_one(Invoice, bill).lines
            notes = [*db.session.query(CreditNote).filter_by(invoice_id=bill)]
            taxes = sum(part.amount for part in parts if part.kind == "tax")
            assert sum(one.tax_amount for one in notes) == taxes

    @rule(bill=bills)
    def write_off(self, bill: int) -> None:
        with self._trying("write_off"):
            corrections.write_off(bill, "pindah")

    @rule(bill=bills)
    def undo_write_off(self, bill: int) -> None:
        with self._trying("undo_write_off"):
            corrections.undo_write_off(bill, "kembali")

    @rule(who=PEOPLE, amount=AMOUNTS)
    def refund(self, who: int, amount: int) -> None:
        payer = self.people[who]
        with self._trying("refund"):
            refunds.refund(payer.id, amount, "cash", "berhenti")
            self.money[payer.id] -= amount

    @rule(who=PEOPLE)
    def use_credit(self, who: int) -> None:
        with self._trying("use_credit"):
            corrections.spend_credit(self.people[who].id)

    @rule(payment=taken)
    def reverse(self, payment: int) -> None:
        row = factories.fresh(Payment, payment)
        with self._trying("reverse"):
            reversal.reverse(payment, "salah catat")
            self.money[row.customer_id] -= row.amount

    @rule(target=taken, payment=taken)
    def record_for_the_other(self, payment: int) -> Any:
        row = factories.fresh(Payment, payment)
        other = next(one for one in self.people if one.id != row.customer_id)
        moved = False
        with self._trying("move"):
            reversal.reverse(payment, "salah orang", again_for=other.id)
            moved = True
        if not moved:
            return multiple()
        self.money[row.customer_id] -= row.amount
        self.money[other.id] += row.amount
        return factories.every(Payment)[-1].id

    @invariant()
    def the_books_balance(self) -> None:
        books.balanced()

    @invariant()
    def no_rupiah_is_made_or_lost(self) -> None:
        if not hasattr(self, "money"):
            return
        for one in self.people:
            with books.rolled_back():
                received = _sum(Payment, one.id)
                given = _sum(Refund, one.id)
                credit = _sum(Credit, one.id)
                paid = _paid(one.id)
            assert received - given == self.money[one.id] == paid + credit
            assert credit >= 0

    @invariant()
    def states_say_what_is_owed(self) -> None:
        """Paid owes nothing, open owes something, and nobody owes less than nothing."""
        if not hasattr(self, "money"):
            return
        for row in factories.every(Invoice):
            with books.rolled_back():
                left = row.total - _covered(row.id)
            assert left >= 0
            assert {"paid": left == 0, "open": left > 0, "void": left == row.total}.get(
                row.state, True
            ), (row.state, left)


def _sum(model: Any, customer_id: int) -> int:
    return sum(row.amount for row in db.session.query(model).filter_by(customer_id=customer_id))


def _paid(customer_id: int) -> int:
    rows = db.session.query(Allocation).join(Invoice, Invoice.id == Allocation.invoice_id)
    return sum(row.amount for row in rows.filter(Invoice.customer_id == customer_id))


def _covered(invoice_id: int) -> int:
    rows = [*db.session.query(Allocation).filter_by(invoice_id=invoice_id)]
    notes = [*db.session.query(CreditNote).filter_by(invoice_id=invoice_id)]
    return sum(row.amount for row in rows) + sum(note.amount for note in notes)


VERBS = {
    "void",
    "replace",
    "credit_note",
    "credit_all",
    "write_off",
    "undo_write_off",
    "refund",
    "use_credit",
    "reverse",
    "move",
}


def _what_chance_seldom_plays() -> None:
    """Credit that meets an open invoice, and a write-off undone."""
    story = CorrectionsMachine()
    story.begin()
    story.time_passes(days=40)
    mine = story.people[0].id
    first, second, *_ = [one.id for one in factories.every(Invoice) if one.customer_id == mine]
    story.pay(who=0, amount=factories.fresh(Invoice, first).total, chosen=[first])
    story.void(bill=first)
    story.use_credit(who=0)
    story.write_off(bill=second)
    story.undo_write_off(bill=second)
    story.the_books_balance()
    story.no_rupiah_is_made_or_lost()
    story.states_say_what_is_owed()


def test_any_sequence_of_corrections_keeps_the_books(
    app: Flask, clock: FixedClock, empty_tables: Callable[[], None]
) -> None:
    CorrectionsMachine.app, CorrectionsMachine.clock = app, clock
    CorrectionsMachine.empty_tables = staticmethod(empty_tables)
    CorrectionsMachine.done = set()
    _what_chance_seldom_plays()
    run_state_machine_as_test(
        CorrectionsMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert CorrectionsMachine.done == VERBS
