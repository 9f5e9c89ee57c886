"""A customer who owes, and a provider to pay at."""

import pytest
from flask import Flask

from portal.customers.models import Customer
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments.fakes import Bank, FakeGateway


@pytest.fixture
def bank(app: Flask) -> Bank:
    made = Bank()
    app.extensions["loket.gateway"] = FakeGateway(made)
    return made


@pytest.fixture
def budi(app: Flask) -> Customer:
    return factories.customer(name="Budi Santoso")


@pytest.fixture
def line(budi: Customer) -> Subscription:
    return factories.subscription(budi)
