"""What shapes a line's next invoices: discounts, one-off charges, and the tax by date."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import State, UtcDateTime


class SubscriptionDiscount(Model):
    """A discount on invoices issued up to `until_on` (none: for good).

    `kind`: amount (`value` in rupiah per invoice) or percent (`value` in basis points).
    """

    __tablename__ = "subscription_discount"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    kind: Mapped[str] = mapped_column(State())
    value: Mapped[int] = mapped_column(BigInteger)
    until_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(120))
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Charge(Model):
    """A one-off amount (rupiah) that the line's next invoice takes.

    `kind`: fee, late_fee, proration (may be negative: days paid for and not used). It waits
    while `invoice_id` is empty or names a void invoice. `late_invoice_id` is the overdue
    invoice a late fee is for; unique, so that it is asked once.
    """

    __tablename__ = "charge"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    kind: Mapped[str] = mapped_column(State())
    description: Mapped[str] = mapped_column(String(160))
    amount: Mapped[int] = mapped_column(BigInteger)
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    late_invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), unique=True)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TaxRate(Model):
    """PPN from a date on: basis points of `numerator`/`denominator` of what is taxed."""

    __tablename__ = "tax_rate"

    id: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(unique=True)
    rate_bp: Mapped[int]
    numerator: Mapped[int] = mapped_column(default=1)
    denominator: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
