"""Leases on rows and named leader leases, portable over both engines.

A lease is taken by a guarded UPDATE whose row count says who won; the token is the
fence: a holder that woke up too late finds its token gone and its result refused.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import String, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model, db
from portal.infra.database import is_postgres, updated
from portal.infra.types import UtcDateTime

LEASE = timedelta(seconds=90)
"""How long a claimed row is ours: above the 10 s of one outside call and JOB_TIMEOUT."""

CLOCK_TOLERANCE = timedelta(seconds=30)
"""How much the clocks of several machines may differ."""


class LeaderLease(Model):
    """Who leads a job that must run in one place only (the scheduler)."""

    __tablename__ = "leader_lease"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


def new_lease_token() -> str:
    """A fencing token."""
    return secrets.token_hex(16)


def lead(name: str, holder: str, now: datetime, seconds: int) -> bool:
    """Take or keep the named lease until `now + seconds`; commits. True when we lead."""
    until = now + timedelta(seconds=seconds)
    taken = updated(
        update(LeaderLease)
        .where(
            LeaderLease.name == name,
            or_(
                LeaderLease.holder == holder,
                LeaderLease.until < now,
                # The clock went back since: its holder may have died long ago.
                LeaderLease.until > until + CLOCK_TOLERANCE,
            ),
        )
        .values(holder=holder, until=until)
    )
    if taken == 0 and db.session.get(LeaderLease, name) is None:
        try:
            db.session.execute(insert(LeaderLease).values(name=name, holder=holder, until=until))
        except IntegrityError:
            db.session.rollback()
            return False
        db.session.commit()
        return True
    db.session.commit()
    return taken == 1


def one_at_a_time(name: str) -> None:
    """Wait until nobody else does what has this name; ours until the transaction ends.

    SQLite has one writer at a time anyway.
    """
    if is_postgres():
        db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))


def together(name: str) -> None:
    """Any number at once, but none while somebody has `one_at_a_time` of this name, and he
    waits for us; until the transaction ends."""
    if is_postgres():
        db.session.execute(select(func.pg_advisory_xact_lock_shared(func.hashtext(name))))


def resign(name: str, holder: str, now: datetime) -> None:
    """Give the lease up at once, so that a restart need not wait; commits."""
    db.session.execute(
        update(LeaderLease)
        .where(LeaderLease.name == name, LeaderLease.holder == holder)
        .values(until=now)
    )
    db.session.commit()
