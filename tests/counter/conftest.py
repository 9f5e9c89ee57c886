"""A cashier, a collector with an area, customers who owe there and elsewhere."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from portal.accounts.models import Staff
from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.subscriptions.models import Subscription
from tests import factories
from tests.visitor import Visitor


@pytest.fixture
def budi(app: Flask) -> Customer:
    """Lives in the collector's area."""
    return factories.customer(name="Budi Santoso", phone="+6281234567890", area="Cibiru")


@pytest.fixture
def line(budi: Customer) -> Subscription:
    return factories.subscription(budi, login="budi@net")


@pytest.fixture
def wati(app: Flask) -> Customer:
    """Lives where nobody of ours collects."""
    return factories.customer(name="Wati", area="Ujungberung")


@pytest.fixture
def rina(app: Flask) -> Staff:
    """The cashier."""
    return factories.staff("rina@example.test", role="finance")


@pytest.fixture
def udin(app: Flask, budi: Customer) -> Staff:
    """Collects in Budi's area."""
    person = factories.staff("udin@example.test", role="collector")
    db.session.execute(update(Area).where(Area.id == budi.area_id).values(collector_id=person.id))
    db.session.commit()
    return person


def browser(app: Flask, person: Any, hx: bool = False) -> Visitor:
    """This person's browser, at the counter."""
    found = Visitor(app, hx=hx)
    factories.log_in(found.client, person)
    found.page("/admin/counter")
    return found


@pytest.fixture(params=[False, True], ids=["click", "htmx"])
def till(request: pytest.FixtureRequest, app: Flask, rina: Staff) -> Visitor:
    """The cashier's browser."""
    return browser(app, rina, request.param)


@pytest.fixture
def phone(app: Flask, udin: Staff) -> Visitor:
    """The collector's browser."""
    return browser(app, udin)
