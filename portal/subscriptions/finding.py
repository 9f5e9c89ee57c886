"""Finding a customer by what staff type. The only search for customers there is: lists, counter,
payments, invoices, messages and bulk actions all ask here.

Words may stand in name, customer number, address or service login, each word anywhere; what can
only be a phone number is one, however it is written. A text is looked for inside the columns, so
no index serves it: 20,000 customers are read through, in some hundredths of a second
(`make bench`).
"""

import re
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true

from portal.customers.models import Customer
from portal.subscriptions.models import Subscription

FEWEST_DIGITS = 4
MOST_WORDS = 6
_PHONE = re.compile(r"[\d\s+().-]+")


def customer_matches(text: str) -> ColumnElement[bool]:
    """A condition on `customer` for a non-empty text."""
    digits = phone_digits(text)
    if not digits:
        return and_(true(), *(_word(word) for word in text.split()[:MOST_WORDS]))
    found = [_word(text.strip())]
    if len(digits) >= FEWEST_DIGITS:
        found += [Customer.phone.like(f"%{digits}%"), Customer.phone_alt.like(f"%{digits}%")]
    return or_(*found)


def phone_digits(text: str) -> str:
    """The digits of a phone number however it is written, without country code or zero; empty
    for what is no phone number."""
    if not _PHONE.fullmatch(text):
        return ""
    return re.sub(r"\D", "", text).removeprefix("62").lstrip("0")


def _word(word: str) -> ColumnElement[bool]:
    # As one text: made small and looked through once, not three times.
    about: Any = Customer.name + "\n" + Customer.number + "\n" + Customer.address
    # Read once, not once for each customer.
    lines = select(Subscription.customer_id).where(
        Subscription.login.icontains(word, autoescape=True)
    )
    return or_(about.icontains(word, autoescape=True), Customer.id.in_(lines))
