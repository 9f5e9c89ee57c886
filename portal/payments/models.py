"""Payment orders (attempts to pay online), payments, credit, and what needs a person."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.customers.models import Customer
from portal.extensions import Model
from portal.infra.types import State, UtcDateTime


class PaymentOrder(Model):
    """One attempt to pay online, with its own unguessable `order_id`.

    `amount` is what we ask for and verify, in rupiah; `total` adds the gateway's fee when
    it told us. `state`: pending, settled, expired, cancelled. Money may still arrive for
    an expired or cancelled order: it is settled then, see `states.py`.

    `method` is empty for the gateway's own page (`pay_url`); otherwise `pay_code` holds what
    is paid with here, a QRIS string or an account number. `unique_code` is the part of
    `amount` that was added so that no other waiting order has the same amount. `advance` is
    the part that is for no invoice and becomes credit, as somebody means it to.
    """

    __tablename__ = "payment_order"
    __table_args__ = (
        Index("ix_payment_order_state_next_check_at", "state", "next_check_at"),
        Index("ix_payment_order_customer_id_state", "customer_id", "state"),
        Index(
            "uq_payment_order_open_amount",
            "gateway",
            "amount",
            unique=True,
            sqlite_where=text("unique_code IS NOT NULL AND state = 'pending'"),
            postgresql_where=text("unique_code IS NOT NULL AND state = 'pending'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(String(64), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    gateway: Mapped[str] = mapped_column(State(30))
    reference: Mapped[str] = mapped_column(String(120), default="")
    amount: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int | None] = mapped_column(BigInteger)
    method: Mapped[str] = mapped_column(String(40), default="")
    pay_url: Mapped[str] = mapped_column(Text, default="")
    pay_code: Mapped[str] = mapped_column(Text, default="", server_default="")
    unique_code: Mapped[int | None]
    advance: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    state: Mapped[str] = mapped_column(State(), default="pending")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checks: Mapped[int] = mapped_column(default=0)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_check_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_answer: Mapped[str] = mapped_column(Text, default="")

    customer: Mapped[Customer] = relationship()
    invoices: Mapped[list["PaymentOrderInvoice"]] = relationship(
        order_by="PaymentOrderInvoice.position"
    )
    ahead: Mapped["PaymentAhead | None"] = relationship()


class PaymentOrderInvoice(Model):
    """An invoice the payer chose for this order, in the order of choosing."""

    __tablename__ = "payment_order_invoice"

    payment_order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"), primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), primary_key=True, index=True)
    position: Mapped[int]


class PaymentAhead(Model):
    """Months of a line that an order pays ahead, as they were quoted; issued when it settles.

    `periods` are [period, rupiah] of each invoice, `amount` their sum. What the saving was
    (`core/ahead.py`) is promised, whatever the owner's rule says later.
    """

    __tablename__ = "payment_ahead"

    payment_order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"), primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    months: Mapped[int]
    discount_bp: Mapped[int] = mapped_column(default=0)
    free_months: Mapped[int] = mapped_column(default=0)
    amount: Mapped[int] = mapped_column(BigInteger)
    periods: Mapped[list[list[Any]]] = mapped_column(JSON)


class PaymentProof(Model):
    """A photo a customer sent to show a transfer. `state`: waiting, accepted, refused.

    It proves nothing by itself: a cashier looks at the bank account. The photo is forgotten
    before the row is.
    """

    __tablename__ = "payment_proof"

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"), index=True)
    media_file_id: Mapped[int | None] = mapped_column(
        ForeignKey("media_file.id", ondelete="SET NULL"), index=True
    )
    state: Mapped[str] = mapped_column(State(), default="waiting")
    note: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Payment(Model):
    """Money that arrived, in rupiah; append-only. A reversal is a new row with `reverses_id`.

    At most one payment per payment order (unique), whatever webhooks say. `booked_on` is the
    local day it counts for in reports and closings: the day of `paid_at`, or, when that month
    was locked by then, the day it was recorded. `taken_by_id` is who took it at the counter.
    """

    __tablename__ = "payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    payment_order_id: Mapped[int | None] = mapped_column(
        ForeignKey("payment_order.id"), unique=True
    )
    amount: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(State(30))
    method: Mapped[str] = mapped_column(String(40), default="")
    paid_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(String(200), default="")
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True)
    # Never empty; the column allows it because SQLite adds no NOT NULL one without a default.
    booked_on: Mapped[date] = mapped_column(nullable=True, index=True)
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)

    customer: Mapped[Customer] = relationship()


class Credit(Model):
    """A movement of a customer's credit, in rupiah; the balance is the sum.

    Money left over from a payment is a plus row; using it for an invoice is a minus row
    of the same payment beside an allocation, so payment = allocations + credit + refunds holds.
    A minus row with `refund_id` was given back.
    """

    __tablename__ = "credit"
    __table_args__ = (Index("ix_credit_customer_id", "customer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"), index=True)
    reason: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Refund(Model):
    """Credit given back to the customer, in rupiah; append-only. `method`: cash, transfer.

    Its credit rows name the payments the money came from. `paid_by_id` is whose drawer or
    account it left; `reference` says where it went.
    """

    __tablename__ = "refund"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    method: Mapped[str] = mapped_column(State())
    reference: Mapped[str] = mapped_column(String(120), default="")
    reason: Mapped[str] = mapped_column(String(200))
    booked_on: Mapped[date] = mapped_column(index=True)
    paid_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The form's one-time key: sent twice is one refund.
    once: Mapped[str | None] = mapped_column(String(64), unique=True)

    customer: Mapped[Customer] = relationship()


class AttentionItem(Model):
    """Something about money a person must look at. `state`: open, resolved."""

    __tablename__ = "attention_item"
    __table_args__ = (Index("ix_attention_item_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(160), unique=True)
    kind: Mapped[str] = mapped_column(State(40))
    sentence: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    payment_order_id: Mapped[int | None] = mapped_column(ForeignKey("payment_order.id"))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    state: Mapped[str] = mapped_column(State(), default="open")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_by: Mapped[str] = mapped_column(String(80), default="")
    resolution: Mapped[str] = mapped_column(Text, default="")
