"""Rows about what was billed: invoices, credit notes, voids, write-offs, what was paid on them,
and what customers owed at the end of a day."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Select,
    String,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)

from portal.invoices.models import Allocation, CreditNote, Invoice
from portal.payments.models import Payment
from portal.reports.days import allocated_on, closed_on, midnight, plus
from portal.reports.rows import columns
from portal.reports.scope import Scope

BANDS: tuple[tuple[str, int], ...] = (("7", 7), ("30", 30), ("60", 60), ("90", 90))
"""Of an ageing: up to so many days late; before them "0" (not due), after them "91"."""


def of_invoice(**found: Any) -> list[Any]:
    """The columns of a row about an invoice."""
    about = {
        "id": Invoice.id,
        "day": Invoice.issued_on,
        "amount": Invoice.total,
        "number": Invoice.number,
        "customer_id": Invoice.customer_id,
        "invoice_id": Invoice.id,
        "due_on": Invoice.due_on,
    }
    return columns(**{**about, **found})


def invoiced(scope: Scope) -> Select[Any]:
    """Every invoice by its day of issue, also those voided later: that is a row of its own."""
    return select(*of_invoice(words=Invoice.plan_name)).where(
        Invoice.issued_on.between(scope.since, scope.until)
    )


def credit_notes(scope: Scope) -> Select[Any]:
    """Taken off issued invoices: negative, by the day of the note."""
    return (
        select(
            *of_invoice(
                id=CreditNote.id,
                day=CreditNote.booked_on,
                amount=-CreditNote.amount,
                number=CreditNote.number,
                words=CreditNote.reason,
            )
        )
        .join(Invoice, Invoice.id == CreditNote.invoice_id)
        .where(CreditNote.booked_on.between(scope.since, scope.until))
    )


def voids(scope: Scope) -> Select[Any]:
    """What voiding took off: negative, by the day of voiding."""
    return _closings("void", scope)


def write_offs(scope: Scope) -> Select[Any]:
    """What was given up: negative, by the day of writing off."""
    return _closings("written_off", scope)


def _closings(state: str, scope: Scope) -> Select[Any]:
    """What was open when the invoice was closed; and what moved on it afterwards, such as a
    reversed payment, the other way round: a closed invoice asks for nothing."""
    left = Invoice.total - allocated_until(closed_on()) - noted_until(closed_on())
    at_close = select(
        *of_invoice(
            day=closed_on(), amount=type_coerce(-left, BigInteger), words=Invoice.closed_reason
        )
    ).where(Invoice.state == state, closed_on().between(scope.since, scope.until))
    afterwards = _allocations(amount=Allocation.amount, words=Invoice.closed_reason).where(
        Invoice.state == state,
        allocated_on() > closed_on(),
        allocated_on().between(scope.since, scope.until),
    )
    rows = union_all(at_close, afterwards).subquery()
    return select(*rows.c)


def allocated(scope: Scope) -> Select[Any]:
    """Money that was put on invoices: negative, since less is owed; given back is positive."""
    return _allocations(amount=-Allocation.amount).where(
        # Never counted for a day after the one it was written on; cheaper than the rest.
        Allocation.created_at >= midnight(scope.since),
        allocated_on().between(scope.since, scope.until),
    )


def _allocations(**found: Any) -> Select[Any]:
    about = {
        "id": Allocation.id,
        "day": allocated_on(),
        "number": Payment.number,
        "payment_id": Payment.id,
        "source": Payment.source,
        "method": Payment.method,
        "staff_id": Payment.taken_by_id,
        "words": Invoice.number,
    }
    return (
        select(*of_invoice(**{**about, **found}))
        .select_from(Allocation)
        .join(Payment, Payment.id == Allocation.payment_id)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
    )


def receivable(scope: Scope) -> Select[Any]:
    """What each invoice still asked for at the end of `scope.until`, by its own due day."""
    day = scope.until
    owed = type_coerce(Invoice.total - allocated_until(day) - noted_until(day), BigInteger)
    asking = or_(
        Invoice.state == "open",
        and_(Invoice.state == "paid", Invoice.paid_at >= midnight(day + timedelta(days=1))),
        and_(Invoice.state.in_(("void", "written_off")), closed_on() > day),
    )
    rows = (
        select(*of_invoice(amount=owed, bucket=band(day), words=Invoice.plan_name))
        .where(Invoice.issued_on <= day, asking)
        .subquery()
    )
    return select(*rows.c).where(rows.c.amount != 0)


def band(day: date) -> Any:
    """How late an invoice was on that day: the name of its band."""
    steps = [(Invoice.due_on >= day, literal("0", String))]
    for name, days in BANDS:
        steps.append((plus(Invoice.due_on, days) >= day, literal(name, String)))
    return case(*steps, else_=literal("91", String))


def allocated_until(day: Any) -> Any:
    """Rupiah put on the invoice of the outer query by the end of that day."""
    return (
        select(func.coalesce(func.sum(Allocation.amount), 0))
        .select_from(Allocation)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(Allocation.invoice_id == Invoice.id, allocated_on() <= day)
        .correlate(Invoice)
        .scalar_subquery()
    )


def noted_until(day: Any) -> Any:
    """Rupiah credited on the invoice of the outer query by the end of that day."""
    return (
        select(func.coalesce(func.sum(CreditNote.amount), 0))
        .where(CreditNote.invoice_id == Invoice.id, CreditNote.booked_on <= day)
        .correlate(Invoice)
        .scalar_subquery()
    )
