"""Finding a customer by what staff type: name, number, phone in any writing, service login."""

from typing import Any

from sqlalchemy import ColumnElement, exists, or_

from portal.customers.models import Customer
from portal.subscriptions.models import Subscription


def customer_matches(text: str) -> ColumnElement[bool]:
    """A condition on `customer` for a non-empty text."""
    login = exists().where(
        Subscription.customer_id == Customer.id,
        Subscription.login.icontains(text, autoescape=True),
    )
    found: list[Any] = [
        Customer.name.icontains(text, autoescape=True),
        Customer.number.icontains(text, autoescape=True),
        login,
    ]
    digits = "".join(char for char in text if char.isdigit()).removeprefix("62").lstrip("0")
    if len(digits) >= 4:
        found += [Customer.phone.like(f"%{digits}%"), Customer.phone_alt.like(f"%{digits}%")]
    return or_(*found)
