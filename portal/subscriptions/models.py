"""Subscriptions: one service line of one customer."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.cycles import Terms
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
    def terms(self) -> Terms:
        """How it is billed: the plan's numbers, on the plan's day or its own."""
        return self.plan.terms(self.billing_day)

    @property
    def price(self) -> int:
        """Rupiah a month for this line."""
        return self.plan.price if self.custom_price is None else self.custom_price


class SubscriptionPause(Model):
    """Days without service that are not billed: from `from_on` up to, not with, the wake-up.

    `wake_on` is the plan, `woke_on` what happened; empty while the pause is on.
    """

    __tablename__ = "subscription_pause"
    __table_args__ = (
        Index(
            "uq_subscription_pause_open",
            "subscription_id",
            unique=True,
            sqlite_where=text("woke_on IS NULL"),
            postgresql_where=text("woke_on IS NULL"),
        ),
        Index("ix_subscription_pause_subscription_id", "subscription_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    from_on: Mapped[date]
    wake_on: Mapped[date]
    woke_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PlanChange(Model):
    """A change of plan on a day; prices are rupiah a month, `from_price` a snapshot.

    Waits while `applied_at` and `cancelled_at` are both empty.
    """

    __tablename__ = "plan_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), index=True)
    on_day: Mapped[date] = mapped_column(index=True)
    from_plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    to_plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    from_price: Mapped[int] = mapped_column(BigInteger)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
