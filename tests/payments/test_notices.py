"""Callbacks: only hints. What each one leads to, in any order, repeated, forged or wrong."""

import json
import threading
from typing import Any

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Retryable
from portal.customers.models import Customer
from portal.extensions import db
from portal.payments import opening, orders
from portal.payments.gateways.base import ChargeRequest
from portal.payments.models import Payment, PaymentOrder
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments import books
from tests.payments.fakes import Bank


@pytest.fixture
def order(bank: Bank, budi: Customer, line: Subscription) -> PaymentOrder:
    return books.start(budi, factories.invoice(line, total=165_000))


def notice(order_id: str, amount: Any = 165_000, status: str = "completed", **more: Any) -> bytes:
    return json.dumps({"order_id": order_id, "amount": amount, "status": status, **more}).encode()


def test_a_callback_makes_us_ask_and_settle_at_once(bank: Bank, order: PaymentOrder) -> None:
    bank.pay(order.order_id)
    assert books.deliver(notice(order.order_id)) == f"order {order.order_id}: pembayaran dicatat"
    assert books.order(order).state == "settled"
    assert books.attention() == []
    books.balanced()


def test_a_forged_callback_moves_nothing(bank: Bank, order: PaymentOrder) -> None:
    assert "belum menyebutnya lunas" in books.deliver(notice(order.order_id))
    assert books.order(order).state == "pending" and books.money() == (0, 0, 0)
    assert books.attention() == []


def test_ten_repeats_are_one_payment(bank: Bank, order: PaymentOrder) -> None:
    bank.pay(order.order_id)
    for number in range(10):
        books.deliver(notice(order.order_id, repeat=number % 3))
    assert len(factories.every(Payment)) == 1 and len(bank.asked) == 1
    books.balanced()


@pytest.mark.parametrize(
    "amount", [164_999, 165_001, 0, -165_000, 165_000.0, "165000", "22000.0", None, 2**63, True]
)
@pytest.mark.parametrize("paid", [True, False])
def test_a_wrong_amount_is_noted_and_ours_is_asked_for(
    bank: Bank, order: PaymentOrder, amount: Any, paid: bool
) -> None:
    if paid:
        bank.pay(order.order_id)
    for _ in range(2):
        books.deliver(notice(order.order_id, amount))
    assert books.attention() == ["hook_mismatch"], "once per order and amount"
    assert books.order(order).state == ("settled" if paid else "pending")
    assert books.money()[0] == (165_000 if paid else 0)


def test_a_wrong_amount_after_settling_is_noted_too(bank: Bank, order: PaymentOrder) -> None:
    bank.pay(order.order_id)
    books.deliver(notice(order.order_id))
    assert "sudah lunas" in books.deliver(notice(order.order_id, 1_000))
    assert books.attention() == ["hook_mismatch"] and books.money()[0] == 165_000


def test_a_callback_that_claims_nothing_is_asked_about_too(bank: Bank, order: PaymentOrder) -> None:
    bank.pay(order.order_id)
    books.deliver(notice(order.order_id, 1, "pending"))
    assert books.order(order).state == "settled" and books.attention() == []


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"order_id": 1}', b"\xff\xfe"])
def test_nonsense_is_said_to_be_nonsense(bank: Bank, body: bytes) -> None:
    assert books.deliver(body) == "bukan pemberitahuan pembayaran untuk proyek ini"
    assert bank.asked == []


@pytest.mark.parametrize("order_id", ["LKT", "INV-1", "x" * 64, "' OR 1=1 --", "LKTabc"])
def test_an_order_that_is_not_of_our_making_asks_nobody(bank: Bank, order_id: str) -> None:
    assert books.deliver(notice(order_id)) == "order tidak dikenal"
    assert bank.asked == [] and books.attention() == []


def test_a_forged_unknown_order_bothers_nobody(bank: Bank) -> None:
    order_id = opening.new_order_id()
    assert books.deliver(notice(order_id)) == "order tidak dikenal"
    assert bank.asked == [order_id] and books.attention() == []


def test_money_for_an_order_we_lost_is_shown(bank: Bank) -> None:
    """After a restore from a backup the order is gone but the money is at the gateway."""
    order_id = opening.new_order_id()
    bank.open(ChargeRequest(order_id, 90_000, ""))
    bank.pay(order_id)
    for _ in range(2):
        outcome = books.deliver(notice(order_id, 90_000, txn_id="txn1"))
    assert outcome == "order tidak dikenal, tetapi uangnya ada di gateway"
    assert books.deliver(notice(order_id, 1_000)) == "order tidak dikenal"
    assert books.attention() == ["unknown_order"] and books.money() == (0, 0, 0)


def test_an_unknown_order_waits_while_the_gateway_is_down(bank: Bank) -> None:
    bank.trouble = [Retryable("mati")]
    with pytest.raises(Retryable):
        books.deliver(notice(opening.new_order_id()))


def test_a_gateway_that_is_down_is_asked_later(
    bank: Bank, order: PaymentOrder, clock: FixedClock
) -> None:
    bank.pay(order.order_id)
    bank.trouble = [Retryable("mati")]
    assert "dicoba lagi" in books.deliver(notice(order.order_id))
    clock.move(seconds=10)
    assert orders.due_orders() == [order.id]
    assert orders.check_order(order.id) == "settled"


def test_a_storm_of_callbacks(app: Flask, bank: Bank, budi: Customer, clock: FixedClock) -> None:
    """Many orders, each told of many times by many workers, with lies in between."""
    made = []
    for _ in range(6):
        bill = factories.invoice(factories.subscription(budi), total=100_000)
        made.append(books.start(budi, bill))
    for order in made:
        bank.pay(order.order_id)
    bodies = [
        notice(order.order_id, amount, repeat=repeat)
        for order in made
        for repeat in range(4)
        for amount in (100_000, 99_999)
    ] + [notice(opening.new_order_id()) for _ in range(4)]
    start = threading.Barrier(8)
    failures: list[BaseException] = []

    def work(mine: list[bytes]) -> None:
        start.wait()
        with app.app_context():
            try:
                for body in mine:
                    books.deliver(body)
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=work, args=[bodies[n::8]]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert books.money() == (600_000, 600_000, 0)
    assert {books.order(order).state for order in made} == {"settled"}
    assert sorted(books.attention()) == ["hook_mismatch"] * 6
    db.session.rollback()
    books.balanced()
