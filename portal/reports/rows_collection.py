"""Of the invoices of some days (by issue or due day): what became of them until now.

Void invoices are left out. The rest is paid, credited, written off or still owed, to the rupiah.
"""

from typing import Any

from sqlalchemy import BigInteger, Select, String, case, literal, select, type_coerce

from portal.invoices.models import Allocation, CreditNote, Invoice
from portal.invoices.queries import owed_amount
from portal.payments.models import Payment
from portal.reports.days import allocated_on, plus
from portal.reports.rows_invoices import of_invoice
from portal.reports.scope import Scope

SPEEDS = ("0", "7", "30", "31")
"""When it was paid: by the due day, up to 7 and 30 days after it, later."""


def _day(scope: Scope) -> Any:
    return Invoice.due_on if scope.basis == "due" else Invoice.issued_on


def _of(scope: Scope, rows: Select[Any]) -> Select[Any]:
    return rows.where(Invoice.state != "void", _day(scope).between(scope.since, scope.until))


def billed(scope: Scope) -> Select[Any]:
    """What these invoices asked for when they were issued."""
    return _of(scope, select(*of_invoice(day=_day(scope), words=Invoice.plan_name)))


def credited(scope: Scope) -> Select[Any]:
    """Their credit notes: negative."""
    found = of_invoice(
        id=CreditNote.id,
        day=_day(scope),
        amount=-CreditNote.amount,
        number=CreditNote.number,
        words=CreditNote.reason,
    )
    return _of(scope, select(*found).join(Invoice, Invoice.id == CreditNote.invoice_id))


def collected(scope: Scope) -> Select[Any]:
    """What was paid on them, `bucket` by how long after the due day."""
    when = allocated_on()
    speed = case(
        (Invoice.due_on >= when, literal("0", String)),
        (plus(Invoice.due_on, 7) >= when, literal("7", String)),
        (plus(Invoice.due_on, 30) >= when, literal("30", String)),
        else_=literal("31", String),
    )
    found = of_invoice(
        id=Allocation.id,
        day=_day(scope),
        amount=Allocation.amount,
        number=Payment.number,
        payment_id=Payment.id,
        source=Payment.source,
        method=Payment.method,
        staff_id=Payment.taken_by_id,
        bucket=speed,
        words=Invoice.number,
    )
    rows = (
        select(*found)
        .select_from(Allocation)
        .join(Payment, Payment.id == Allocation.payment_id)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
    )
    return _of(scope, rows)


def given_up(scope: Scope) -> Select[Any]:
    """What was written off of them: negative."""
    found = of_invoice(
        day=_day(scope),
        amount=type_coerce(-owed_amount(), BigInteger),
        words=Invoice.closed_reason,
    )
    return _of(scope, select(*found)).where(Invoice.state == "written_off")


def owed(scope: Scope) -> Select[Any]:
    """What they still ask for."""
    found = of_invoice(
        day=_day(scope), amount=type_coerce(owed_amount(), BigInteger), words=Invoice.plan_name
    )
    return _of(scope, select(*found)).where(Invoice.state == "open")
