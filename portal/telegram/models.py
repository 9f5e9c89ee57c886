"""Where a conversation stands, and the payments that were asked for in one."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import EncryptedText, State, UtcDateTime


class TelegramTalk(Model):
    """A person's conversation with the bot. `step` is what was asked last, empty for nothing;
    it ends at `step_until`. `data` are the answers so far. `code_token` is what a login code that
    was asked for here is checked with. `heard` counts what came since `heard_from`.
    """

    __tablename__ = "telegram_talk"

    id: Mapped[int] = mapped_column(primary_key=True)
    telegram_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    step: Mapped[str] = mapped_column(State(), default="")
    step_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    code_token: Mapped[str | None] = mapped_column(EncryptedText)
    heard: Mapped[int] = mapped_column(default=0)
    heard_from: Mapped[datetime] = mapped_column(UtcDateTime)


class TelegramBill(Model):
    """A payment somebody wants to make in a chat: of an order for work, or of a customer's open
    invoices. `state`: wanted, shown, failed. Opening it asks the gateway, so it is a step of its
    own that can be taken again.
    """

    __tablename__ = "telegram_bill"
    __table_args__ = (Index("ix_telegram_bill_state_next_at", "state", "next_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    telegram_id: Mapped[int] = mapped_column(BigInteger, index=True)
    service_order_id: Mapped[int | None] = mapped_column(ForeignKey("service_order.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    invoice_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    payment_order_id: Mapped[int | None] = mapped_column(ForeignKey("payment_order.id"), index=True)
    state: Mapped[str] = mapped_column(State(), default="wanted")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
