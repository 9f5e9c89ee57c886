"""What the owner gave to a role or took from it: only the differences from the defaults."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model
from portal.infra.types import State, UtcDateTime


class RoleGrant(Model):
    """One permission a role has (`granted`) or has not, unlike the table in the code."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("role", "permission"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(State())
    permission: Mapped[str] = mapped_column(String(40))
    granted: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
