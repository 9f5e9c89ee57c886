"""Subscriptions: one service line of one customer."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.customers.models import Customer
from portal.extensions import Model
from portal.infra.types import State, UtcDateTime
from portal.plans.models import Plan


class Subscription(Model):
    """A plan delivered to a customer under a service login.

    `state`: active, isolated (walled off, still billed), paused, ended. It is what we
    want; what the router really does is in `network_access`. `custom_price` in rupiah
    overrides the plan's price for this line only.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        CheckConstraint("billing_day BETWEEN 1 AND 31", name="billing_day"),
        Index("ix_subscription_state_billing_day", "state", "billing_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    router_id: Mapped[int | None] = mapped_column(ForeignKey("router.id"), index=True)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    billing_day: Mapped[int]
    custom_price: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(State(), default="active")
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    started_on: Mapped[date]
    # The nightly invoice run leaves out billing days before this date: a line imported
    # on the 21st was billed by somebody else on the 5th. `flask billing run` does not care.
    auto_from: Mapped[date]
    ended_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    customer: Mapped[Customer] = relationship()
    plan: Mapped[Plan] = relationship(lazy="joined")

    @property
    def price(self) -> int:
        """Rupiah a month for this line."""
        return self.plan.price if self.custom_price is None else self.custom_price
