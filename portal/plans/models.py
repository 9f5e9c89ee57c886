"""Plans: what is sold, and for how much a month."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import State, UtcDateTime


class Plan(Model):
    """A tariff. `price` in rupiah per month; empty day counts fall back to the settings."""

    __tablename__ = "plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    price: Mapped[int] = mapped_column(BigInteger)
    billing: Mapped[str] = mapped_column(State(), default="postpaid")
    due_days: Mapped[int | None]
    grace_days: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
