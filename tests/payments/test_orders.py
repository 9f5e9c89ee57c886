"""Asking the gateway: who asks, how often, and what happens when nobody answers."""

import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import DriverError, Misconfigured, Permanent, RateLimited, Retryable
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.locks import LEASE
from portal.payments import orders
from portal.payments.models import Payment, PaymentOrder
from portal.subscriptions.models import Subscription
from tests import factories
from tests.conftest import NOW
from tests.payments import books
from tests.payments.fakes import Bank


@pytest.fixture
def order(bank: Bank, budi: Customer, line: Subscription) -> PaymentOrder:
    return books.start(budi, factories.invoice(line, total=165_000))


def poll(clock: FixedClock, until: timedelta, step: timedelta) -> list[datetime]:
    """Let the poller walk through time; when it found something due."""
    end, found = clock.now() + until, []
    while clock.now() < end:
        for order_pk in orders.due_orders():
            found.append(clock.now())
            orders.check_order(order_pk)
        db.session.rollback()
        clock.at += step
    return found


def test_nobody_asks_before_the_hour(bank: Bank, order: PaymentOrder, clock: FixedClock) -> None:
    clock.move(seconds=19)
    assert orders.due_orders() == [] and orders.check_order(order.id) == "nothing"
    clock.move(seconds=1)
    assert orders.due_orders() == [order.id] and orders.check_order(order.id) == "wait"
    assert orders.check_order(order.id) == "nothing"
    assert bank.asked == [order.order_id]


def test_the_plan_is_walked_to_its_end(bank: Bank, order: PaymentOrder, clock: FixedClock) -> None:
    asked = poll(clock, timedelta(hours=30), timedelta(seconds=10))
    seconds = [(at - NOW).total_seconds() for at in asked]
    expected = [20, 60, 180, 600, 1800, 7200, 43200, 87001, 90000]
    assert len(seconds) == len(expected)
    assert all(0 <= at - due <= 10 for at, due in zip(seconds, expected, strict=True))
    assert books.order(order).state == "expired" and books.order(order).next_check_at is None


@pytest.mark.parametrize("minutes", [0.1, 2, 9, 100, 700, 1430, 1495])
def test_every_payment_is_found_without_any_webhook(
    bank: Bank, order: PaymentOrder, clock: FixedClock, minutes: float
) -> None:
    """Webhooks dropped, paid at any time up to the plan's last check: found."""
    poll(clock, timedelta(minutes=minutes), timedelta(seconds=17))
    bank.pay(order.order_id)
    poll(clock, timedelta(hours=26), timedelta(minutes=1))
    assert books.order(order).state == "settled"
    assert len(factories.every(Payment)) == 1
    books.balanced()


def test_the_gateways_own_expiry_is_respected(
    bank: Bank, budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    bank.expires_at = NOW + timedelta(minutes=30)
    order = books.start(budi, factories.invoice(line))
    poll(clock, timedelta(minutes=39), timedelta(seconds=10))
    assert books.order(order).state == "pending", "a payment may be half way"
    poll(clock, timedelta(minutes=3), timedelta(seconds=10))
    assert books.order(order).state == "expired"
    bank.pay(order.order_id)
    poll(clock, timedelta(hours=2), timedelta(seconds=10))
    assert books.order(order).state == "settled" and books.attention() == ["late"]


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (RateLimited("tunggu", retry_after=7), 7),
        (Retryable("mati"), 5),
        (Retryable("mati", outcome_unknown=True), 5),
        (Permanent("tidak"), 5),
        (Misconfigured("kunci salah"), 5),
    ],
)
def test_a_failed_question_is_asked_again(
    bank: Bank, order: PaymentOrder, clock: FixedClock, error: DriverError, wait: int
) -> None:
    clock.move(seconds=20)
    bank.trouble = [error]
    assert orders.check_order(order.id) == "retry"
    row = books.order(order)
    assert row.next_check_at == clock.now() + timedelta(seconds=wait)
    assert row.state == "pending" and row.last_answer == error.sentence
    bank.pay(order.order_id)
    clock.move(seconds=wait)
    assert orders.check_order(order.id) == "settled"


def test_a_provider_that_is_down_for_days_loses_nothing(
    bank: Bank, order: PaymentOrder, clock: FixedClock
) -> None:
    bank.pay(order.order_id)
    bank.trouble = [Retryable("mati") for _ in range(500)]
    asked = poll(clock, timedelta(days=3), timedelta(minutes=1))
    assert len(asked) < 120, "ever calmer"
    bank.trouble.clear()
    poll(clock, timedelta(hours=2), timedelta(minutes=1))
    assert books.order(order).state == "settled"


