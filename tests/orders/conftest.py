"""A plan on offer, a provider to pay at, and short ways to place and pay orders."""

import pytest
from flask import Flask
from sqlalchemy import update

from portal.customers.models import Customer
from portal.extensions import db
from portal.orders import service
from portal.orders.models import ServiceOrder
from portal.payments import orders as payment_orders
from portal.payments.models import PaymentOrder
from portal.plans.models import Plan
from portal.settings import service as settings
from tests import factories
from tests.payments.fakes import Bank, FakeGateway

FEE = 150_000
PRICE = 165_000


@pytest.fixture
def bank(app: Flask) -> Bank:
    made = Bank()
    app.extensions["loket.gateway"] = FakeGateway(made)
    return made


@pytest.fixture
def plan(app: Flask) -> Plan:
    """Prepaid on each line's own day, sold to everybody; the installation costs something."""
    made = factories.plan(price=PRICE)
    offer(made.id, billing="prepaid")
    settings.change("orders.install_fee", FEE, "system:test")
    db.session.commit()
    return factories.fresh(Plan, made.id)


def offer(plan_id: int, **values: object) -> None:
    db.session.execute(update(Plan).where(Plan.id == plan_id).values(public=True, **values))
    db.session.commit()


def place(plan: Plan, kind: str = "install", **about: object) -> ServiceOrder:
    """An order of a stranger, unless `about` says otherwise; detached."""
    given = {"name": "Wati Baru", "phone": "+6281200000001", "address": "Jl. Anggrek 9"} | about
    made = service.place(kind, plan.id, **given)  # type: ignore[arg-type]
    db.session.commit()
    return now_of(made.id)


def now_of(order_id: int) -> ServiceOrder:
    """The order as it is now."""
    db.session.rollback()
    found = db.session.get_one(ServiceOrder, order_id, populate_existing=True)
    db.session.refresh(found, ["customer", "plan", "area", "subscription", "technician"])
    db.session.expunge_all()
    db.session.rollback()
    return found


def open_payment(order: ServiceOrder, method: str = "qris") -> PaymentOrder:
    live = db.session.get_one(ServiceOrder, order.id)
    attempt = service.open_payment(live, method)
    return factories.fresh(PaymentOrder, attempt.id)


def pay(bank: Bank, order: ServiceOrder) -> PaymentOrder:
    """Open an attempt, pay it at the provider, and let us ask."""
    attempt = open_payment(order)
    bank.pay(attempt.order_id)
    assert payment_orders.check_now(attempt.id) == "settled"
    return attempt


def customer_of(order: ServiceOrder) -> Customer:
    return factories.fresh(Customer, order.customer_id)
