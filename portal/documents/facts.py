"""What an invoice or a receipt says, read from the books. Amounts in rupiah.

Only what does not change by looking later: no "overdue", no "days left", no time of printing.
`masked` is for whoever holds a pay link: the name masked, no number, no address.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select

from portal.customers.login import masked_name
from portal.customers.models import Customer
from portal.extensions import db
from portal.invoices import corrections
from portal.invoices import queries as invoices
from portal.invoices.models import CreditNote, Invoice
from portal.payments import queries as payments
from portal.payments.models import Payment, PaymentOrder, Refund


@dataclass(frozen=True)
class Identity:
    """Who issues the document."""

    name: str
    address: str
    phone: str
    npwp: str
    portal: str
    logo: bytes | None = field(repr=False, default=None)


@dataclass(frozen=True)
class Payer:
    """Whose bill it is."""

    name: str
    number: str = ""
    address: str = ""


@dataclass(frozen=True)
class Part:
    """Part of a payment for an invoice."""

    number: str
    amount: int
    paid_at: date | None = None
    period: str = ""


@dataclass(frozen=True)
class Bill:
    """An invoice. `state`: open, paid, void, written_off. `credited` are its credit notes."""

    number: str
    period: str
    covers: tuple[date, date] | None
    plan: str
    issued_on: date
    due_on: date
    state: str
    total: int
    payer: Payer
    lines: Sequence[tuple[str, int]]
    paid: Sequence[Part]
    credited: Sequence[Part] = ()
    replaces: str = ""
    replaced_by: str = ""

    @property
    def remaining(self) -> int:
        return self.total - sum(part.amount for part in (*self.paid, *self.credited))


@dataclass(frozen=True)
class Receipt:
    """A payment. `whole`: all its invoices are paid; `cancelled`: it was reversed later;
    `reverses`: it is such a reversal itself."""

    number: str
    paid_at: datetime
    method: str
    reference: str
    amount: int
    payer: Payer
    invoices: Sequence[Part]
    credit: int
    whole: bool
    cancelled: bool
    reverses: bool


@dataclass(frozen=True)
class Slip:
    """A credit note (`about`: the invoice's number) or a refund (`about`: cash, transfer)."""

    kind: str
    number: str
    on: date
    payer: Payer
    about: str
    amount: int
    reason: str
    tax: int = 0
    reference: str = ""


def credit_note(note_id: int) -> Slip | None:
    """A credit note; None when there is none."""
    row = db.session.get(CreditNote, note_id)
    if row is None:
        return None
    about = db.session.get_one(Invoice, row.invoice_id).number
    payer = _payer(row.customer_id, masked=False)
    return Slip(
        "credit_note",
        row.number,
        row.booked_on,
        payer,
        about,
        row.amount,
        row.reason,
        row.tax_amount,
    )


def refund(refund_id: int) -> Slip | None:
    """Money given back; None when there is no such refund."""
    row = db.session.get(Refund, refund_id)
    if row is None:
        return None
    payer = _payer(row.customer_id, masked=False)
    return Slip(
        "refund",
        row.number,
        row.booked_on,
        payer,
        row.method,
        row.amount,
        row.reason,
        reference=row.reference,
    )


def bill(invoice_id: int, *, masked: bool = False) -> Bill | None:
    """An invoice with its lines and what was paid on it; None when there is none."""
    row = db.session.get(Invoice, invoice_id)
    if row is None:
        return None
    story = corrections.story_of(invoice_id)
    covers = (row.covers_from, row.covers_to) if row.covers_from and row.covers_to else None
    return Bill(
        number=row.number,
        period=row.period,
        covers=covers,
        plan=row.plan_name,
        issued_on=row.issued_on,
        due_on=row.due_on,
        state=row.state,
        total=row.total,
        payer=_payer(row.customer_id, masked),
        lines=[(line.description, line.amount) for line in invoices.lines_of(invoice_id)],
        paid=[
            Part(payment.number, part, payment.paid_at)
            for payment, part in payments.payments_of_invoice(invoice_id)
        ],
        credited=[
            Part(note.number, note.amount, note.booked_on)
            for note in corrections.notes_of(invoice_id)
        ],
        replaces=story.replaces.number if story.replaces else "",
        replaced_by=story.replaced_by.number if story.replaced_by else "",
    )


def receipt(payment_id: int, *, only: int | None = None, masked: bool = False) -> Receipt | None:
    """A payment with where it went; with `only` just its part for that invoice."""
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        return None
    parts = [
        (invoice, part)
        for invoice, part in payments.invoices_of_payment(payment_id)
        if only in (None, invoice.id)
    ]
    credit = sum(row.amount for row in payments.credit_rows(payment_id)) if only is None else 0
    reversed_by = db.session.scalar(select(Payment.id).where(Payment.reverses_id == payment_id))
    return Receipt(
        number=payment.number,
        paid_at=payment.paid_at,
        method=payment.method,
        reference="" if masked else _reference(payment.payment_order_id),
        amount=payment.amount if only is None else sum(part for _invoice, part in parts),
        payer=_payer(payment.customer_id, masked),
        invoices=[Part(invoice.number, part, period=invoice.period) for invoice, part in parts],
        credit=credit,
        whole=bool(parts) and all(invoice.state == "paid" for invoice, _part in parts),
        cancelled=reversed_by is not None,
        reverses=payment.reverses_id is not None,
    )


def _payer(customer_id: int, masked: bool) -> Payer:
    customer = db.session.get_one(Customer, customer_id)
    if masked:
        return Payer(masked_name(customer.name))
    return Payer(customer.name, customer.number, customer.address)


def _reference(order_pk: int | None) -> str:
    order = db.session.get(PaymentOrder, order_pk) if order_pk else None
    return order.order_id if order else ""
