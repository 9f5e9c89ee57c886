"""Changes of customers' phones, from the asking to the proof."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import State, UtcDateTime


class PhoneChange(Model):
    """A customer wants another number (E.164) and must prove it by the challenge's code.

    `also` are ids of customers of the same old number that change with it. `state`: pending,
    done, replaced (another was asked for), dropped (by the customer).
    """

    __tablename__ = "phone_change"
    __table_args__ = (Index("ix_phone_change_customer_id_created_at", "customer_id", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    challenge_id: Mapped[int] = mapped_column(ForeignKey("otp_challenge.id"), unique=True)
    old_phone: Mapped[str] = mapped_column(String(20))
    new_phone: Mapped[str] = mapped_column(String(20))
    also: Mapped[list[int]] = mapped_column(JSON, default=list)
    state: Mapped[str] = mapped_column(State(), default="pending")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
