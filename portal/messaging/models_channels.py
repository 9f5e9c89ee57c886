"""Channels: what the owner configured, and what happened on each since."""

import secrets
from datetime import date, datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import EncryptedText, State, UtcDateTime


def new_hook_token() -> str:
    """192 bits, fit for an address."""
    return secrets.token_urlsafe(24)


class Channel(Model):
    """One configured driver. `config` is encrypted JSON; the lowest priority goes first.

    A limit that is None is the driver's own, 0 is none. Spacing in seconds; `warm_from` is
    the local date from which a new number is used a little more each day. `hook_token` is the
    unguessable part of the address its provider calls back. `brand` is the name customers know
    it by; the areas it is for are in `ChannelArea`.
    """

    __tablename__ = "channel"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), default="")
    brand: Mapped[str] = mapped_column(String(60), default="", server_default="")
    driver: Mapped[str] = mapped_column(State(30), index=True)
    config: Mapped[str] = mapped_column(EncryptedText)
    enabled: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=100)
    per_second: Mapped[int | None]
    per_minute: Mapped[int | None]
    per_day: Mapped[int | None]
    recipients_per_day: Mapped[int | None]
    spacing_min: Mapped[int | None]
    spacing_max: Mapped[int | None]
    warm_from: Mapped[date | None]
    hook_token: Mapped[str] = mapped_column(String(64), unique=True, default=new_hook_token)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ChannelMeter(Model):
    """What a channel used up and how it is doing; `key` is its id, or `env`.

    The three `_free_at` are when the next message may leave under that limit. Only moved
    under the row's lock, so the limits hold for all workers together. `pause_kind`: burst,
    misconfigured, rate, manual. `strikes` is how often it was paused without a success
    since; `on_trial` lets one message at a time through after a pause.
    """

    __tablename__ = "channel_meter"

    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    second_free_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    minute_free_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    gap_free_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    day: Mapped[date | None]
    day_used: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    strikes: Mapped[int] = mapped_column(default=0)
    on_trial: Mapped[bool] = mapped_column(default=False)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pause_kind: Mapped[str] = mapped_column(State(), default="")
    pause_reason: Mapped[str] = mapped_column(Text, default="")
    last_success_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_failure_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ChannelContact(Model):
    """When a channel last wrote to a number: for limits on pairs and on distinct recipients."""

    __tablename__ = "channel_contact"
    __table_args__ = (Index("ix_channel_contact_key_last_at", "key", "last_at"),)

    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(60), primary_key=True)
    pair_free_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
