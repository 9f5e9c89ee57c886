"""Attempts to connect a WhatsApp number by Embedded Signup, and the numbers that came of it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import EncryptedText, State, UtcDateTime


class Signup(Model):
    """One attempt. `state` is the step that comes next (`states.py`), `need` what it waits for.

    `told_*` are what the browser said, not trusted; `waba_id`, `phone_id` and `business_id` were
    confirmed by Meta's server. `secrets` is encrypted JSON: code, token, pin. `code_at` is when the
    code reached us; `next_at` when a waiting step is tried again. `nonce` is what the state value
    of the page is made of.
    """

    __tablename__ = "signup"
    __table_args__ = (Index("ix_signup_state_next_at", "state", "next_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    nonce: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(State(), default="open")
    need: Mapped[str] = mapped_column(State(), default="")
    problem: Mapped[str] = mapped_column(Text, default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    event: Mapped[str] = mapped_column(State(60), default="")
    told_waba_id: Mapped[str] = mapped_column(String(40), default="")
    told_phone_id: Mapped[str] = mapped_column(String(40), default="")
    told_business_id: Mapped[str] = mapped_column(String(40), default="")
    waba_id: Mapped[str] = mapped_column(String(40), default="")
    phone_id: Mapped[str] = mapped_column(String(40), default="")
    business_id: Mapped[str] = mapped_column(String(40), default="")
    found: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    secrets: Mapped[str] = mapped_column(EncryptedText, default="{}")
    brand: Mapped[str] = mapped_column(String(60), default="")
    area_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    channel_id: Mapped[int | None] = mapped_column(
        ForeignKey("channel.id", ondelete="SET NULL"), index=True
    )
    token_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    code_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignupNumber(Model):
    """A connected number: one row and one channel per phone number id.

    `pin` is the two-step code Loket registered it with, encrypted. `token_expires_at` None is
    never. `told_expiry` is the day of expiry and `told_days` the last warning about it.
    `credit`: none, shared, revoke (asked for), revoked. `ended_at` with `ended_why` once Meta said
    that it is no longer ours.
    """

    __tablename__ = "signup_number"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(
        ForeignKey("channel.id", ondelete="CASCADE"), unique=True
    )
    phone_id: Mapped[str] = mapped_column(String(40), unique=True)
    waba_id: Mapped[str] = mapped_column(String(40), index=True)
    business_id: Mapped[str] = mapped_column(String(40), default="")
    display: Mapped[str] = mapped_column(String(40), default="")
    verified_name: Mapped[str] = mapped_column(String(120), default="")
    waba_name: Mapped[str] = mapped_column(String(120), default="")
    namespace: Mapped[str] = mapped_column(String(80), default="")
    pin: Mapped[str | None] = mapped_column(EncryptedText)
    token_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told_expiry: Mapped[date | None]
    told_days: Mapped[int | None]
    credit: Mapped[str] = mapped_column(State(), default="none")
    allocation_id: Mapped[str] = mapped_column(String(40), default="")
    credit_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    connected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_why: Mapped[str] = mapped_column(Text, default="")
