"""The ISP's own people: adding them, changing them, switching them off. Never commits.

At least one owner stays who is switched on; a change of role or a switch ends the person's
sessions. Who may do this is asked by the pages.
"""

from flask_babel import gettext as _
from sqlalchemy import select

from portal.accounts import service
from portal.accounts.models import Staff
from portal.accounts.service import StaffError
from portal.extensions import db
from portal.infra import audit
from portal.infra.secrets import new_token
from portal.web.access import OWNER, PERMISSIONS


def add(email: str, name: str, role: str, password: str = "") -> Staff:
    """A new person; without a password nobody gets in before a link has set one.

    Raises StaffError with a sentence: e-mail, role or password will not do.
    """
    return service.create_staff(email, name, password or new_token(), role)


def change(staff: Staff, *, name: str, email: str, role: str) -> list[str]:
    """Another name, e-mail or role; says which of them changed. Raises StaffError."""
    email = email.strip().lower()
    if "@" not in email:
        raise StaffError(_("Alamat e-mail tidak sah."))
    service.check_lengths(email, name.strip() or email)
    if role not in PERMISSIONS:
        raise StaffError(_("Peran tidak dikenal."))
    taken = select(Staff.id).where(Staff.email == email, Staff.id != staff.id)
    if db.session.scalar(taken) is not None:
        raise StaffError(_("E-mail itu sudah dipakai."))
    if role != staff.role and staff.role == OWNER:
        _keep_an_owner(staff)
    wanted = {"name": name.strip() or email, "email": email, "role": role}
    before = {key: getattr(staff, key) for key in wanted}
    changed = [key for key, value in wanted.items() if before[key] != value]
    if not changed:
        return []
    for key in changed:
        setattr(staff, key, wanted[key])
    if "role" in changed or "email" in changed:
        service.end_sessions(staff)
    audit.record(
        "staff.change",
        f"staff:{staff.id}",
        before={key: before[key] for key in changed},
        after={key: wanted[key] for key in changed},
    )
    return changed


def switch(staff: Staff, on: bool) -> bool:
    """Let in again, or out at once and everywhere; False when it was so already."""
    if staff.active == on:
        return False
    if not on and staff.role == OWNER:
        _keep_an_owner(staff)
    staff.active = on
    service.end_sessions(staff)
    audit.record("staff.on" if on else "staff.off", f"staff:{staff.id}")
    return True


def owners_without_code() -> tuple[int, int]:
    """How many active owners have no second factor, and how many there are."""
    owners = select(Staff.totp_since).where(Staff.role == OWNER, Staff.active.is_(True))
    found = list(db.session.scalars(owners))
    return found.count(None), len(found)


def _keep_an_owner(leaving: Staff) -> None:
    """Raises StaffError when nobody else could change anything any more.

    The owners' rows are locked: of two owners who demote each other one is refused.
    """
    owners = (
        select(Staff.id)
        .where(Staff.role == OWNER, Staff.active.is_(True))
        .order_by(Staff.id)
        .with_for_update()
    )
    others = [one for one in db.session.scalars(owners) if one != leaving.id]
    if not others:
        raise StaffError(_("Ini pemilik terakhir yang aktif. Angkat pemilik lain lebih dulu."))
