"""Money from Telegram for orders nobody made here: confirmed by the gateway, or not there."""

import json
import threading
from typing import Any

import pytest
from flask import Flask

from portal.customers.models import Customer
from portal.customers.models_telegram import TelegramUser
from portal.extensions import db
from portal.orders.models import ServiceOrder
from portal.payments.gateways.base import ChargeRequest
from portal.payments.models import Payment, PaymentOrder
from portal.plans.models import Plan
from tests import factories
from tests.orders.conftest import FEE, PRICE, now_of, open_payment, place
from tests.payments import books
from tests.payments.fakes import Bank

ORDER = "tg12345-250910HDE7C9"


def notice(order_id: str = ORDER, amount: Any = 22_000, **more: Any) -> bytes:
    said = {"order_id": order_id, "amount": amount, "status": "completed", "project": "x"}
    return json.dumps(said | more).encode()


def paid(bank: Bank, order_id: str = ORDER, amount: int = 22_000) -> None:
    bank.open(ChargeRequest(order_id, amount, ""))
    bank.pay(order_id)


def nothing_happened() -> bool:
    kinds = (Payment, PaymentOrder, ServiceOrder, TelegramUser, Customer)
    return all(factories.every(kind) == [] for kind in kinds)


def test_the_payer_is_in_the_order_id(bank: Bank) -> None:
    paid(bank)
    assert books.deliver(notice()) == f"order {ORDER}: pembayaran dicatat"
    (user,) = factories.every(TelegramUser)
    (customer,) = factories.every(Customer)
    (money,) = factories.every(Payment)
    (attempt,) = factories.every(PaymentOrder)
    (order,) = factories.every(ServiceOrder)
    assert (user.telegram_id, user.customer_id) == (12345, customer.id)
    assert customer.status == "prospect" and money.customer_id == customer.id
    assert (attempt.order_id, attempt.state, money.amount) == (ORDER, "settled", 22_000)
    assert (order.state, order.telegram_id, order.customer_id) == ("queued", 12345, customer.id)
    assert books.attention() == [] and books.money() == (22_000, 0, 22_000)
    books.balanced()


def test_ten_callbacks_are_one_payment_and_one_order(bank: Bank) -> None:
    paid(bank)
    for number in range(10):
        books.deliver(notice(repeat=number))
    assert len(factories.every(Payment)) == len(factories.every(ServiceOrder)) == 1
    books.balanced()


def test_forged(bank: Bank) -> None:
    assert books.deliver(notice()) == "order tidak dikenal"
    bank.open(ChargeRequest(ORDER, 22_000, ""))
    assert books.deliver(notice(repeat=2)) == "order tidak dikenal"
    assert nothing_happened() and books.attention() == []


@pytest.mark.parametrize("amount", [21_999, 1, 22_001, None, "22000", -22_000])
def test_a_wrong_amount_records_nothing(bank: Bank, amount: Any) -> None:
    paid(bank)
    books.deliver(notice(amount=amount))
    assert nothing_happened()


@pytest.mark.parametrize(
    "order_id",
    ["tg-250910HDE7C9", "tgx-250910", "tg12345", "tg0-12345", "tg" + "9" * 16 + "-abcdef"],
)
def test_an_id_that_names_nobody(bank: Bank, order_id: str) -> None:
    paid(bank, order_id)
    books.deliver(notice(order_id))
    assert nothing_happened()


def test_a_linked_user_is_the_customer_he_is(bank: Bank) -> None:
    budi = factories.customer()
    db.session.add(
        TelegramUser(telegram_id=12345, customer_id=budi.id, created_at=books.opening.now())
    )
    db.session.commit()
    paid(bank)
    books.deliver(notice())
    (order,) = factories.every(ServiceOrder)
    assert order.customer_id == budi.id and len(factories.every(Customer)) == 1
    assert factories.every(Payment)[0].customer_id == budi.id
    books.balanced()


def test_metadata_counts_only_when_the_callback_is_proven(
    app: Flask, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a secret anybody could claim somebody else's payment by naming it."""
    about = {"metadata": {"telegram_id": 777, "telegram_username": "ghost_user"}}
    paid(bank, "TOKO-2026-0001")
    gateway = app.extensions["loket.gateway"]
    said = books.deliver(notice("TOKO-2026-0001", **about))
    assert factories.every(Payment) == [] and "uangnya ada di gateway" in said
    assert books.attention() == ["unknown_order"]
    paid(bank, "TOKO-2026-0002")
    monkeypatch.setattr(type(gateway), "proves_hooks", True)
    books.deliver(notice("TOKO-2026-0002", **about))
    (user,) = factories.every(TelegramUser)
    assert (user.telegram_id, user.username) == (777, "ghost_user")
    assert len(factories.every(Payment)) == 1
    books.balanced()


def test_metadata_that_contradicts_the_id_is_for_a_person(
    app: Flask, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(app.extensions["loket.gateway"]), "proves_hooks", True)
    paid(bank)
    books.deliver(notice(metadata={"telegram_id": 999}))
    assert factories.every(Payment) == [] and books.attention() == ["unknown_order"]


def test_a_gateway_that_cannot_be_asked_leads_to_the_list_once_a_day(
    app: Flask, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pakasir v2 without a transaction number."""
    driver = type(app.extensions["loket.gateway"])
    monkeypatch.setattr(driver, "can_ask", lambda self, reference: False)
    for number in range(3):
        assert "tidak dapat ditanya" in books.deliver(notice(f"tg{number + 1}-ABCDEFGH"))
    assert books.attention() == ["unknown_order"] and factories.every(Payment) == []


def test_sandbox_money_in_production_makes_no_order(app: Flask, bank: Bank) -> None:
    from dataclasses import replace

    paid(bank)
    bank.charges[ORDER].sandbox = True
    app.extensions["loket.settings"] = replace(
        app.extensions["loket.settings"], app_env="production"
    )
    books.deliver(notice())
    assert nothing_happened() and books.attention() == ["unknown_order"]


def test_two_callbacks_at_once_do_it_once(app: Flask, bank: Bank) -> None:
    paid(bank)
    start = threading.Barrier(6)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        start.wait()
        with app.app_context():
            try:
                books.deliver(notice(repeat=number))
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(factories.every(Payment)) == len(factories.every(PaymentOrder)) == 1
    assert len(factories.every(ServiceOrder)) == 1
    assert len(factories.every(Customer)) == 1 and books.money() == (22_000, 0, 22_000)
    books.balanced()


def test_our_own_telegram_orders_have_ids_that_say_whose_and_settle_as_usual(
    bank: Bank, plan: Plan
) -> None:
    order = place(plan, telegram_id=12345, telegram_username="ghost_user", phone="")
    attempt = open_payment(order)
    head, _dash, tail = attempt.order_id.partition("-")
    assert head == "tg12345" and len(tail) == 26
    bank.pay(attempt.order_id)
    books.deliver(notice(attempt.order_id, FEE + PRICE, metadata={"telegram_id": 999}))
    assert now_of(order.id).state == "queued" and len(factories.every(ServiceOrder)) == 1
    (user,) = factories.every(TelegramUser)
    assert (user.telegram_id, user.customer_id) == (12345, order.customer_id)
    books.balanced()
