"""Staff accounts: creating them, logging in with a growing lock-out, ending sessions."""

from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import session
from flask_login import login_user
from sqlalchemy import select

from portal.accounts import sessions
from portal.accounts.models import Staff
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import end_read
from portal.infra.timekeeping import now, wall
from portal.web.access import PERMISSIONS

FREE_FAILURES = 5
_hasher = PasswordHasher()
# Verified when the e-mail is unknown, so that both answers take the same time.
_NOBODY = _hasher.hash("nobody has this password")


class StaffError(ValueError):
    """The account cannot be made; the message is a sentence in Indonesian."""


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
        created_at=now(),
    )
    db.session.add(staff)
    db.session.flush()
    audit.record("staff.create", f"staff:{staff.id}", after={"email": email, "role": role})
    return staff


def authenticate(email: str, password: str) -> Staff | None:
    """The staff member, or None: unknown, wrong, switched off and locked out are one answer.

    Counts failures (the caller commits). After five in a row each further one doubles the
    wait, up to an hour, in which not even the right password opens.
    """
    wanted = Staff.email == email.strip().lower()
    known = db.session.scalar(select(Staff.password_hash).where(wanted))
    end_read()  # verifying takes long, and on SQLite everybody who writes would wait for it
    fits, renewed = _verified(known or _NOBODY, password)
    # Only what the row says now counts: many guesses at once all found it open before.
    staff = db.session.scalar(select(Staff).where(wanted).with_for_update())
    if staff is None or (staff.locked_until and staff.locked_until > wall()):
        return None
    if not fits or staff.password_hash != known or not staff.active:
        _count_failure(staff)
        return None
    staff.failed_logins, staff.locked_until = 0, None
    staff.password_hash = renewed or staff.password_hash
    return staff


def _verified(known: str, password: str) -> tuple[bool, str]:
    """Whether the password fits; and a new hash when the stored one has become too weak."""
    try:
        _hasher.verify(known, password)
    except (VerifyMismatchError, InvalidHashError):
        return False, ""
    return True, _hasher.hash(password) if _hasher.check_needs_rehash(known) else ""


def _count_failure(staff: Staff) -> None:
    """One more; the row is locked."""
    staff.failed_logins += 1
    if staff.failed_logins >= FREE_FAILURES:
        minutes = min(2 ** (staff.failed_logins - FREE_FAILURES), 60)
        staff.locked_until = wall() + timedelta(minutes=minutes)
        after = {"failures": staff.failed_logins}
        audit.record("staff.lockout", f"staff:{staff.id}", after=after)


def end_sessions(staff: Staff) -> None:
    """Log this person out everywhere."""
    sessions.end_all(sessions.STAFF, staff.id)


def load_staff(staff_id: int, token: str) -> Staff | None:
    """For Flask-Login: only while the token's session lives."""
    if not sessions.check(sessions.STAFF, staff_id, token):
        return None
    staff = db.session.get(Staff, staff_id)
    if staff is None or not staff.active:
        return None
    staff.login_token = token
    return staff


def log_in(staff: Staff) -> None:
    """Give this browser a session of its own; whatever it carried before is forgotten.

    The caller commits. The language chosen for this browser stays.
    """
    kept = {key: session[key] for key in ("lang",) if key in session}
    session.clear()
    session.update(kept)
    staff.login_token = sessions.open_session(sessions.STAFF, staff.id)
    staff.last_login_at = wall()
    login_user(staff)
