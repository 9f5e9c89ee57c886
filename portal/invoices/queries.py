"""Reading invoices: what is owed, lists for screens. Amounts in rupiah."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, func, or_, select

from portal.customers.models import Customer
from portal.extensions import db
from portal.invoices.models import Allocation, CreditNote, Invoice, InvoiceLine
from portal.subscriptions.finding import customer_matches


@dataclass(frozen=True)
class InvoiceView:
    """One invoice as a list shows it. `status` is derived: open, partial, overdue, paid…

    `credited` is what credit notes took off the total.
    """

    id: int
    number: str
    period: str
    plan_name: str
    total: int
    paid: int
    credited: int
    state: str
    issued_on: date
    due_on: date
    paid_at: Any
    customer_id: int
    subscription_id: int
    customer_name: str
    customer_number: str
    status: str

    @property
    def remaining(self) -> int:
        return self.total - self.paid - self.credited if self.state == "open" else 0


def paid_amount() -> Any:
    """Rupiah allocated to the invoice of the outer query, as a scalar subquery."""
    return (
        select(func.coalesce(func.sum(Allocation.amount), 0))
        .where(Allocation.invoice_id == Invoice.id)
        .correlate(Invoice)
        .scalar_subquery()
    )


def credited_amount() -> Any:
    """Rupiah that credit notes took off the invoice of the outer query, as a scalar subquery."""
    return (
        select(func.coalesce(func.sum(CreditNote.amount), 0))
        .where(CreditNote.invoice_id == Invoice.id)
        .correlate(Invoice)
        .scalar_subquery()
    )


def owed_amount() -> Any:
    """What the invoice of the outer query still demands, in rupiah: total - paid - credited.

    The one definition; it means something for open invoices only.
    """
    return Invoice.total - paid_amount() - credited_amount()


def status(state: str, total: int, paid: int, due_on: date, today: date) -> str:
    """The one definition of overdue and partly paid; overdue wins, since it is the warning."""
    if state != "open":
        return state
    if due_on < today:
        return "overdue"
    return "partial" if 0 < paid < total else "open"


def listing() -> Select[Any]:
    """Invoices with customer, paid and credited; narrow it, then `view()` each row."""
    return select(
        Invoice,
        paid_amount().label("paid"),
        credited_amount().label("credited"),
        Customer.name,
        Customer.number,
    ).join(Customer, Customer.id == Invoice.customer_id)


def view(row: Any, today: date) -> InvoiceView:
    """A row of `listing()` for the screen."""
    invoice, paid, credited, name, number = row
    return InvoiceView(
        id=invoice.id,
        number=invoice.number,
        period=invoice.period,
        plan_name=invoice.plan_name,
        total=invoice.total,
        paid=int(paid),
        credited=int(credited),
        state=invoice.state,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        paid_at=invoice.paid_at,
        customer_id=invoice.customer_id,
        subscription_id=invoice.subscription_id,
        customer_name=name,
        customer_number=number,
        status=status(invoice.state, invoice.total, int(paid), invoice.due_on, today),
    )


def of_customer(customer_id: int, today: date, *, only_open: bool = False) -> list[InvoiceView]:
    """A customer's invoices: open ones by due date, else the newest first."""
    statement = listing().where(Invoice.customer_id == customer_id)
    if only_open:
        statement = statement.where(Invoice.state == "open").order_by(Invoice.due_on, Invoice.id)
    else:
        statement = statement.order_by(Invoice.period.desc(), Invoice.id.desc())
    return [view(row, today) for row in db.session.execute(statement)]


def listing_of(customer_id: int, wanted: str, year: int | None = None) -> Select[Any]:
    """A customer's invoices, the newest first; `wanted`: open, paid or "" for all; `year` of
    the period."""
    statement = listing().where(Invoice.customer_id == customer_id)
    if year is not None:
        statement = statement.where(Invoice.period.between(f"{year:04}-01", f"{year:04}-12"))
    if wanted:
        statement = statement.where(Invoice.state == wanted)
    return statement.order_by(Invoice.period.desc(), Invoice.id.desc())


def first_period(customer_id: int) -> str | None:
    """The period of a customer's oldest invoice."""
    return db.session.scalar(
        select(func.min(Invoice.period)).where(Invoice.customer_id == customer_id)
    )


def one(invoice_id: int, today: date, customer_id: int | None = None) -> InvoiceView | None:
    """One invoice, of this customer only when a customer is named."""
    statement = listing().where(Invoice.id == invoice_id)
    if customer_id is not None:
        statement = statement.where(Invoice.customer_id == customer_id)
    row = db.session.execute(statement).one_or_none()
    return None if row is None else view(row, today)


def filtered(text: str, state: str, period: str, today: date) -> Select[Any]:
    """The staff list: free text over number and customer, status, period."""
    statement = listing().order_by(Invoice.id.desc())
    if text:
        number = Invoice.number.icontains(text, autoescape=True)
        statement = statement.where(or_(number, customer_matches(text)))
    if state == "overdue":
        statement = statement.where(Invoice.state == "open", Invoice.due_on < today)
    elif state:
        statement = statement.where(Invoice.state == state)
    if period:
        statement = statement.where(Invoice.period == period)
    return statement


def remaining(invoice_id: int) -> int:
    """What is still owed on an open invoice; 0 for any other state."""
    row = db.session.execute(
        select(Invoice.state, owed_amount()).where(Invoice.id == invoice_id)
    ).one()
    return int(row[1]) if row[0] == "open" else 0


def remaining_of(invoice_ids: Collection[int]) -> dict[int, int]:
    """The same for several invoices at once: id -> rupiah; unknown ids are left out."""
    rows = db.session.execute(
        select(Invoice.id, Invoice.state, owed_amount().label("left")).where(
            Invoice.id.in_(invoice_ids)
        )
    )
    return {row.id: int(row.left) if row.state == "open" else 0 for row in rows}


def overdue_of(subscription_id: int, before: date) -> Sequence[Row[Any]]:
    """Open invoices of a line due before the date: (due_on, remaining), oldest first."""
    return db.session.execute(
        select(Invoice.due_on, owed_amount().label("remaining"))
        .where(
            Invoice.subscription_id == subscription_id,
            Invoice.state == "open",
            Invoice.due_on < before,
        )
        .order_by(Invoice.due_on)
    ).all()


def lines_of(invoice_id: int) -> Sequence[InvoiceLine]:
    """The lines of an invoice, in order."""
    return db.session.scalars(
        select(InvoiceLine)
        .where(InvoiceLine.invoice_id == invoice_id)
        .order_by(InvoiceLine.position)
    ).all()
