"""What people of the staff are called, by their id or as the audit log names them."""

import re
from collections.abc import Iterable

from sqlalchemy import select

from portal.accounts.models import Staff
from portal.extensions import db

_ACTOR = re.compile(r"staff:(\d{1,9})")


def name_of(staff_id: int | None) -> str:
    """A staff member's name; empty for none."""
    if staff_id is None:
        return ""
    return db.session.scalar(select(Staff.name).where(Staff.id == staff_id)) or ""


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Names of the staff among actors such as `staff:3`."""
    ids = {int(found[1]) for found in map(_ACTOR.fullmatch, actors) if found}
    rows = db.session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids)))
    return {f"staff:{staff_id}": name for staff_id, name in rows}
