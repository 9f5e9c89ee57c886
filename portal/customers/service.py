"""Customers: creating and changing them, finding them by phone for the login."""

import re
from dataclasses import dataclass

from sqlalchemy import or_, select, update

from portal.accounts import sessions
from portal.core.recipients import TelegramChat
from portal.customers.models import Area, Customer
from portal.customers.models_telegram import TelegramUser
from portal.extensions import db
from portal.infra import audit, numbering
from portal.infra.database import updated
from portal.infra.timekeeping import now
from portal.web.sentences import N_
from portal.web.setup import LANGUAGES

PROSPECTS = ("prospect", "lapsed")
"""People who ordered and are no customers yet; "lapsed" never paid."""
PROSPECT, CUSTOMER = "CALON", "PLG"
MOST_EMAIL = 190
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
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


def by_number(number: str) -> Customer | None:
    """The customer with this number; one who is not a customer any more has no login."""
    found = db.session.scalar(select(Customer).where(Customer.number == number))
    return found if found is not None and found in by_phone(found.phone or "") else None


def load_customer(customer_id: int, token: str) -> Customer | None:
    """For Flask-Login: only while the token's session lives."""
    if not sessions.check(sessions.CUSTOMER, customer_id, token):
        return None
    customer = db.session.get(Customer, customer_id)
    if customer is None or customer.status != "active":
        return None
    customer.login_token = token
    return customer


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
        customer = Customer(number=data.number, created_at=now(), **values)
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
        end_sessions(customer)
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
    sessions.end_all(sessions.CUSTOMER, customer.id)


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


def change_email(customer: Customer, typed: str) -> bool:
    """The address staff may write to; empty for none; False when it is the same. Audited.

    Raises ValueError with a sentence.
    """
    email = typed.strip() or None
    if email is not None and (len(email) > MOST_EMAIL or _EMAIL.fullmatch(email) is None):
        raise ValueError(N_("Alamat e-mail tidak sah. Contoh: nama@contoh.id"))
    if email == customer.email:
        return False
    before, after = {"email": customer.email}, {"email": email}
    audit.record("customer.email", f"customer:{customer.id}", before=before, after=after)
    customer.email = email
    return True


def new_prospect(name: str, phone: str, address: str, area: int | None) -> Customer:
    """Somebody who ordered and is no customer yet: nothing is billed, nobody can log in.

    Phone in E.164, or empty; another customer may have the same.
    """
    customer = Customer(
        number=numbering.document_number(PROSPECT, numbering.take(PROSPECT)[0]),
        name=name,
        phone=phone,
        address=address,
        area_id=area,
        status="prospect",
        created_at=now(),
    )
    db.session.add(customer)
    db.session.flush()
    audit.record("customer.prospect", f"customer:{customer.id}", after={"number": customer.number})
    return customer


def welcome(customer: Customer, number: str = "") -> None:
    """A prospect becomes a customer, under this number or the next free one. Audited.

    Raises ValueError with a sentence when the number is another's. Customers stay as they are.
    """
    if customer.status not in PROSPECTS:
        return
    if number and _taken(number):
        raise ValueError(N_("Nomor pelanggan itu sudah dipakai."))
    before = {"number": customer.number, "status": customer.status}
    customer.number, customer.status = number or next_number(), "active"
    db.session.flush()
    after = {"number": customer.number, "status": customer.status}
    audit.record("customer.welcome", f"customer:{customer.id}", before=before, after=after)


def is_prospect(number: str) -> bool:
    """Whether this customer number is of somebody who only ordered."""
    found = select(Customer.id).where(Customer.number == number, Customer.status.in_(PROSPECTS))
    return db.session.scalar(found) is not None


def next_number() -> str:
    """A customer number nobody has, in this transaction."""
    while True:
        number = numbering.document_number(CUSTOMER, numbering.take(CUSTOMER)[0])
        if not _taken(number):
            return number


def _taken(number: str) -> bool:
    return db.session.scalar(select(Customer.id).where(Customer.number == number)) is not None


def change_prospect(customer_id: int, source: str, target: str) -> bool:
    """Between "prospect" and "lapsed" (never paid); False when the row is neither. Audited."""
    moved = updated(
        update(Customer)
        .where(Customer.id == customer_id, Customer.status == source)
        .values(status=target),
        refresh=True,
    )
    if moved:
        before, after = {"status": source}, {"status": target}
        audit.record(f"customer.{target}", f"customer:{customer_id}", before=before, after=after)
    return moved == 1


def reach(customer: Customer) -> str:
    """Where the customer's own messages go: the phone, for who gave none the chat on Telegram.

    Empty when there is neither.
    """
    return customer.phone or str(telegram_of(customer) or "")


def telegram_of(customer: Customer) -> TelegramChat | None:
    """The customer's chat on Telegram, if one is linked."""
    chat = db.session.scalar(
        select(TelegramUser.telegram_id)
        .where(TelegramUser.customer_id == customer.id)
        .order_by(TelegramUser.id)
        .limit(1)
    )
    return None if chat is None else TelegramChat(chat)
