"""One customer with a phone, and a browser that clicks, then one that HTMXes."""

import pytest
from flask import Flask

from portal.customers.models import Customer
from tests import factories
from tests.visitor import Visitor

PHONE = "+6281211117890"


@pytest.fixture(params=[False, True], ids=["click", "htmx"])
def visitor(request: pytest.FixtureRequest, app: Flask) -> Visitor:
    return Visitor(app, hx=request.param)


@pytest.fixture
def budi(app: Flask) -> Customer:
    return factories.customer(phone=PHONE)
