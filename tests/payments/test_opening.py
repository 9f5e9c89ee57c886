"""Pressing Bayar: which order is opened or used again, and what a failure leaves behind."""

import re
import threading

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Misconfigured, Permanent, Retryable
from portal.customers.models import Customer
from portal.extensions import db
from portal.payments import corrections, opening, orders
from portal.payments.gateways.base import Charge, ChargeRequest
from portal.payments.models import PaymentOrder
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments import books
from tests.payments.fakes import Bank, FakeGateway


def bills(line: Subscription, *totals: int) -> list:  # type: ignore[type-arg]
    return [
        factories.invoice(line, period=f"2026-{number:02d}", total=total)
        for number, total in enumerate(totals, 1)
    ]


def test_the_order_id_cannot_be_guessed() -> None:
    made = {opening.new_order_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"LKT[A-Z2-7]{26}", order_id) for order_id in made)


def test_an_order_for_one_invoice(
    bank: Bank, budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    (bill,) = bills(line, 165_000)
    order = books.start(budi, bill)
    assert (order.state, order.amount, order.customer_id) == ("pending", 165_000, budi.id)
    assert order.pay_url == "https://pay.example/txn1" and order.reference == "txn1"
    assert order.next_check_at is not None and order.expires_at is not None
    assert (order.next_check_at - clock.now()).total_seconds() == 20
    assert (order.expires_at - clock.now()).total_seconds() == 24 * 3600


def test_several_invoices_keep_the_order_of_choosing(
    bank: Bank, budi: Customer, line: Subscription
) -> None:
    first, second = bills(line, 100_000, 50_000)
    order = opening.start_order(budi.id, [second.id, first.id, second.id], books.PATH)
    assert order.amount == 150_000
    assert [link.invoice_id for link in order.invoices] == [second.id, first.id]


def test_only_what_is_left_is_asked_for(bank: Bank, budi: Customer, line: Subscription) -> None:
    (bill,) = bills(line, 165_000)
    factories.payment(budi, 65_000, [bill])
    assert books.start(budi, bill).amount == 100_000


def test_other_peoples_and_closed_invoices_are_left_out(
    bank: Bank, budi: Customer, line: Subscription
) -> None:
    mine, paid = bills(line, 100_000, 50_000)
    factories.payment(budi, 50_000, [paid])
    stranger = factories.invoice(total=77_000)
    assert books.start(budi, mine, paid, stranger).amount == 100_000
    for wrong in ([paid.id], [stranger.id], [], [999]):
        with pytest.raises(opening.OrderError):
            opening.start_order(budi.id, wrong, books.PATH)
        db.session.rollback()
    assert len(factories.every(PaymentOrder)) == 1


def test_a_second_tap_uses_the_same_order(bank: Bank, budi: Customer, line: Subscription) -> None:
    one, two = bills(line, 100_000, 50_000)
    first = books.start(budi, one)
    assert books.start(budi, one).id == first.id
    assert bank.opened == [first.order_id], "the page is asked for once"
    assert books.start(budi, one, two).id != first.id
    assert books.start(budi, two, one).id != books.start(budi, one, two).id


@pytest.mark.parametrize("change", ["amount", "state", "age", "expiry"])
def test_a_changed_or_old_order_is_not_used_again(
    bank: Bank, budi: Customer, line: Subscription, clock: FixedClock, change: str
) -> None:
    (bill,) = bills(line, 100_000)
    if change == "expiry":
        bank.expires_at = clock.now() + opening.STILL_TIME * 2
    first = books.start(budi, bill)
    if change == "amount":
        factories.payment(budi, 1_000, [bill])
    elif change == "state":
        bank.charges[first.order_id].state = "canceled"
        orders.check_now(first.id)
    elif change == "age":
        clock.move(hours=23, minutes=46)
    else:
        clock.move(minutes=16)
    assert books.start(budi, bill).id != first.id


def test_parallel_taps_open_one_order(
    app: Flask, bank: Bank, budi: Customer, line: Subscription
) -> None:
    (bill,) = bills(line, 165_000)
    seen: list[tuple[str, str]] = []
    start = threading.Barrier(12)

    def tap() -> None:
        start.wait()
        with app.app_context():
            made = opening.start_order(budi.id, [bill.id], books.PATH)
            seen.append((made.order_id, made.pay_url))

    threads = [threading.Thread(target=tap) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 12 and len(set(seen)) == 1
    assert len(factories.every(PaymentOrder)) == 1 and len(bank.charges) == 1


def test_of_two_pages_the_first_answer_is_kept(
    app: Flask, budi: Customer, line: Subscription
) -> None:
    """A provider that gives every caller another link: both taps end at the same page."""
    (bill,) = bills(line, 165_000)
    taps: list[str] = []

    class Fickle(FakeGateway):
        def create_charge(self, request: ChargeRequest) -> Charge:
            made = super().create_charge(request)
            turn = len(self.bank.opened)
            if turn == 1:
                inner = opening.start_order(budi.id, [bill.id], books.PATH)
                taps.append(inner.pay_url)
                db.session.rollback()
            return Charge(f"https://pay.example/{turn}", made.reference)

    app.extensions["loket.gateway"] = Fickle(Bank())
    taps.append(books.start(budi, bill).pay_url)
    assert taps == ["https://pay.example/2", "https://pay.example/2"]


@pytest.mark.parametrize("error", [Retryable("putus", outcome_unknown=True), Permanent("tidak")])
def test_a_failed_page_leaves_an_order_that_the_next_tap_goes_on_with(
    bank: Bank, budi: Customer, line: Subscription, error: Exception
) -> None:
    (bill,) = bills(line, 165_000)
    bank.trouble = [error]  # type: ignore[list-item]
    with pytest.raises(type(error)):
        opening.start_order(budi.id, [bill.id], books.PATH)
    (left,) = factories.every(PaymentOrder)
    assert left.state == "pending" and left.pay_url == ""
    again = books.start(budi, bill)
    assert again.id == left.id and again.pay_url


@pytest.mark.parametrize(
    ("total", "word"), [(499, "paling sedikit"), (50_000_001, "paling banyak")]
)
def test_amounts_the_gateway_does_not_take_are_said_before_a_row_is_written(
    bank: Bank, budi: Customer, line: Subscription, total: int, word: str
) -> None:
    (bill,) = bills(line, total)
    with pytest.raises(opening.OrderError, match=word):
        opening.start_order(budi.id, [bill.id], books.PATH)
    assert factories.every(PaymentOrder) == [] and bank.opened == []


def test_without_keys_nothing_is_written(app: Flask, budi: Customer, line: Subscription) -> None:
    (bill,) = bills(line, 165_000)
    with pytest.raises(Misconfigured, match="Slug proyek wajib diisi"):
        opening.start_order(budi.id, [bill.id], books.PATH)
    assert factories.every(PaymentOrder) == []


def test_a_void_invoice_cannot_be_paid(bank: Bank, budi: Customer, line: Subscription) -> None:
    (bill,) = bills(line, 165_000)
    corrections.void(bill.id, "salah paket")
    db.session.commit()
    with pytest.raises(opening.OrderError):
        opening.start_order(budi.id, [bill.id], books.PATH)
