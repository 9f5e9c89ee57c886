"""Customers and the areas they live in."""

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.extensions import Model
from portal.infra.types import State, UtcDateTime


class Area(Model):
    """A neighbourhood or region, as the ISP names it; `collector_id` is who collects there."""

    __tablename__ = "area"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    collector_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)


class Customer(UserMixin, Model):
    """One payer. Messages go to `phone`; either number (E.164) may log in.

    Several customers may share a number. `status`: active or closed; who ordered and has no
    service yet is a prospect, or lapsed when nothing was paid. Only who is active is a customer
    to logins, bills, broadcasts and lists.
    """

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_phone", "phone"),
        Index("ix_customer_phone_alt", "phone_alt"),
        Index("ix_customer_name", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str] = mapped_column(String(20))
    phone_alt: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(190))
    address: Mapped[str] = mapped_column(Text, default="")
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    language: Mapped[str] = mapped_column(String(5), default="id")
    status: Mapped[str] = mapped_column(State(), default="active")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    area: Mapped[Area | None] = relationship(lazy="joined")

    login_token = ""
    """Of the session that loaded this row."""

    def get_id(self) -> str:
        return f"customer:{self.id}:{self.login_token}"

    @property
    def is_active(self) -> bool:
        return self.status == "active"
