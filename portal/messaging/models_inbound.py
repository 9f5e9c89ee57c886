"""What came from outside: people's answers, the provider's approved texts, odd events."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import State, UtcDateTime


class InboundMessage(Model):
    """Something somebody wrote to the ISP's number.

    `source` is the inbox source it came by. `sender` in E.164 or `tg:<chat id>`, empty when the
    provider hides the number. `channel_id` is the channel whose number was written to, where the
    provider says so. `message_id` is the message of ours it answers. `flag`: opt_out,
    opt_in, not_requested (a code nobody asked for), or empty. `seen_at` is when staff, or the bot
    that understood it, dealt with it.
    """

    __tablename__ = "inbound_message"
    __table_args__ = (
        UniqueConstraint("source", "provider_id"),
        Index("ix_inbound_message_customer_id_id", "customer_id", "id"),
        Index("ix_inbound_message_sender_at", "sender", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(State(40))
    provider_id: Mapped[str] = mapped_column(String(255))
    sender: Mapped[str] = mapped_column(String(60))
    user_id: Mapped[str] = mapped_column(String(150))
    name: Mapped[str] = mapped_column(String(120))
    form: Mapped[str] = mapped_column(State(30))
    text: Mapped[str] = mapped_column(Text)
    payload: Mapped[str] = mapped_column(String(300))
    reply_to: Mapped[str] = mapped_column(Text)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    flag: Mapped[str] = mapped_column(State(), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_by: Mapped[str] = mapped_column(String(80), default="")
    channel_id: Mapped[int | None]


class MessageTemplate(Model):
    """A text as the provider has it, as of `synced_at`. `status` and `quality` are its words, upper
    case; only APPROVED is sent. `wanted_category` is what was asked for, `kind` the message
    kind it is used for, `problem` what the owner should look at."""

    __tablename__ = "message_template"
    __table_args__ = (UniqueConstraint("channel_id", "name", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    name: Mapped[str] = mapped_column(String(512))
    language: Mapped[str] = mapped_column(String(15))
    provider_id: Mapped[str] = mapped_column(String(60), default="")
    kind: Mapped[str] = mapped_column(State(30), default="")
    category: Mapped[str] = mapped_column(State(40), default="")
    wanted_category: Mapped[str] = mapped_column(State(40), default="")
    status: Mapped[str] = mapped_column(State(40), default="")
    quality: Mapped[str] = mapped_column(State(), default="")
    parameter_format: Mapped[str] = mapped_column(State(), default="POSITIONAL")
    components: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    reason: Mapped[str] = mapped_column(Text, default="")
    problem: Mapped[str] = mapped_column(Text, default="")
    synced_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HookEventCount(Model):
    """How often a provider told us something of that name that nobody acts on."""

    __tablename__ = "hook_event_count"

    source: Mapped[str] = mapped_column(State(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
