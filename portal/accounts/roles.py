"""The permission grid: what each role may do, and how the owner changes it. Never commits.

The defaults are in `portal/web/access.py`; here only the differences are kept, so that a new
permission of a later version reaches the roles it is meant for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from portal.accounts.models_roles import RoleGrant
from portal.extensions import db
from portal.infra import audit
from portal.infra.timekeeping import now
from portal.web.access import OWNER, OWNER_ONLY, PERMISSIONS

ROLES = tuple(PERMISSIONS)
CHANGEABLE = tuple(role for role in ROLES if role != OWNER)


class RoleError(ValueError):
    """No such role or permission, or one that stays the owner's."""


@dataclass(frozen=True)
class Change:
    """One cell of the grid that is to be another."""

    role: str
    permission: str
    granted: bool


def changes_of(role: str) -> dict[str, bool]:
    """permission -> given or taken, of one role; for `portal/web/access.py`."""
    rows = select(RoleGrant.permission, RoleGrant.granted).where(RoleGrant.role == role)
    return {permission: granted for permission, granted in db.session.execute(rows)}


def grid() -> dict[str, frozenset[str]]:
    """role -> what it may do now, of all roles in one query."""
    found = {role: set(defaults) for role, defaults in PERMISSIONS.items()}
    columns = (RoleGrant.role, RoleGrant.permission, RoleGrant.granted)
    for role, permission, granted in db.session.execute(select(*columns)):
        if role not in CHANGEABLE:
            continue
        if not granted:
            found[role].discard(permission)
        elif permission in PERMISSIONS[OWNER] - OWNER_ONLY:
            found[role].add(permission)
    return {role: frozenset(permissions) for role, permissions in found.items()}


def differences(wanted: dict[str, frozenset[str]]) -> list[Change]:
    """What would change; roles that are not named stay. Raises RoleError."""
    current, everything = grid(), PERMISSIONS[OWNER] - OWNER_ONLY
    changes = []
    for role, permissions in wanted.items():
        if role not in CHANGEABLE or not permissions <= everything:
            raise RoleError(role)
        for permission in sorted(permissions ^ current[role]):
            changes.append(Change(role, permission, permission in permissions))
    return changes


def apply(changes: Sequence[Change], staff_id: int | None) -> None:
    """Make the grid so, from the next request on. One audit entry for each role."""
    for change in changes:
        if change.role not in CHANGEABLE or change.permission not in PERMISSIONS[OWNER]:
            raise RoleError(change.role)
        if change.permission in OWNER_ONLY:
            raise RoleError(change.permission)
    before, at = grid(), now()
    for change in changes:
        same = (RoleGrant.role == change.role, RoleGrant.permission == change.permission)
        db.session.execute(delete(RoleGrant).where(*same))
        if change.granted != (change.permission in PERMISSIONS[change.role]):
            about = {"role": change.role, "permission": change.permission}
            row = RoleGrant(**about, granted=change.granted, changed_at=at, changed_by=staff_id)
            db.session.add(row)
    db.session.flush()
    _record(before, {change.role for change in changes})


def _record(before: dict[str, frozenset[str]], roles: Iterable[str]) -> None:
    after = grid()
    for role in sorted(roles):
        if before[role] != after[role]:
            audit.record(
                "role.change",
                f"role:{role}",
                before={"permissions": sorted(before[role])},
                after={"permissions": sorted(after[role])},
            )
