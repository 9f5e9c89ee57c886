"""Which customer a Telegram user is, for whoever speaks with Telegram."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.customers.models import Customer
from portal.extensions import Model
from portal.infra.types import UtcDateTime


class TelegramUser(Model):
    """A person on Telegram, by the id Telegram gave; `username` is only what they call themselves.

    `customer_id` is empty until an order or a proven phone number says who it is.
    """

    __tablename__ = "telegram_user"

    id: Mapped[int] = mapped_column(primary_key=True)
    telegram_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    username: Mapped[str] = mapped_column(String(80), default="")
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    linked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    customer: Mapped[Customer | None] = relationship()
