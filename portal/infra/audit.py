"""The audit log: who changed money, access or settings, when, before, after and why.

Rows are only ever added. Secrets appear as "diubah", never as values.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from flask import g, has_request_context, request
from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model, db
from portal.infra.timekeeping import now
from portal.infra.types import UtcDateTime


class AuditEntry(Model):
    """One change. `actor` is `staff:<id>`, `customer:<id>` or `system:<what>`."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_subject", "subject"),
        Index("ix_audit_log_at", "at"),
        Index("ix_audit_log_actor", "actor"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80))
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reason: Mapped[str] = mapped_column(Text, default="")
    ip: Mapped[str] = mapped_column(String(45), default="")


_acting: ContextVar[str] = ContextVar("acting", default="")


@contextmanager
def acting(actor: str) -> Iterator[None]:
    """What is recorded meanwhile was asked for by this actor: a job that does a person's work."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def record(
    action: str,
    subject: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Add one entry to the current transaction; the actor comes from the context."""
    in_request = has_request_context()
    actor = _acting.get() or (getattr(g, "actor", None) if in_request else None)
    db.session.add(
        AuditEntry(
            at=now(),
            actor=actor or ("public" if in_request else "system"),
            action=action,
            subject=subject,
            before=before or {},
            after=after or {},
            reason=reason,
            ip=(request.remote_addr or "") if in_request else "",
        )
    )
