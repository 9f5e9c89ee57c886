"""Staff accounts: creating them, logging in with a growing lock-out, ending sessions."""

from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select, update

from portal.accounts.models import Staff
from portal.extensions import db
from portal.infra import audit
from portal.infra.secrets import new_token
from portal.infra.timekeeping import now, wall
from portal.web.access import PERMISSIONS

FREE_FAILURES = 5
_hasher = PasswordHasher()
# Verified when the e-mail is unknown, so that both answers take the same time.
_NOBODY = _hasher.hash("nobody has this password")


class StaffError(ValueError):
    """The account cannot be made; the message is a sentence in Indonesian."""


class LockedOut(Exception):
    """Too many wrong passwords; `until` is UTC."""

    def __init__(self, until: datetime) -> None:
        super().__init__("locked out")
        self.until = until


def create_staff(email: str, name: str, password: str, role: str = "owner") -> Staff:
    """Add a staff member; raises StaffError for a taken e-mail, weak password, odd role."""
    email = email.strip().lower()
    if "@" not in email:
        raise StaffError("Alamat e-mail tidak sah.")
    if len(password) < 8:
        raise StaffError("Kata sandi paling sedikit 8 huruf.")
    if role not in PERMISSIONS:
        raise StaffError(f"Peran tidak dikenal; pilih: {', '.join(PERMISSIONS)}.")
    if db.session.scalar(select(Staff).where(Staff.email == email)):
        raise StaffError("E-mail itu sudah dipakai.")
    staff = Staff(
        email=email,
        name=name.strip() or email,
        password_hash=_hasher.hash(password),
        role=role,
        session_token=new_token(),
        created_at=now(),
    )
    db.session.add(staff)
    db.session.flush()
    audit.record("staff.create", f"staff:{staff.id}", after={"email": email, "role": role})
    return staff


def authenticate(email: str, password: str) -> Staff | None:
    """The staff member, or None. Counts failures (the caller commits); raises LockedOut.

    After five failures in a row each further one doubles the wait, up to an hour.
    """
    staff = db.session.scalar(select(Staff).where(Staff.email == email.strip().lower()))
    if staff and staff.locked_until and staff.locked_until > wall():
        raise LockedOut(staff.locked_until)
    if not _password_fits(staff, password) or staff is None or not staff.active:
        if staff is not None:
            _count_failure(staff)
        return None
    staff.failed_logins, staff.locked_until = 0, None
    if _hasher.check_needs_rehash(staff.password_hash):
        staff.password_hash = _hasher.hash(password)
    return staff


def _password_fits(staff: Staff | None, password: str) -> bool:
    try:
        return _hasher.verify(staff.password_hash if staff else _NOBODY, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _count_failure(staff: Staff) -> None:
    failures = db.session.execute(
        update(Staff)
        .where(Staff.id == staff.id)
        .values(failed_logins=Staff.failed_logins + 1)
        .returning(Staff.failed_logins)
    ).scalar_one()
    if failures >= FREE_FAILURES:
        minutes = min(2 ** (failures - FREE_FAILURES), 60)
        staff.locked_until = wall() + timedelta(minutes=minutes)
        audit.record("staff.lockout", f"staff:{staff.id}", after={"failures": failures})


def end_sessions(staff: Staff) -> None:
    """Log this person out everywhere."""
    staff.session_token = new_token()


def load_staff(staff_id: int, token: str) -> Staff | None:
    """For Flask-Login: only while the token is still the row's own."""
    staff = db.session.get(Staff, staff_id)
    return staff if staff and staff.active and staff.session_token == token else None
