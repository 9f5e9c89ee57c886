"""Customers: creating and changing them, finding them by phone for the login."""

from dataclasses import dataclass

from sqlalchemy import or_, select

from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.infra import audit
from portal.infra.secrets import new_token
from portal.infra.timekeeping import now
from portal.web.setup import LANGUAGES

FIELDS = ("name", "phone", "phone_alt", "address", "area_id")


@dataclass(frozen=True)
class CustomerData:
    """What an import or a form says about a customer. Phones in E.164."""

    number: str
    name: str
    phone: str
    phone_alt: str | None = None
    address: str = ""
    area: str = ""


def by_phone(phone: str) -> list[Customer]:
    """Active customers who may log in with this number (E.164), the oldest first."""
    statement = (
        select(Customer)
        .where(
            or_(Customer.phone == phone, Customer.phone_alt == phone),
            Customer.status == "active",
        )
        .order_by(Customer.id)
    )
    return list(db.session.scalars(statement))


def load_customer(customer_id: int, token: str) -> Customer | None:
    """For Flask-Login: only while the token is still the row's own."""
    customer = db.session.get(Customer, customer_id)
    if customer is None or customer.session_token != token:
        return None
    return customer if customer.status == "active" else None


def save(data: CustomerData) -> tuple[Customer, str]:
    """Create or update by customer number; says "new", "changed" or "same".

    A changed phone ends the customer's sessions: whoever has the old one is out.
    """
    values = {
        "name": data.name,
        "phone": data.phone,
        "phone_alt": data.phone_alt,
        "address": data.address,
        "area_id": area_id(data.area),
    }
    customer = db.session.scalar(select(Customer).where(Customer.number == data.number))
    if customer is None:
        customer = Customer(
            number=data.number, session_token=new_token(), created_at=now(), **values
        )
        db.session.add(customer)
        db.session.flush()
        return customer, "new"
    before = {field: getattr(customer, field) for field in FIELDS}
    changed = {field: value for field, value in values.items() if before[field] != value}
    if not changed:
        return customer, "same"
    for field, value in changed.items():
        setattr(customer, field, value)
    if "phone" in changed or "phone_alt" in changed:
        customer.session_token = new_token()
    audit.record(
        "customer.change",
        f"customer:{customer.id}",
        before={field: before[field] for field in changed},
        after=changed,
    )
    return customer, "changed"


def area_id(name: str) -> int | None:
    """The area of that name, made when it is new; None for no name."""
    name = name.strip()
    if not name:
        return None
    area = db.session.scalar(select(Area).where(Area.name == name))
    if area is None:
        area = Area(name=name)
        db.session.add(area)
        db.session.flush()
    return area.id


def end_sessions(customer: Customer) -> None:
    """Log this customer out on every device."""
    customer.session_token = new_token()


def change_language(customer: Customer, language: str) -> None:
    """The language of this customer's pages and messages; raises ValueError for others."""
    if language not in LANGUAGES:
        raise ValueError(f"no such language: {language!r}")
    if language != customer.language:
        audit.record(
            "customer.change",
            f"customer:{customer.id}",
            before={"language": customer.language},
            after={"language": language},
        )
        customer.language = language
