"""Issuing by hand in a test, and what stands on an invoice."""

from portal.core.period import Period
from portal.extensions import db
from portal.invoices import billing
from portal.invoices.models import Invoice, InvoiceLine
from portal.settings import service as settings
from tests import factories

NOVEMBER = Period.parse("2026-11")


def issue(period: Period = NOVEMBER, only_due: bool = False) -> list[Invoice]:
    """Issue everything; the invoices that are new."""
    before = {one.id for one in factories.every(Invoice)}
    while billing.issue_chunk(period, only_due=only_due):
        db.session.commit()
    return [one for one in factories.every(Invoice) if one.id not in before]


def parts(invoice: Invoice) -> list[tuple[str, int]]:
    """Kind and rupiah of each line, in order; they are numbered and add up."""
    rows = [row for row in factories.every(InvoiceLine) if row.invoice_id == invoice.id]
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    assert sum(row.amount for row in rows) == invoice.total
    return [(row.kind, row.amount) for row in rows]


def prorate(rule: str = "actual") -> None:
    """Part months are billed by this rule."""
    settings.change("billing.proration", rule)
    db.session.commit()
