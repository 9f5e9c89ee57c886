"""The staff list in words: who is who, when they were last here, which areas are a collector's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from portal.accounts.models import Staff
from portal.accounts.models_sessions import PasswordLink
from portal.customers.models import Area
from portal.extensions import db
from portal.infra.timekeeping import wall

COLLECTOR = "collector"


@dataclass(frozen=True)
class Person:
    """One line of the list. `waiting`: a link to set the password is out and still good."""

    row: Staff
    areas: Sequence[Area]
    waiting: bool
    locked_until: datetime | None

    @property
    def second_factor(self) -> bool:
        """Whether a code is asked for besides the password."""
        return self.row.totp_since is not None


def people() -> list[Person]:
    """Everybody, those who are switched off last; in three queries."""
    rows = db.session.scalars(select(Staff).order_by(Staff.active.desc(), Staff.name, Staff.id))
    return _told(rows.all())


def person(staff_id: int) -> Person | None:
    """One of them."""
    row = db.session.get(Staff, staff_id)
    return None if row is None else _told([row])[0]


def _told(rows: Sequence[Staff]) -> list[Person]:
    ids = [row.id for row in rows]
    areas: dict[int, list[Area]] = {}
    owned = select(Area).where(Area.collector_id.in_(ids)).order_by(func.lower(Area.name))
    for area in db.session.scalars(owned):
        areas.setdefault(area.collector_id or 0, []).append(area)
    good = select(PasswordLink.staff_id).where(
        PasswordLink.staff_id.in_(ids),
        PasswordLink.used_at.is_(None),
        PasswordLink.expires_at > wall(),
    )
    waiting = set(db.session.scalars(good))
    return [
        Person(row, areas.get(row.id, []), row.id in waiting, _lock(row.locked_until))
        for row in rows
    ]


def _lock(until: datetime | None) -> datetime | None:
    return until if until is not None and until > wall() else None
