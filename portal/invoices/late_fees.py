"""The late fee: asked once for each overdue invoice, taken by the line's next invoice."""

from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.core.money import percent_bp
from portal.extensions import db
from portal.infra.database import is_postgres
from portal.infra.timekeeping import now, today
from portal.invoices.models import Invoice, InvoiceLine
from portal.invoices.models_terms import Charge
from portal.invoices.queries import owed_amount
from portal.settings import service as settings

SINCE = "billing.late_fee_since"


def charge_late() -> int:
    """Ask the fee for invoices that became late enough; returns for how many.

    Only for those whose day came after the owner switched the fee on: switching it on
    charges nobody for the past. In the caller's transaction; safe to run at any time.
    """
    kind, day = settings.text("billing.late_fee"), today()
    since = settings.internal(SINCE)
    if kind == "none" or since is None:
        wanted = None if kind == "none" else day.isoformat()
        if since != wanted:
            settings.set_internal(SINCE, wanted)
        if wanted is None:
            return 0
        since = wanted
    count = 0
    for invoice, owed, fees in _late(date.fromisoformat(since), day):
        if amount := _fee(invoice, owed, fees):
            count += _ask(invoice, amount)
    return count


def ahead(days: int) -> tuple[int, int]:
    """(invoices, rupiah) that get a fee within so many days if nobody pays, from today on."""
    if settings.text("billing.late_fee") == "none":
        return 0, 0
    found = [_fee(*one) for one in _late(today(), today() + timedelta(days=days))]
    return sum(1 for amount in found if amount), sum(found)


def _fee(invoice: Invoice, owed: int, fees: int) -> int:
    """The fee in rupiah; never a fee on a fee."""
    base = min(owed, invoice.total - fees)
    if base <= 0:
        return 0
    if settings.text("billing.late_fee") == "amount":
        return settings.integer("billing.late_fee_amount")
    return percent_bp(base, settings.integer("billing.late_fee_bp"))


def _late(since: date, day: date) -> list[tuple[Invoice, int, int]]:
    """Open invoices whose fee is due: (invoice, what is owed, late fees in it)."""
    days = timedelta(days=settings.integer("billing.late_fee_days"))
    fees = (
        select(func.coalesce(func.sum(InvoiceLine.amount), 0))
        .where(InvoiceLine.invoice_id == Invoice.id, InvoiceLine.kind == "late_fee")
        .correlate(Invoice)
        .scalar_subquery()
    )
    asked = select(Charge.id).where(Charge.late_invoice_id == Invoice.id).exists()
    rows = db.session.execute(
        select(Invoice, owed_amount(), fees)
        .where(
            Invoice.state == "open",
            Invoice.due_on <= day - days,
            Invoice.due_on >= since - days,
            ~asked,
        )
        .order_by(Invoice.id)
    )
    return [(invoice, int(owed), int(fee)) for invoice, owed, fee in rows]


def _ask(invoice: Invoice, amount: int) -> int:
    """1, or 0 when another run asked for this invoice meanwhile."""
    insert = (postgresql if is_postgres() else sqlite).insert(Charge)
    asked = insert.values(
        subscription_id=invoice.subscription_id,
        kind="late_fee",
        description=f"Denda keterlambatan {invoice.number}",
        amount=amount,
        late_invoice_id=invoice.id,
        created_at=now(),
    ).on_conflict_do_nothing(index_elements=["late_invoice_id"])
    return len(db.session.execute(asked.returning(Charge.id)).all())