def test_a_refused_question_is_given_up_at_the_end_of_the_plan_only(
    bank: Bank, order: PaymentOrder, clock: FixedClock
) -> None:
    bank.trouble = [Permanent("tidak ada") for _ in range(500)]
    poll(clock, timedelta(hours=24), timedelta(minutes=1))
    assert books.order(order).state == "pending"
    poll(clock, timedelta(hours=3), timedelta(minutes=1))
    assert books.order(order).state == "expired" and books.order(order).next_check_at is None


def test_staff_are_told_once_a_day_of_a_refused_key(
    bank: Bank, order: PaymentOrder, clock: FixedClock
) -> None:
    bank.trouble = [Misconfigured("Pakasir menolak API key.") for _ in range(9)]
    for _ in range(4):
        clock.move(minutes=30)
        orders.check_now(order.id)
    assert books.attention() == ["gateway_refused"]


def test_questions_are_four_seconds_apart(
    bank: Bank, order: PaymentOrder, clock: FixedClock
) -> None:
    assert orders.check_now(order.id) == "wait"
    for _ in range(5):
        assert orders.check_now(order.id) == "nothing"
    assert len(bank.asked) == 1
    assert books.order(order).next_check_at == clock.now() + orders.APART, "but it is asked"
    clock.move(seconds=4)
    assert orders.due_orders() == [order.id] and orders.check_order(order.id) == "wait"


def test_a_wish_to_ask_during_a_question_is_kept(
    app: Flask, bank: Bank, order: PaymentOrder, clock: FixedClock
) -> None:
    """The gateway said "pending" a moment before the money came; then its webhook arrives."""
    clock.move(seconds=20)

    def webhook() -> None:
        bank.meanwhile = None
        clock.move(seconds=2)
        bank.pay(order.order_id)
        orders.ask_soon(order.id)
        db.session.commit()

    bank.meanwhile = webhook
    assert orders.check_order(order.id) == "wait"
    clock.move(seconds=2)
    assert orders.due_orders() == [order.id]
    assert orders.check_order(order.id) == "settled"


def test_a_wish_to_ask_during_a_question_that_fails_is_kept(
    bank: Bank, order: PaymentOrder, clock: FixedClock
) -> None:
    clock.move(seconds=20)

    def webhook() -> None:
        bank.meanwhile = None
        clock.move(seconds=9)
        orders.ask_soon(order.id)
        db.session.commit()

    bank.meanwhile, bank.trouble = webhook, [RateLimited("tunggu", retry_after=3600)]
    bank.pay(order.order_id)
    assert orders.check_order(order.id) == "retry"
    assert orders.due_orders() == [order.id] and orders.check_order(order.id) == "settled"


def test_a_wish_that_overlooked_a_question_still_keeps_the_distance(
    bank: Bank, order: PaymentOrder, clock: FixedClock
) -> None:
    """It read the order before somebody else asked, and wrote after."""
    assert orders.check_now(order.id) == "wait"
    row = db.session.get_one(PaymentOrder, order.id)
    row.next_check_at = clock.now()
    db.session.commit()
    assert orders.check_order(order.id) == "nothing" and len(bank.asked) == 1


def test_a_killed_asker_is_replaced_after_its_lease(
    bank: Bank, order: PaymentOrder, clock: FixedClock
) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        bank.meanwhile = None
        raise Killed

    clock.move(seconds=20)
    bank.pay(order.order_id)
    bank.meanwhile = die
    with pytest.raises(Killed):
        orders.check_order(order.id)
    db.session.rollback()
    assert orders.due_orders() == []
    clock.move(seconds=LEASE.total_seconds())
    assert orders.due_orders() == [order.id] and orders.check_order(order.id) == "settled"


def test_many_workers_ask_once(
    app: Flask, bank: Bank, order: PaymentOrder, clock: FixedClock
) -> None:
    clock.move(seconds=20)
    bank.pay(order.order_id)
    outcomes: list[str] = []
    start = threading.Barrier(32)

    def work() -> None:
        start.wait()
        with app.app_context():
            outcomes.append(orders.check_order(order.id))

    threads = [threading.Thread(target=work) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["nothing"] * 31 + ["settled"]
    assert bank.asked == [order.order_id]
    assert len(factories.every(Payment)) == 1


def test_poll_counts_what_it_rings_for(bank: Bank, order: PaymentOrder, clock: FixedClock) -> None:
    assert orders.poll() == 0
    clock.move(seconds=20)
    assert orders.poll() == 1
    db.session.rollback()


def test_an_order_without_a_page_is_not_asked_about_at_the_provider(
    bank: Bank, budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    bank.trouble = [Retryable("mati")]
    with pytest.raises(Retryable):
        books.start(budi, factories.invoice(line))
    db.session.rollback()
    poll(clock, timedelta(hours=26), timedelta(minutes=1))
    (left,) = factories.every(PaymentOrder)
    assert left.state == "expired"
