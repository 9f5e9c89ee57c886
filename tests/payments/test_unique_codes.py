"""No two waiting transfers ask for the same amount, whoever is at it at once."""

import threading

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.payments import making, opening
from portal.payments.gateways.transfer import Transfer
from portal.payments.models import PaymentOrder
from portal.subscriptions.models import Subscription
from tests import factories
from tests.conftest import NOW
from tests.payments import books
from tests.payments.transferring import METHOD, extra_env, start

__all__ = ["extra_env"]


def codes(app: Flask) -> list[int]:
    return [row.amount for row in factories.every(PaymentOrder)]


def test_no_two_waiting_transfers_ask_for_the_same(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty customers with the same bill at once, and hardly more codes than customers."""
    monkeypatch.setattr(Transfer, "unique_codes", 42)
    bills = [factories.invoice(total=165_000) for _ in range(40)]
    start_together, failed = threading.Barrier(40), []

    def tap(customer_id: int, invoice_id: int) -> None:
        start_together.wait()
        with app.app_context():
            try:
                opening.start_order(customer_id, [invoice_id], books.PATH, METHOD, "transfer")
            except Exception as error:  # noqa: BLE001 - shown below
                failed.append(error)
            db.session.rollback()

    threads = [threading.Thread(target=tap, args=[b.customer_id, b.id]) for b in bills]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(codes(app)) == len(set(codes(app))) == 40
    assert all(165_001 <= amount <= 165_042 for amount in codes(app))


def test_the_database_itself_refuses_the_same_amount_twice(
    app: Flask, budi: Customer, line: Subscription
) -> None:
    """Even when the code was chosen before the other order could be seen."""
    first = start(budi, factories.invoice(line, total=165_000))

    def another(code: int | None, gateway: str = "transfer") -> None:
        order_id = making.new_order_id()
        about = {"customer_id": budi.id, "gateway": gateway, "unique_code": code}
        db.session.add(
            PaymentOrder(order_id=order_id, amount=first.amount, created_at=NOW, **about)
        )
        db.session.commit()

    with pytest.raises(IntegrityError):
        another(1)
    db.session.rollback()
    another(None)
    another(1, "elsewhere")
    db.session.get_one(PaymentOrder, first.id).state = "expired"
    db.session.commit()
    another(1)


def test_codes_run_out_in_words_and_rest_a_week(
    app: Flask, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    monkeypatch.setattr(Transfer, "unique_codes", 1)
    bills = [factories.invoice(total=165_000) for _ in range(2)]
    payers = [factories.fresh(Customer, bill.customer_id) for bill in bills]
    first = start(payers[0], bills[0])
    for _ in range(2):
        with pytest.raises(opening.OrderError, match="penuh"):
            start(payers[1], bills[1])
        db.session.rollback()
        order = db.session.get_one(PaymentOrder, first.id)
        order.state = "expired"
        db.session.commit()
    clock.move(days=7, seconds=1)
    assert start(payers[1], bills[1]).amount == first.amount
