"""A customer with one line, in a browser of his own."""

import pytest
from flask import Flask

from portal.customers.models import Customer
from portal.subscriptions.models import Subscription
from tests import factories
from tests.visitor import Visitor


@pytest.fixture
def budi(app: Flask) -> Customer:
    return factories.customer(name="Budi Santoso", phone="+6281211117890")


@pytest.fixture
def line(budi: Customer) -> Subscription:
    return factories.subscription(budi)


@pytest.fixture
def visitor(app: Flask, budi: Customer) -> Visitor:
    found = Visitor(app)
    factories.log_in(found.client, budi)
    return found
