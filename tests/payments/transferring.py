"""A bank of two accounts, a customer who transfers, and the cashier who looks."""

from typing import Any

import pytest
from flask import Flask

from portal.customers.models import Customer
from portal.payments import opening
from portal.payments.models import PaymentOrder
from tests import factories
from tests.payments import books
from tests.visitor import Visitor

ACCOUNTS = "BCA|123 456 7890|PT Contoh Net; BRI|0001-01-000123-30-1|PT Contoh Net"
METHOD = "bca_7890"
URL = "/admin/payments/transfers"


@pytest.fixture
def extra_env() -> dict[str, str]:
    return {"TRANSFER_ACCOUNTS": ACCOUNTS}


@pytest.fixture
def visitor(app: Flask, budi: Customer) -> Visitor:
    found = Visitor(app)
    factories.log_in(found.client, budi)
    found.page("/me/profile")
    return found


@pytest.fixture
def cashier(app: Flask) -> Visitor:
    found = Visitor(app)
    factories.log_in(found.client, factories.staff(role="finance"))
    found.page("/admin/payments")
    return found


def start(payer: Customer, *bills: Any) -> PaymentOrder:
    ids = [bill.id for bill in bills]
    made = opening.start_order(payer.id, ids, books.PATH, METHOD, "transfer")
    return factories.fresh(PaymentOrder, made.id)


def confirm(cashier: Visitor, order: PaymentOrder, amount: Any = None, reason: str = "") -> Any:
    said = str(order.amount if amount is None else amount)
    return cashier.post(f"{URL}/{order.id}/confirm", amount=said, reason=reason)
