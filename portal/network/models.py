"""Routers, and what is really open or walled off there."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import EncryptedText, State, UtcDateTime


class Router(Model):
    """One access router and the driver that speaks to it; `config` is encrypted JSON."""

    __tablename__ = "router"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    driver: Mapped[str] = mapped_column(State(30))
    config: Mapped[str] = mapped_column(EncryptedText)
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NetworkAccess(Model):
    """Per subscription: the last decision with its reason, and the router's actual state.

    What we want follows from `subscription.state`; `actual` is what the router confirmed
    (open, isolated, unknown). Where they differ, `next_at` says when to try again.
    """

    __tablename__ = "network_access"
    __table_args__ = (Index("ix_network_access_next_at", "next_at"),)

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"), primary_key=True)
    actual: Mapped[str] = mapped_column(State(), default="open")
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # keep, postponed, isolate or by_hand; the reason is a record in Indonesian (`words.py`).
    decision: Mapped[str] = mapped_column(State(), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    next_on: Mapped[date | None]
    # Opened by hand: no automatic isolation up to and including this day.
    hold_until: Mapped[date | None]
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The oldest due date of the debt a warning was asked about, and when that warning left.
    warned_for: Mapped[date | None]
    warned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wanted_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    episode: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None] = mapped_column(String(40))
    last_error: Mapped[str] = mapped_column(Text, default="")
