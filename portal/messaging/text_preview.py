"""What a text is shown and measured with: a real customer's values, or samples. Reads only."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, or_, select

from portal.core.phone import InvalidPhone, PhoneNumber
from portal.customers.models import Customer
from portal.customers.service import PROSPECTS
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import queries as invoices
from portal.messaging import text_checks, text_store, texts
from portal.messaging.kinds import KINDS, SAMPLES
from portal.settings import service as settings
from portal.subscriptions.models import Subscription

MATCHES = 8


def matching(wanted: str) -> Sequence[Customer]:
    """Customers by number, phone or part of the name; an exact number first. The newest
    customer when nothing is asked for."""
    statement = select(Customer).order_by(Customer.id.desc()).limit(MATCHES)
    if not wanted:
        customers = statement.where(Customer.status.not_in(PROSPECTS))
        return db.session.scalars(customers.limit(1)).all()
    found: list[ColumnElement[bool]] = [
        Customer.name.icontains(wanted, autoescape=True),
        Customer.number.icontains(wanted, autoescape=True),
    ]
    try:
        phone = PhoneNumber.parse(wanted).e164
        found += [Customer.phone == phone, Customer.phone_alt == phone]
    except InvalidPhone:
        pass
    exact = case((Customer.number == wanted, 0), else_=1)
    return db.session.scalars(
        statement.where(or_(*found)).order_by(None).order_by(exact, Customer.name, Customer.id)
    ).all()


def values(kind: str, customer: Customer | None) -> dict[str, Any]:
    """The values of a message of this kind to this customer; samples for what they lack."""
    found = {name: SAMPLES[name] for name in KINDS[kind].expects if name != "code"}
    if customer is not None:
        own = _own(customer)
        found |= {name: own[name] for name in found if name in own}
    return found | _extras(kind)


def rendered(kind: str, language: str, body: str, customer: Customer | None) -> str:
    """A text that is being typed, as this customer would get it."""
    return composed(kind, language, body, customer).text


def composed(kind: str, language: str, body: str, customer: Customer | None) -> texts.Composed:
    """The same with the block behind it."""
    return texts.composed_of(body, language, values(kind, customer), _code(kind))


def longest(kind: str, language: str, body: str) -> int:
    """How long a message of this text may become, in characters."""
    if len(body) > text_checks.LONGEST:
        return len(body)
    long = {name: text_checks.LONG[name] for name in KINDS[kind].expects if name != "code"}
    return len(texts.composed_of(body, language, long | _extras(kind), _code(kind)).text)


def _extras(kind: str) -> dict[str, Any]:
    """A link as long as a real one that opens nothing: whoever may read texts may not pay."""
    return {name: texts.sample_link() for name in KINDS[kind].extras}


def in_force(kind: str, language: str) -> str:
    """The text in force, straight from the database."""
    return text_store.text_of(text_store.newest_of(kind, language), kind, language)


def _code(kind: str) -> str | None:
    return SAMPLES["code"] if kind == "otp_code" else None


def _own(customer: Customer) -> dict[str, Any]:
    found: dict[str, Any] = {"name": customer.name, "customer_number": customer.number}
    if phone := settings.text("company.cs_phone"):
        found["cs_phone"] = phone
    plan = db.session.scalar(
        select(Subscription)
        .where(Subscription.customer_id == customer.id)
        .order_by(Subscription.id.desc())
        .limit(1)
    )
    if plan is not None:
        found |= {"plan": plan.plan.name, "amount": plan.price}
    return found | _of_invoice(customer.id)


def _of_invoice(customer_id: int) -> dict[str, Any]:
    """Of the oldest open invoice, else of the newest."""
    listed = invoices.of_customer(customer_id, today(), only_open=True)
    listed = listed or invoices.of_customer(customer_id, today())
    if not listed:
        return {}
    row = listed[0]
    return {
        "period": row.period,
        "invoice_number": row.number,
        "plan": row.plan_name,
        "amount": row.remaining or row.total,
        "due_on": row.due_on.isoformat(),
        "days_left": max((row.due_on - today()).days, 0),
    }
