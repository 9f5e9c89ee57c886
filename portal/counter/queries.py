"""Reading for the counter's screens: whom one may see, who owes, what was taken. Rupiah."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import abort
from flask_login import current_user
from sqlalchemy import Row, Select, func, select

from portal.accounts.models import Staff
from portal.counter import drawer
from portal.counter.drawer import COLLECTOR
from portal.counter.models import (
    Closing,
    ClosingEntry,
    CounterTaking,
    Settlement,
    SettlementPayment,
)
from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.invoices.models import Invoice
from portal.invoices.queries import owed_amount
from portal.messaging.models import Message
from portal.payments.models import Payment
from portal.subscriptions.finding import customer_matches


@dataclass(frozen=True)
class Debtor:
    """A customer with open invoices: how many, what they demand, since when."""

    customer: Customer
    count: int
    owed: int
    due_on: date


def is_collector() -> bool:
    """Whether the person at the counter is a collector, who sees their own areas only."""
    return bool(current_user.role == COLLECTOR)


def seen() -> list[Any]:
    """Conditions on `customer`: whom the person at the counter may see."""
    if not is_collector():
        return []
    own = select(Area.id).where(Area.collector_id == current_user.id)
    return [Customer.area_id.in_(own)]


def customer_or_404(customer_id: int) -> Customer:
    """This customer; 404 for one the person may not see."""
    found = db.session.scalar(select(Customer).where(Customer.id == customer_id, *seen()))
    return found or abort(404)


def found(text: str) -> list[Debtor]:
    """Customers matching what was typed, with what they owe; the first few."""
    rows = db.session.execute(
        _debtors(outer=True)
        .where(customer_matches(text))
        .order_by((Customer.status != "active"), Customer.name, Customer.id)
        .limit(12)
    )
    return [debtor(row) for row in rows]


def unpaid() -> Select[Any]:
    """Who still owes, area by area, address by address; rows for `debtor()`."""
    return _debtors().order_by(func.coalesce(Area.name, ""), Customer.address, Customer.name)


def _debtors(*, outer: bool = False) -> Select[Any]:
    """Customers the person may see with count, sum and oldest due date of what they owe."""
    statement: Any = (
        select(
            Customer,
            func.count(Invoice.id),
            func.coalesce(func.sum(owed_amount()), 0),
            func.min(Invoice.due_on),
        )
        .join(
            Invoice,
            (Invoice.customer_id == Customer.id) & (Invoice.state == "open"),
            isouter=outer,
        )
        .outerjoin(Area, Area.id == Customer.area_id)
        .where(*seen())
        .group_by(Customer.id, Area.id)
    )
    return statement


def debtor(row: Any) -> Debtor:
    """A row of `unpaid()` for the screen."""
    customer, count, owed, due_on = row
    return Debtor(customer, int(count), int(owed), due_on)


def unpaid_total() -> int:
    """What everybody on that list owes together."""
    return int(
        db.session.scalar(
            select(func.coalesce(func.sum(owed_amount()), 0))
            .select_from(Invoice)
            .join(Customer, Customer.id == Invoice.customer_id)
            .where(Invoice.state == "open", *seen())
        )
        or 0
    )


def taken_since(staff_id: int, since: datetime) -> Sequence[Row[Payment, str]]:
    """(payment, customer name) a person took since then, the newest first."""
    return db.session.execute(
        select(Payment, Customer.name)
        .join(Customer, Customer.id == Payment.customer_id)
        .where(Payment.taken_by_id == staff_id, Payment.recorded_at >= since)
        .order_by(Payment.id.desc())
    ).all()


def payment_or_404(payment_id: int) -> Payment:
    """A payment taken at the counter; a collector opens their own only."""
    statement = select(Payment).where(Payment.id == payment_id)
    if is_collector():
        statement = statement.where(Payment.taken_by_id == current_user.id)
    return db.session.scalar(statement) or abort(404)


def taking_of(payment_id: int) -> CounterTaking | None:
    """How a payment was taken; None for one that came another way."""
    return db.session.get(CounterTaking, payment_id)


def confirmation_of(payment_id: int) -> Message | None:
    """The message that confirms a payment."""
    key = f"payment_confirmation:{payment_id}"
    return db.session.scalar(select(Message).where(Message.dedupe_key == key))


def collectors() -> Sequence[Staff]:
    """Everybody who collects."""
    return db.session.scalars(
        select(Staff).where(Staff.role == COLLECTOR, Staff.active).order_by(Staff.name)
    ).all()


def areas() -> Sequence[Row[Area, int]]:
    """(area, number of its customers) by name."""
    return db.session.execute(
        select(Area, func.count(Customer.id))
        .outerjoin(Customer, Customer.area_id == Area.id)
        .group_by(Area.id)
        .order_by(Area.name)
    ).all()


def to_settle() -> Sequence[Row[int, str, int, int, datetime]]:
    """(collector id, name, payments, rupiah, oldest) of cash that was not handed over."""
    return db.session.execute(
        select(
            Staff.id,
            Staff.name,
            func.count(Payment.id),
            func.sum(Payment.amount),
            func.min(Payment.recorded_at),
        )
        .join(Payment, Payment.taken_by_id == Staff.id)
        .where(Staff.role == COLLECTOR, *drawer.in_drawer())
        .group_by(Staff.id, Staff.name)
        .order_by(Staff.name)
    ).all()


def settlements(collector_id: int | None = None) -> Select[Any]:
    """Settlements, the newest first; of one collector when named."""
    statement = select(Settlement).order_by(Settlement.id.desc())
    if collector_id is not None:
        statement = statement.where(Settlement.collector_id == collector_id)
    return statement


def settlement_or_404(settlement_id: int) -> Settlement:
    """A settlement; a collector opens their own only."""
    row = db.session.get(Settlement, settlement_id)
    if row is None or (is_collector() and row.collector_id != current_user.id):
        abort(404)
    return row


def payments_of(settlement_id: int) -> Sequence[Row[Payment, str, str]]:
    """(payment, customer name, number) handed over in a settlement."""
    return db.session.execute(
        select(Payment, Customer.name, Customer.number)
        .join(SettlementPayment, SettlementPayment.payment_id == Payment.id)
        .join(Customer, Customer.id == Payment.customer_id)
        .where(SettlementPayment.settlement_id == settlement_id)
        .order_by(Payment.id)
    ).all()


def closings(cashier_id: int = 0) -> Select[Any]:
    """Closed days, the newest first; of one cashier when named."""
    statement = select(Closing).order_by(Closing.day.desc(), Closing.id.desc())
    return statement.where(Closing.cashier_id == cashier_id) if cashier_id else statement


def entries_of(closing_id: int) -> Sequence[Row[ClosingEntry, str, str]]:
    """(entry, payment's number, settlement's number) of a closing; a refund has neither."""
    return db.session.execute(
        select(ClosingEntry, Payment.number, Settlement.number)
        .outerjoin(Payment, Payment.id == ClosingEntry.payment_id)
        .outerjoin(Settlement, Settlement.id == ClosingEntry.settlement_id)
        .where(ClosingEntry.closing_id == closing_id)
        .order_by(ClosingEntry.id)
    ).all()


def last_closing(cashier_id: int) -> Closing | None:
    """A cashier's newest closing in force."""
    return db.session.scalars(
        select(Closing)
        .where(Closing.cashier_id == cashier_id, Closing.reopened_at.is_(None))
        .order_by(Closing.day.desc())
        .limit(1)
    ).first()


def cashiers() -> Sequence[Staff]:
    """Everybody who ever closed a day."""
    closed = select(Closing.cashier_id)
    return db.session.scalars(select(Staff).where(Staff.id.in_(closed)).order_by(Staff.name)).all()
