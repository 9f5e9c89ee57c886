"""The outbox: messages, the attempts to send them, and the configured channels."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.extensions import Model
from portal.infra.types import EncryptedText, State, UtcDateTime


class Channel(Model):
    """One configured driver. `config` is encrypted JSON; the lowest priority goes first."""

    __tablename__ = "channel"

    id: Mapped[int] = mapped_column(primary_key=True)
    driver: Mapped[str] = mapped_column(State(30), unique=True)
    config: Mapped[str] = mapped_column(EncryptedText)
    enabled: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=100)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pause_reason: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Message(Model):
    """One notification to one recipient, written with the event that caused it.

    `state`: pending, leased, sending, accepted, sent, delivered, read; exits failed,
    expired, cancelled, unknown. `params` are the named values of the text; a login code
    is never among them, it is computed right before sending from `otp_challenge_id`.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_lane_state_next_at", "lane", "state", "next_at"),
        Index("ix_message_state_lease_until", "state", "lease_until"),
        Index("ix_message_customer_id_id", "customer_id", "id"),
        Index("ix_message_provider_id", "provider_id"),
        Index("ix_message_kind_id", "kind", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(State(30))
    lane: Mapped[str] = mapped_column(State())
    recipient: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(5), default="id")
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    otp_challenge_id: Mapped[int | None] = mapped_column(ForeignKey("otp_challenge.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(State(), default="pending")
    reason: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    driver: Mapped[str] = mapped_column(State(30), default="")
    provider_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    tries: Mapped[list["MessageAttempt"]] = relationship(order_by="MessageAttempt.id")


class MessageAttempt(Model):
    """One try at a provider. `outcome`: started, accepted, retryable, rate_limited,
    permanent, misconfigured, unknown, fenced. Payload and answer are masked."""

    __tablename__ = "message_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    lease_token: Mapped[str] = mapped_column(String(40))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    driver: Mapped[str] = mapped_column(State(30))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(State(), default="started")
    reason: Mapped[str] = mapped_column(Text, default="")
    payload: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    http_status: Mapped[int | None]
    latency_ms: Mapped[int | None]
