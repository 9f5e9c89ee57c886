"""Invoices and their lines. Paid, partly paid and overdue are derived, never stored twice."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.customers.models import Customer
from portal.extensions import Model
from portal.infra.types import State, UtcDateTime

_LIVE = text("state <> 'void'")
_LOCKED = text("reopened_at IS NULL")

OTHER_SYSTEM = "LAMA/"
"""What stands before the number of an invoice that came from another system."""


class Invoice(Model):
    """One subscription and period; unique while not void. Amounts in rupiah.

    `state`: open, paid, void, written_off. `plan_name` and `plan_price` are a snapshot.
    `replaces_id` is the void invoice it stands for; `closed_on` the local day it was voided
    or written off.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        Index(
            "uq_invoice_subscription_period_live",
            "subscription_id",
            "period",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index("ix_invoice_state_due_on", "state", "due_on"),
        Index("ix_invoice_customer_id_state", "customer_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    period: Mapped[str] = mapped_column(String(7), index=True)
    # First and last day billed; empty on invoices from before cycles: the whole month.
    covers_from: Mapped[date | None]
    covers_to: Mapped[date | None]
    plan_name: Mapped[str] = mapped_column(String(120))
    plan_price: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(State(), default="open")
    issued_on: Mapped[date]
    due_on: Mapped[date]
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The last reminder step taken: 7, 3, 1 days before, then -1, -3, -7 after.
    last_notice: Mapped[int | None]
    closed_reason: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Which pay link counts; links of older versions are revoked (`links.py`).
    link_version: Mapped[int] = mapped_column(default=1, server_default="1")
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    closed_on: Mapped[date | None]

    customer: Mapped[Customer] = relationship()
    lines: Mapped[list["InvoiceLine"]] = relationship(order_by="InvoiceLine.position")


class InvoiceLine(Model):
    """One line; `kind`: plan, proration, discount, fee, late_fee, tax. Amount in rupiah."""

    __tablename__ = "invoice_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(State())
    description: Mapped[str] = mapped_column(String(200))
    amount: Mapped[int] = mapped_column(BigInteger)


class Allocation(Model):
    """Part of a payment that settles part of an invoice, in rupiah; append-only.

    It lives with invoices, so that what is still owed can be read without payments.
    """

    __tablename__ = "allocation"

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CreditNote(Model):
    """An amount (rupiah) taken off an issued invoice; append-only, the invoice keeps its total.

    `tax_amount` is the part of it that was tax. What was paid beyond the lower amount goes
    back to the customer's credit.
    """

    __tablename__ = "credit_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    tax_amount: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(200))
    booked_on: Mapped[date] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The form's one-time key: sent twice is one note.
    once: Mapped[str | None] = mapped_column(String(64), unique=True)


class MonthLock(Model):
    """A month whose books are closed (`period`, YYYY-MM); reopened ones stay as history."""

    __tablename__ = "month_lock"
    __table_args__ = (
        Index(
            "uq_month_lock_period_live",
            "period",
            unique=True,
            sqlite_where=_LOCKED,
            postgresql_where=_LOCKED,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(String(7))
    reason: Mapped[str] = mapped_column(String(200))
    locked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    locked_by: Mapped[str] = mapped_column(String(80))
    reopened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopened_by: Mapped[str] = mapped_column(String(80), default="")
    reopen_reason: Mapped[str] = mapped_column(String(200), default="")
