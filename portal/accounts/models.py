"""Who may log in: staff with a password, and one-time codes for customers' phones."""

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import EncryptedText, State, UtcDateTime


class Staff(UserMixin, Model):
    """A person who works with Loket.

    `totp_secret` counts as a second factor from `totp_since` on; before that it waits to be
    confirmed. `totp_step` is the last half minute whose code was used. `login_token` is that of
    the session that loaded this row.
    """

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(190), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(State(), default="owner")
    active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    totp_secret: Mapped[str | None] = mapped_column(EncryptedText)
    totp_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    totp_step: Mapped[int | None]

    login_token = ""

    def get_id(self) -> str:
        return f"staff:{self.id}:{self.login_token}"

    @property
    def is_active(self) -> bool:
        return self.active


class OtpChallenge(Model):
    """One login code for one phone, bound to the browser that asked.

    The code itself is never stored: it is HOTP(secret) at `counter`, and the secret is
    encrypted. `token_hash` is what the browser holds, hashed. A row exists for unknown
    numbers too, so that both look the same; such a row has `deliverable` false.
    """

    __tablename__ = "otp_challenge"
    __table_args__ = (
        Index("ix_otp_challenge_phone_created_at", "phone", "created_at"),
        Index("ix_otp_challenge_ip_created_at", "ip", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    secret: Mapped[str] = mapped_column(EncryptedText)
    counter: Mapped[int]
    deliverable: Mapped[bool]
    ip: Mapped[str] = mapped_column(String(45), default="")
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
