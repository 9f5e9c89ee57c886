"""People and things for tests, with defaults that need no arguments.

Each function writes a real row through the real service where there is one, commits and
returns the object detached: reading it later opens no transaction, which on SQLite would
hold the write lock while the test client posts. Read changed rows again with `fresh()`.
"""

import itertools
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Staff
from portal.accounts.models_sessions import SessionRow
from portal.core.period import Period
from portal.customers import service as customers
from portal.customers.models import Customer
from portal.customers.service import CustomerData
from portal.extensions import db
from portal.infra import numbering
from portal.infra.secrets import digest, new_token
from portal.infra.timekeeping import now, today, wall
from portal.invoices.models import Invoice, InvoiceLine
from portal.plans import service as plans
from portal.plans.models import Plan
from portal.subscriptions import service as subscriptions
from portal.subscriptions.models import Subscription
from portal.subscriptions.service import SubscriptionData

PASSWORD = "kata sandi rahasia"
_count = itertools.count(1)
Row = TypeVar("Row")


def customer(
    number: str | None = None,
    name: str = "Budi Santoso",
    phone: str | None = None,
    phone_alt: str | None = None,
    address: str = "Jl. Melati 5",
    area: str = "Cibiru",
    language: str = "id",
    status: str = "active",
) -> Customer:
    """A customer; without arguments with a number and phone nobody else has."""
    serial = next(_count)
    made, _ = customers.save(
        CustomerData(
            number=number or f"PLG-{serial:04d}",
            name=name,
            phone=phone or f"+62812{10_000_000 + serial}",
            phone_alt=phone_alt,
            address=address,
            area=area,
        )
    )
    made.language, made.status = language, status
    return _done(made)


def plan(name: str = "Rumah 20 Mbps", price: int = 165_000) -> Plan:
    """A plan, made once per name; price in rupiah."""
    return _done(plans.ensure(name, price))


def subscription(
    owner: Customer | None = None,
    tariff: Plan | None = None,
    login: str | None = None,
    billing_day: int = 1,
    state: str = "active",
    price: int | None = None,
    started_on: date | None = None,
) -> Subscription:
    """A line started a year ago; without arguments of a new customer on the usual plan."""
    owner, tariff = owner or customer(), tariff or plan()
    made, _ = subscriptions.save(
        owner,
        tariff,
        SubscriptionData(
            login=login or f"line-{next(_count)}",
            price=tariff.price if price is None else price,
            billing_day=billing_day,
            started_on=started_on or today() - timedelta(days=365),
        ),
        None,
    )
    made.state = state
    made.auto_from = made.started_on
    return _done(made)


def invoice(
    line: Subscription | None = None,
    period: str | None = None,
    due_on: date | None = None,
    total: int | None = None,
    state: str = "open",
    issued_on: date | None = None,
) -> Invoice:
    """One invoice of a line, of this month and due in 5 days by default; amount in rupiah.

    Unlike `billing.issue_chunk` it emits nothing: no message, no credit spent.
    """
    line = line or subscription()
    issued_on = issued_on or today()
    month = Period.parse(period) if period else Period.of(issued_on)
    sequence = f"INV-{month.compact}"
    amount = line.price if total is None else total
    made = Invoice(
        number=numbering.document_number(sequence, numbering.take(sequence)[0]),
        customer_id=line.customer_id,
        subscription_id=line.id,
        period=str(month),
        plan_name=line.plan.name,
        plan_price=amount,
        total=amount,
        state=state,
        issued_on=issued_on,
        due_on=due_on or today() + timedelta(days=5),
        paid_at=now() if state == "paid" else None,
        created_at=now(),
    )
    db.session.add(made)
    db.session.flush()
    db.session.add(
        InvoiceLine(
            invoice_id=made.id,
            position=1,
            kind="plan",
            description=line.plan.name,
            amount=amount,
        )
    )
    return _done(made)


def payment(
    payer: Customer,
    amount: int,
    invoices: Sequence[Invoice] = (),
    paid_at: datetime | None = None,
    method: str = "tunai",
) -> int:
    """Money (rupiah) recorded and allocated by the real service; returns the payment's id."""
    from portal.payments import service as payments

    recorded = payments.record_payment(
        customer_id=payer.id,
        amount=amount,
        source="cash",
        method=method,
        paid_at=paid_at or now(),
        invoice_ids=[bill.id for bill in invoices],
    )
    payment_id: int = recorded if isinstance(recorded, int) else recorded.id
    db.session.commit()
    return payment_id


def staff(email: str | None = None, role: str = "owner", password: str = PASSWORD) -> Staff:
    """A staff member who logs in with PASSWORD."""
    made = Staff(
        email=email or f"staf{next(_count)}@example.test",
        name="Siti Pemilik",
        password_hash=_hashed(password),
        role=role,
        created_at=now(),
    )
    db.session.add(made)
    db.session.flush()
    return _done(made)


@lru_cache(maxsize=8)
def _hashed(password: str) -> str:
    """Slow on purpose, so made once for all tests; the verb itself has its own."""
    return PasswordHasher().hash(password)


def log_in(client: FlaskClient, person: Customer | Staff) -> None:
    """Give this browser the session of a customer, or of staff (each has its own cookie)."""
    kind, path = ("staff", "/admin/") if isinstance(person, Staff) else ("customer", "/")
    token = new_token()
    # Tests move the clock by months: how long a session lasts has tests of its own.
    until = wall() + timedelta(days=7300)
    times = {"created_at": until, "seen_at": until, "proved_at": until}
    hashed = digest(token)
    db.session.add(SessionRow(kind=kind, person_id=person.id, token_hash=hashed, **times))
    db.session.commit()
    with client.session_transaction(path) as session:
        session["_user_id"] = f"{kind}:{person.id}:{token}"
        session["_fresh"] = True


def fresh(model: type[Row], row_id: Any) -> Row:
    """The row as the database holds it now, detached, with no transaction left open."""
    db.session.rollback()
    found = db.session.get_one(model, row_id, populate_existing=True)
    db.session.expunge(found)
    db.session.rollback()
    return found


def every(model: type[Row]) -> list[Row]:
    """All rows of a model by id, detached, with no transaction left open."""
    db.session.rollback()
    rows = list(db.session.scalars(select(model).order_by("id")).unique())
    for row in rows:
        db.session.expunge(row)
    db.session.rollback()
    return rows


def _done(made: Row) -> Row:
    """Commit, load everything once, detach, leave no transaction open."""
    db.session.commit()
    db.session.refresh(made)
    db.session.expunge_all()
    db.session.rollback()
    return made
