"""PPN: the tax lines of invoices, what credit notes took off, and what was received of it.

A void invoice has none: voiding is only possible while its month is open (`books`).

Received tax is the tax's share of what was paid on an invoice, rounded half up on the running
sum, so that the parts of a paid invoice are its tax exactly.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from portal.invoices.models import Allocation, CreditNote, Invoice, InvoiceLine
from portal.payments.models import Payment
from portal.reports.days import allocated_on, midnight
from portal.reports.rows import columns
from portal.reports.rows_invoices import of_invoice
from portal.reports.scope import Scope


def issued(scope: Scope) -> Select[Any]:
    """The tax lines of every invoice that is not void, by its day of issue."""
    return (
        select(
            *of_invoice(id=InvoiceLine.id, amount=InvoiceLine.amount, words=InvoiceLine.description)
        )
        .select_from(InvoiceLine)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(
            InvoiceLine.kind == "tax",
            Invoice.state != "void",
            Invoice.issued_on.between(scope.since, scope.until),
        )
    )


def credited(scope: Scope) -> Select[Any]:
    """The tax part of credit notes on them, by the day of the note: negative."""
    shown = {
        "id": CreditNote.id,
        "day": CreditNote.booked_on,
        "amount": -CreditNote.tax_amount,
        "number": CreditNote.number,
        "words": CreditNote.reason,
    }
    return (
        select(*of_invoice(**shown))
        .select_from(CreditNote)
        .join(Invoice, Invoice.id == CreditNote.invoice_id)
        .where(
            CreditNote.tax_amount != 0,
            Invoice.state != "void",
            CreditNote.booked_on.between(scope.since, scope.until),
        )
    )


def received(scope: Scope) -> Select[Any]:
    """The tax part of what was paid, by the day the money counts for on the invoice."""
    running = _running(_moves(scope))
    share = _share(running)
    before = func.lag(share).over(partition_by=running.c.invoice_id, order_by=_in_turn(running))
    shown = {name: running.c[name] for name in _SHOWN}
    amount = type_coerce(share - func.coalesce(before, 0), BigInteger)
    steps = select(*columns(amount=amount, **shown)).subquery()
    return select(*steps.c).where(
        steps.c.day.between(scope.since, scope.until), steps.c.amount != 0
    )


_SHOWN = ("id", "day", "number", "customer_id", "invoice_id", "payment_id", "words", "due_on")


def _moves(scope: Scope) -> Any:
    """Payments and credit notes on invoices with tax that were paid on since then."""
    touched = select(Allocation.invoice_id).where(Allocation.created_at >= midnight(scope.since))
    noted = select(CreditNote.invoice_id).where(CreditNote.booked_on >= scope.since)
    taxed = select(InvoiceLine.invoice_id).where(InvoiceLine.kind == "tax")
    either = or_(Invoice.id.in_(touched), Invoice.id.in_(noted))
    paid = (
        _move(0, Allocation, allocated_on(), Payment.number, Invoice.number, Payment.id)
        .select_from(Allocation)
        .join(Payment, Payment.id == Allocation.payment_id)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        # What came later changes nothing about what came before.
        .where(either, Invoice.id.in_(taxed), allocated_on() <= scope.until)
    )
    notes = (
        _move(1, CreditNote, CreditNote.booked_on, CreditNote.number, CreditNote.reason, null())
        .select_from(CreditNote)
        .join(Invoice, Invoice.id == CreditNote.invoice_id)
        .where(either, Invoice.id.in_(taxed), CreditNote.booked_on <= scope.until)
    )
    return union_all(paid, notes).subquery()


def _move(turn: int, row: Any, day: Any, number: Any, words: Any, payment: Any) -> Select[Any]:
    zero = literal(0, BigInteger)
    paid, noted, tax = (row.amount, zero, zero) if turn == 0 else (zero, row.amount, row.tax_amount)
    return select(
        row.id.label("id"),
        literal(turn, Integer).label("turn"),
        day.label("day"),
        number.label("number"),
        words.label("words"),
        cast(payment, Integer).label("payment_id"),
        Invoice.id.label("invoice_id"),
        Invoice.customer_id.label("customer_id"),
        Invoice.due_on.label("due_on"),
        Invoice.total.label("total"),
        paid.label("paid"),
        noted.label("noted"),
        tax.label("noted_tax"),
    )


def _in_turn(rows: Any) -> tuple[Any, Any, Any]:
    return (rows.c.day, rows.c.turn, rows.c.id)


def _running(moves: Any) -> Any:
    """Each move with the sums of its invoice up to it."""
    tax = (
        select(func.sum(InvoiceLine.amount))
        .where(InvoiceLine.invoice_id == moves.c.invoice_id, InvoiceLine.kind == "tax")
        .correlate(moves)
        .scalar_subquery()
    )

    def so_far(column: Any) -> Any:
        return func.sum(column).over(partition_by=moves.c.invoice_id, order_by=_in_turn(moves))

    return select(
        *(moves.c[name] for name in (*_SHOWN, "turn")),
        cast(so_far(moves.c.paid), BigInteger).label("so_far"),
        cast(moves.c.total - so_far(moves.c.noted), BigInteger).label("asked"),
        cast(tax - so_far(moves.c.noted_tax), BigInteger).label("taxed"),
    ).subquery()


def _share(rows: Any) -> Any:
    """The tax in what was paid so far, rounded half up; nothing of an invoice of nothing."""
    whole = (2 * rows.c.so_far * rows.c.taxed + rows.c.asked) // (2 * rows.c.asked)
    return case((rows.c.asked > 0, whole), else_=0)
