"""What people at the counter answer for: takings, collectors' settlements, closed days.

The money itself is in `payments`; a row here says who took it, handed it over, counted it.
Nothing is edited afterwards: a wrong settlement is reversed by a row of its own, a closed
day is reopened and closed again.
"""

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    String,
    TextClause,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Staff
from portal.extensions import Model
from portal.infra.types import UtcDateTime
from portal.payments.models import Payment

_LIVE = text("NOT released")
_CLOSED = text("reopened_at IS NULL")


def standing(model: type[Model]) -> TextClause:
    """Rows that were not released, in the very words of the partial indexes: SQLite uses them
    for nothing else, and without them walks through every row for every payment."""
    return text(f"NOT {model.__tablename__}.released")


class CounterTaking(Model):
    """One payment taken at the counter. `once` came with the form: a second press of the same
    form finds this row. `received` is the cash handed over, in rupiah; the rest went back."""

    __tablename__ = "counter_taking"

    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    once: Mapped[str] = mapped_column(String(64), unique=True)
    received: Mapped[int | None] = mapped_column(BigInteger)

    payment: Mapped[Payment] = relationship()


class Settlement(Model):
    """Cash a collector handed to a cashier, in rupiah.

    `expected` is the sum of its payments, `counted` what really came; a difference has a
    note. A row with `reverses_id` takes another one back, with minus amounts.
    """

    __tablename__ = "settlement"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    once: Mapped[str] = mapped_column(String(64), unique=True)
    collector_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    received_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    booked_on: Mapped[date]
    expected: Mapped[int] = mapped_column(BigInteger)
    counted: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(String(200), default="")
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("settlement.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    collector: Mapped[Staff] = relationship(foreign_keys=[collector_id], lazy="joined")
    received_by: Mapped[Staff] = relationship(foreign_keys=[received_by_id], lazy="joined")


class SettlementPayment(Model):
    """A payment handed over in a settlement: in one at most, unless that was reversed, which
    releases it."""

    __tablename__ = "settlement_payment"
    __table_args__ = (
        Index(
            "uq_settlement_payment_live",
            "payment_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlement.id"), primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    released: Mapped[bool] = mapped_column(default=False)


class Closing(Model):
    """A cashier's day, counted and closed; a reopened one stays as history. In rupiah.

    `expected` = `opening` + its entries. `pieces` is how many of each note and coin were
    counted (value -> count), when they were.
    """

    __tablename__ = "closing"
    __table_args__ = (
        Index(
            "uq_closing_cashier_id_day_live",
            "cashier_id",
            "day",
            unique=True,
            sqlite_where=_CLOSED,
            postgresql_where=_CLOSED,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    once: Mapped[str] = mapped_column(String(64), unique=True)
    cashier_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    day: Mapped[date]
    opening: Mapped[int] = mapped_column(BigInteger)
    expected: Mapped[int] = mapped_column(BigInteger)
    counted: Mapped[int] = mapped_column(BigInteger)
    pieces: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    note: Mapped[str] = mapped_column(String(200), default="")
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reopened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopened_by: Mapped[str] = mapped_column(String(80), default="")
    reopen_reason: Mapped[str] = mapped_column(String(200), default="")

    cashier: Mapped[Staff] = relationship(lazy="joined")


class ClosingEntry(Model):
    """One movement of a closed drawer: exactly one of payment, settlement, refund.

    `amount` is what it did to the drawer, in rupiah: a refund is minus. Each movement is in
    one closing at most, unless that was reopened, which releases it.
    """

    __tablename__ = "closing_entry"
    __table_args__ = tuple(
        Index(
            f"uq_closing_entry_{name}_live",
            f"{name}_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        )
        for name in ("payment", "settlement", "refund")
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    closing_id: Mapped[int] = mapped_column(ForeignKey("closing.id"), index=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    settlement_id: Mapped[int | None] = mapped_column(ForeignKey("settlement.id"))
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    released: Mapped[bool] = mapped_column(default=False)
