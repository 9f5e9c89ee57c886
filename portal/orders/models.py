"""Orders for work: a new line, another plan. Not to be confused with `PaymentOrder`, which is
one attempt to pay."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Staff
from portal.customers.models import Area, Customer
from portal.extensions import Model
from portal.infra.types import State, UtcDateTime
from portal.payments.models import PaymentOrder
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription


class ServiceOrder(Model):
    """What somebody ordered, for whom and where.

    `kind`: install (a new line), change (another plan for `subscription_id`). `state`: see
    `states.py`. Prices are rupiah as they were when it was placed; `amount` is what is to be
    paid first, 0 for nothing; `quoted` the difference of a change that was agreed to.
    `token` opens the customer's page of it; `form_key` is the form's own, so that a form sent
    twice is one order. `telegram_id` says who ordered there.
    """

    __tablename__ = "service_order"
    __table_args__ = (
        Index("ix_service_order_state_expires_at", "state", "expires_at"),
        Index("ix_service_order_phone_placed_at", "phone", "placed_at"),
        Index("ix_service_order_ip_placed_at", "ip", "placed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(State())
    state: Mapped[str] = mapped_column(State(), default="pending")
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"), index=True)
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"), index=True)
    at_once: Mapped[bool] = mapped_column(default=False, server_default=false())
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str] = mapped_column(String(20), default="")
    address: Mapped[str] = mapped_column(Text, default="")
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    note: Mapped[str] = mapped_column(String(500), default="")
    plan_name: Mapped[str] = mapped_column(String(120), default="")
    plan_price: Mapped[int] = mapped_column(BigInteger, default=0)
    install_fee: Mapped[int] = mapped_column(BigInteger, default=0)
    amount: Mapped[int] = mapped_column(BigInteger, default=0)
    quoted: Mapped[int] = mapped_column(BigInteger, default=0)
    telegram_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    ip: Mapped[str] = mapped_column(String(45), default="")
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    scheduled_on: Mapped[date | None] = mapped_column(index=True)
    slot: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    customer: Mapped[Customer] = relationship()
    plan: Mapped[Plan | None] = relationship()
    area: Mapped[Area | None] = relationship()
    subscription: Mapped[Subscription | None] = relationship()
    technician: Mapped[Staff | None] = relationship()


class ServiceOrderAttempt(Model):
    """An attempt to pay a service order: which payment order is for it."""

    __tablename__ = "service_order_attempt"

    payment_order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"), primary_key=True)
    service_order_id: Mapped[int] = mapped_column(ForeignKey("service_order.id"), index=True)

    payment_order: Mapped[PaymentOrder] = relationship()
