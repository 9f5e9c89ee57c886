"""The outbox: messages, the attempts to send them, texts people wrote, who opted out, who is told.

Channels and what they may carry are in `models_channels.py`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.extensions import Model
from portal.infra.types import State, UtcDateTime

_EXIT = text("state IN ('failed', 'unknown', 'expired', 'cancelled')")
PRICED = text("billing_category <> ''")


class Message(Model):
    """One notification to one recipient, written with the event that caused it.

    `state`: pending, leased, sending, accepted, sent, delivered, read; exits failed,
    expired, cancelled, unknown; manual waits for a person to send it by hand, who did so at
    `handled_at`. `billing_category` and `billable` are the provider's word on its price.
    `params` are the named values of the text; a login code is never among them, it is computed
    right before sending from `otp_challenge_id`. What a `recipient` can be is in
    `portal.core.recipients`.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_lane_state_next_at", "lane", "state", "next_at"),
        Index("ix_message_state_lease_until", "state", "lease_until"),
        Index("ix_message_customer_id_id", "customer_id", "id"),
        Index("ix_message_provider_id", "provider_id"),
        Index("ix_message_kind_id", "kind", "id"),
        Index("ix_message_batch_state", "batch", "state"),
        # For the log: a prefix of a number, and the few that ended without arriving.
        Index(
            "ix_message_recipient", "recipient", postgresql_ops={"recipient": "varchar_pattern_ops"}
        ),
        # For what they cost: only what a provider put a price on.
        Index("ix_message_priced", "accepted_at", sqlite_where=PRICED, postgresql_where=PRICED),
        Index("ix_message_exit", "state", "id", sqlite_where=_EXIT, postgresql_where=_EXIT),
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
    batch: Mapped[str | None] = mapped_column(String(40))
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    body: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(State(), default="pending")
    reason: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bound_to: Mapped[str | None] = mapped_column(String(80))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    driver: Mapped[str] = mapped_column(State(30), default="")
    provider_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    billing_category: Mapped[str] = mapped_column(State(40), default="", server_default="")
    billable: Mapped[bool | None]
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handled_by: Mapped[str] = mapped_column(String(80), default="", server_default="")

    tries: Mapped[list["MessageAttempt"]] = relationship(order_by="MessageAttempt.id")


class MessageAttempt(Model):
    """One try at a provider. `outcome`: started, accepted, retryable, rate_limited,
    permanent, misconfigured, unknown, fenced. Payload and answer are masked; `code` is the
    provider's own. Payload and answer are emptied when their retention ends."""

    __tablename__ = "message_attempt"
    __table_args__ = (
        Index(
            "ix_message_attempt_started",
            "started_at",
            sqlite_where=text("outcome = 'started'"),
            postgresql_where=text("outcome = 'started'"),
        ),
    )

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
    code: Mapped[str] = mapped_column(String(60), default="")
    http_status: Mapped[int | None]
    latency_ms: Mapped[int | None]


class MessageText(Model):
    """One version of a text; the highest version is in force. An empty body is the default."""

    __tablename__ = "message_text"
    __table_args__ = (UniqueConstraint("kind", "language", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(State(30))
    language: Mapped[str] = mapped_column(String(5))
    version: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(80), default="")


class OptOut(Model):
    """A kind of message a customer does not want. `source`: customer, staff, reply."""

    __tablename__ = "message_opt_out"
    __table_args__ = (UniqueConstraint("customer_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[str] = mapped_column(State(30))
    source: Mapped[str] = mapped_column(State())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NoticeRecipient(Model):
    """A group or a person of the ISP that is told of something.

    `recipient` is a group id (`…@g.us`) or E.164; `topics` are keys of `notices.TOPICS`.
    `stand_in` marks a person who is told when a group cannot be reached.
    """

    __tablename__ = "notice_recipient"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    recipient: Mapped[str] = mapped_column(String(60))
    topics: Mapped[list[str]] = mapped_column(JSON, default=list)
    stand_in: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
