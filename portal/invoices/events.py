"""What happened to invoices, for `portal/reactions.py`."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class InvoicesIssued:
    """A chunk of invoices was issued in this transaction; `tell` their customers at once."""

    invoice_ids: Sequence[int]
    tell: bool = True


@dataclass(frozen=True)
class InvoicesToTell:
    """A person asked that customers be told of these invoices, which were issued silently."""

    invoice_ids: Sequence[int]
    tell: bool = True


@dataclass(frozen=True)
class InvoiceReminderDue:
    """A reminder step of an unpaid invoice has come.

    `step` is 7, 3, 1 before the due date or -1, -3, -7 after it; `days_left` is the
    true distance today, negative when overdue.
    """

    invoice_id: int
    step: int
    days_left: int


@dataclass(frozen=True)
class InvoicesClosed:
    """Invoices no longer owe anything: paid, void or written off."""

    invoice_ids: Sequence[int]
