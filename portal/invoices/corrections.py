"""The invoice's side of corrections: its rows and states.

Which money goes back where, and who may do it when, is in `portal/payments/corrections.py`.
Functions expect the invoice locked (`lock`), run in the caller's transaction and emit nothing.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from portal.core.period import Period
from portal.extensions import db
from portal.infra import numbering
from portal.infra.timekeeping import now, today
from portal.invoices import billing
from portal.invoices.correction_rules import tax_part
from portal.invoices.models import CreditNote, Invoice, InvoiceLine
from portal.invoices.queries import credited_amount, paid_amount


@dataclass(frozen=True)
class Held:
    """A locked invoice with what was paid and credited on it, in rupiah."""

    row: Invoice
    paid: int
    credited: int

    @property
    def owed(self) -> int:
        return self.row.total - self.paid - self.credited

    @property
    def facts(self) -> dict[str, Any]:
        """What the audit log keeps of it."""
        return {"state": self.row.state, "paid": self.paid, "credited": self.credited}


def hold_runs(period: Period) -> None:
    """Keep the invoice runs of this period and of these months out; before any customer.

    Chronological, as everybody takes them.
    """
    wanted = {period, *billing.due_periods(today()), Period.of(today()).next()}
    for one in sorted(wanted):
        numbering.lock(billing.sequence_of(one))


def lock(invoice_id: int) -> Held:
    """Lock the invoice and read it afresh."""
    db.session.execute(select(Invoice.id).where(Invoice.id == invoice_id).with_for_update())
    row, paid, credited = db.session.execute(
        select(Invoice, paid_amount(), credited_amount())
        .where(Invoice.id == invoice_id)
        .execution_options(populate_existing=True)
    ).one()
    return Held(row, int(paid), int(credited))


def close(invoice: Invoice, state: str, reason: str) -> None:
    """Void or write off: dated today, with the reason."""
    invoice.state, invoice.closed_reason, invoice.closed_on = state, reason, today()
    invoice.paid_at = None
    db.session.flush()


def pay_off(invoice: Invoice) -> None:
    """Nothing is owed any more."""
    invoice.state, invoice.paid_at = "paid", now()
    db.session.flush()


def reopen(invoice: Invoice) -> None:
    """It is to be paid (again)."""
    invoice.state, invoice.closed_reason = "open", ""
    invoice.closed_on = invoice.paid_at = None
    db.session.flush()


def add_note(held: Held, amount: int, reason: str, once: str | None) -> CreditNote:
    """Write the credit note, dated today, with its number and its part of the tax."""
    invoice = held.row
    tax = select(func.coalesce(func.sum(InvoiceLine.amount), 0)).where(
        InvoiceLine.invoice_id == invoice.id, InvoiceLine.kind == "tax"
    )
    taken = select(func.coalesce(func.sum(CreditNote.tax_amount), 0)).where(
        CreditNote.invoice_id == invoice.id
    )
    name = f"CN-{Period.of(today()).compact}"
    note = CreditNote(
        number=numbering.document_number(name, numbering.take(name)[0]),
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
        amount=amount,
        tax_amount=tax_part(
            amount,
            total=invoice.total,
            tax=int(db.session.scalar(tax) or 0),
            before=held.credited,
            tax_before=int(db.session.scalar(taken) or 0),
        ),
        reason=reason,
        booked_on=today(),
        created_at=now(),
        once=once,
    )
    db.session.add(note)
    db.session.flush()
    return note


def replace(invoice: Invoice) -> int | None:
    """Issue the period of a void invoice again, at today's terms; the new one's id.

    None when the line gets no invoice for that period now. The runs are held (`hold_runs`).
    """
    period = Period.parse(invoice.period)
    if not billing.issue_chunk(period, only_due=False, lines=[invoice.subscription_id]):
        return None
    new = db.session.scalars(
        select(Invoice)
        .where(
            Invoice.subscription_id == invoice.subscription_id,
            Invoice.period == invoice.period,
            Invoice.state != "void",
        )
        .execution_options(populate_existing=True)
    ).one()
    new.replaces_id = invoice.id
    db.session.flush()
    return new.id


@dataclass(frozen=True)
class Story:
    """Why an invoice was closed, and which one it stands for or is replaced by."""

    reason: str
    on: date | None
    replaces: Invoice | None
    replaced_by: Invoice | None


def story_of(invoice_id: int) -> Story:
    """How an invoice was corrected, for its page."""
    row = db.session.get_one(Invoice, invoice_id)
    after = db.session.scalar(select(Invoice).where(Invoice.replaces_id == invoice_id))
    before = db.session.get(Invoice, row.replaces_id) if row.replaces_id else None
    return Story(row.closed_reason, row.closed_on, before, after)


def notes_of(invoice_id: int) -> list[CreditNote]:
    """The invoice's credit notes, the oldest first."""
    return list(
        db.session.scalars(
            select(CreditNote).where(CreditNote.invoice_id == invoice_id).order_by(CreditNote.id)
        )
    )
