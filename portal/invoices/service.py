"""Changing invoices: allocations that settle them, reminders that fall due.

Corrections are in `corrections.py`.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import and_, or_, select, update

from portal.extensions import db
from portal.infra import events
from portal.infra.database import updated
from portal.infra.timekeeping import now, today
from portal.invoices.events import InvoiceReminderDue
from portal.invoices.models import Allocation, Invoice
from portal.invoices.queries import owed_amount
from portal.settings import service as settings


def lock_open(invoice_ids: Sequence[int]) -> list[tuple[Invoice, int]]:
    """Lock these invoices and tell what each still owes (rupiah), in the order given.

    Those that are not open any more are left out. Locked by id, so that two payments
    for the same invoices never wait for each other in a circle.
    """
    db.session.execute(
        select(Invoice.id).where(Invoice.id.in_(invoice_ids)).order_by(Invoice.id).with_for_update()
    ).all()
    rows = db.session.execute(
        select(Invoice, owed_amount())
        .where(Invoice.id.in_(invoice_ids), Invoice.state == "open")
        .execution_options(populate_existing=True)
    )
    found = {invoice.id: (invoice, int(owed)) for invoice, owed in rows}
    return [found[wanted] for wanted in invoice_ids if wanted in found]


def open_ids(customer_id: int) -> list[int]:
    """The customer's open invoices, the oldest due first."""
    return list(
        db.session.scalars(
            select(Invoice.id)
            .where(Invoice.customer_id == customer_id, Invoice.state == "open")
            .order_by(Invoice.due_on, Invoice.id)
        )
    )


def allocate(payment_id: int, amount: int, invoice_ids: Sequence[int]) -> tuple[int, list[int]]:
    """Spend `amount` rupiah of a payment on these invoices, in order.

    Returns what is left over and the ids that are paid now. Void, written-off and paid
    invoices take nothing. Emits nothing: the caller tells when its own rows are written.
    """
    paid: list[int] = []
    for invoice, owed in lock_open(invoice_ids):
        if amount <= 0:
            break
        part = min(amount, owed)
        if part > 0:
            db.session.add(
                Allocation(
                    payment_id=payment_id, invoice_id=invoice.id, amount=part, created_at=now()
                )
            )
            amount -= part
        if part == owed and _pay_off(invoice.id):
            paid.append(invoice.id)
    db.session.flush()
    return amount, paid


def _pay_off(invoice_id: int) -> bool:
    closed = updated(
        update(Invoice)
        .where(Invoice.id == invoice_id, Invoice.state == "open")
        .values(state="paid", paid_at=now()),
        refresh=True,
    )
    return closed == 1


def remind_due() -> int:
    """Emit the reminders and overdue notices whose day has come; returns how many.

    Each step (H-7, H-3, H-1, H+1…) is taken once per invoice, whatever runs how often.
    A step missed while the machine was off is made up for by the latest one that applies,
    with the true number of days; a step before the invoice was even issued is skipped.
    """
    day = today()
    count = 0
    for invoice_id, step, left in steps_due(day):
        if _take_step(invoice_id, step):
            events.emit(InvoiceReminderDue(invoice_id, step, left))
            count += 1
    return count


def notice_steps() -> list[int]:
    """Days before the due date (below zero: after it) on which something is said."""
    before, after = settings.days("reminders.before"), settings.days("reminders.after")
    return sorted({*before, *(-d for d in after)})


def steps_due(day: date) -> list[tuple[int, int, int]]:
    """(invoice, step, days left) of what is to be said on a day; nothing is taken yet."""
    steps = notice_steps()
    found = []
    for step, below in zip(steps, [None, *steps[:-1]], strict=False):  # none: nothing to do
        window = Invoice.due_on <= day + timedelta(days=step)
        if below is not None:
            window = and_(window, Invoice.due_on > day + timedelta(days=below))
        rows = db.session.execute(
            select(Invoice.id, Invoice.due_on, Invoice.issued_on).where(
                Invoice.state == "open",
                or_(Invoice.last_notice.is_(None), Invoice.last_notice > step),
                window,
            )
        ).all()
        found += [
            (invoice_id, step, (due_on - day).days)
            for invoice_id, due_on, issued_on in rows
            if issued_on < due_on - timedelta(days=step)
        ]
    return found


def _take_step(invoice_id: int, step: int) -> bool:
    taken = updated(
        update(Invoice)
        .where(
            Invoice.id == invoice_id,
            Invoice.state == "open",
            or_(Invoice.last_notice.is_(None), Invoice.last_notice > step),
        )
        .values(last_notice=step)
    )
    return taken == 1
