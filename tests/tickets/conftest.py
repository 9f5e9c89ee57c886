"""A customer and somebody of the staff in browsers of their own, and tickets by the real verbs."""

import io
import re
from typing import Any

import pytest
from flask import Flask

from portal.customers.models import Customer
from portal.extensions import db
from portal.tickets import service
from portal.tickets.models import Ticket
from tests import factories
from tests.media import samples
from tests.visitor import Visitor


@pytest.fixture
def budi(app: Flask) -> Customer:
    made = factories.customer(name="Budi Santoso")
    factories.subscription(made)
    return made


@pytest.fixture
def his(app: Flask, budi: Customer) -> Visitor:
    return browser(app, budi)


@pytest.fixture
def staff(app: Flask) -> Any:
    return factories.staff(role="technician")


@pytest.fixture
def hers(app: Flask, staff: Any) -> Visitor:
    return browser(app, staff)


def browser(app: Flask, person: Any) -> Visitor:
    """Logged in, with a CSRF token."""
    found = Visitor(app)
    factories.log_in(found.client, person)
    found.page("/me/help" if isinstance(person, Customer) else "/admin/tickets")
    return found


def opened(owner: Customer, said: str = "Internet mati sejak pagi", kind: str = "down") -> int:
    """A ticket of this customer, committed; its id."""
    made = service.open_ticket(owner.id, kind, said, key())
    ticket_id = made.id
    db.session.commit()
    db.session.rollback()
    return ticket_id


_keys = iter(range(10**6))


def key() -> str:
    """A form's own key."""
    return f"form-key-of-a-test-{next(_keys):06d}"


def now_of(ticket_id: int) -> Ticket:
    return factories.fresh(Ticket, ticket_id)


def key_on(html: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', html)
    assert found, "the form has no key"
    return found[1]


def photo(name: str = "modem.jpg") -> Any:
    """A photo with a place in it, as a browser posts it."""
    return (io.BytesIO(samples.located()), name)
