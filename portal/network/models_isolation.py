"""What postpones isolation, and runs that wait for a person."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import State, UtcDateTime

_WAITING = text("state = 'waiting'")


class PaymentPromise(Model):
    """A customer's word to pay up to and including a day, written down by staff.

    Nothing is deleted: a promise taken back keeps its row and says when.
    """

    __tablename__ = "payment_promise"
    __table_args__ = (Index("ix_payment_promise_customer_id_until_on", "customer_id", "until_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    made_on: Mapped[date]
    until_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_on: Mapped[date | None]


class RapelTerm(Model):
    """A customer who pays several months at once: how many may be late; 0 ends it."""

    __tablename__ = "rapel_term"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    months: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IsolationStop(Model):
    """A run that would have walled off too many: nothing of it happens before a person decides.

    `lines` are the ids it would have walled off, of `customers` out of `base` active ones.
    `state`: waiting, confirmed, cancelled, expired (its day passed). Counts for `day` only.
    """

    __tablename__ = "isolation_stop"
    __table_args__ = (
        Index(
            "uq_isolation_stop_waiting",
            "state",
            unique=True,
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index("ix_isolation_stop_day", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    state: Mapped[str] = mapped_column(State(), default="waiting")
    lines: Mapped[list[int]] = mapped_column(JSON)
    customers: Mapped[int]
    base: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
