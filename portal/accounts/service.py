"""Staff accounts: creating them, logging in step by step, ending sessions."""

from flask import session
from flask_babel import gettext as _
from flask_login import login_user
from sqlalchemy import select

from portal.accounts import known, lockout, passwords, second_factor, sessions
from portal.accounts.models import Staff
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import end_read
from portal.infra.timekeeping import now, wall
from portal.web.access import PERMISSIONS

LONGEST_NAME, LONGEST_EMAIL = 120, 190


class StaffError(ValueError):
    """The account cannot be made; the message is a sentence in Indonesian."""


def check_lengths(email: str, name: str) -> None:
    """Raises StaffError for what the columns cannot hold."""
    for typed, limit in ((name, LONGEST_NAME), (email, LONGEST_EMAIL)):
        if len(typed) > limit:
            raise StaffError(_("Paling banyak %(limit)s huruf.", limit=limit))


def create_staff(email: str, name: str, password: str, role: str = "owner") -> Staff:
    """Add a staff member; raises StaffError for a taken e-mail, weak password, odd role."""
    email = email.strip().lower()
    if "@" not in email:
        raise StaffError("Alamat e-mail tidak sah.")
    check_lengths(email, name.strip() or email)
    judged = passwords.strength(password, (email, name))
    if not judged.fine:
        raise StaffError(judged.sentence)
    if role not in PERMISSIONS:
        raise StaffError(f"Peran tidak dikenal; pilih: {', '.join(PERMISSIONS)}.")
    if db.session.scalar(select(Staff).where(Staff.email == email)):
        raise StaffError("E-mail itu sudah dipakai.")
    staff = Staff(
        email=email,
        name=name.strip() or email,
        password_hash=passwords.hashed(password),
        role=role,
        created_at=now(),
    )
    db.session.add(staff)
    db.session.flush()
    audit.record("staff.create", f"staff:{staff.id}", after={"email": email, "role": role})
    return staff


def authenticate(email: str, password: str) -> Staff | None:
    """The staff member, or None: unknown, wrong, switched off and locked out are one answer.

    Counts failures (the caller commits); who has a second factor is in only after that. After
    five in a row each further one doubles the wait, up to an hour, in which not even the right
    password opens (`lockout.py`).
    """
    wanted = Staff.email == email.strip().lower()
    found = db.session.scalar(select(Staff).where(wanted))
    stored, idle = found and found.password_hash, _idle(found)
    end_read()  # verifying takes long, and on SQLite everybody who writes would wait for it
    if idle:
        return None
    fits, renewed = passwords.verified(stored or passwords.NOBODY, password)
    # Only what the row says now counts: many guesses at once all found it open before.
    again = select(Staff).where(wanted).with_for_update()
    staff = db.session.scalar(again.execution_options(populate_existing=True))
    fine = fits and staff is not None and staff.password_hash == stored and staff.active
    own = known.browser_of(staff)
    if not _let_try(staff, fine, own) or staff is None:
        return None
    if staff.totp_since is None:
        lockout.person_passed(staff, own)
    staff.password_hash = renewed or staff.password_hash
    return staff


def _idle(staff: Staff | None) -> bool:
    """Whether nothing would open whatever the password is, because of the address alone: then
    none is verified, which would keep a processor busy for whoever only asks often enough."""
    return not known.browser_of(staff) and lockout.address_locked()


def second_step(staff_id: int, typed: str) -> Staff | None:
    """The staff member whose password was right before, when this code or recovery code fits.

    Counts failures (the caller commits).
    """
    staff = _locked_row(staff_id)
    own = known.browser_of(staff)
    if staff is None or _shut(staff, own):
        return None
    fine = second_factor.spend_code(staff, typed) or second_factor.spend_recovery(staff, typed)
    if not _let_try(staff, fine and staff.active, own):
        return None
    lockout.person_passed(staff, own)
    return staff


def proves(staff_id: int, password: str, code: str) -> bool:
    """Whether somebody who is logged in shows again who they are. Counts failures."""
    if not (password or code):
        return False
    stored = db.session.scalar(select(Staff.password_hash).where(Staff.id == staff_id)) or ""
    end_read()
    fits = passwords.verified(stored, password)[0] if password else False
    staff, own = _locked_row(staff_id), known.session_here()
    if staff is None or _shut(staff, own):
        return False
    if password:
        fits = fits and staff.password_hash == stored
    else:
        fits = second_factor.spend_code(staff, code)
    if not _let_try(staff, fits, own):
        return False
    lockout.own_passed(own)
    return True


def _shut(staff: Staff | None, own: str) -> bool:
    """Whether nothing opens. `own` names a browser or session of the person's own."""
    if own:
        return lockout.own_locked(own)
    return lockout.address_locked() or (staff is not None and lockout.locked(staff.locked_until))


def _let_try(staff: Staff | None, fine: bool, own: str) -> bool:
    """Count what failed, for the person, the address and `own`; True when it counts as passed."""
    if _shut(staff, own):
        if not fine and not lockout.address_locked():
            lockout.address_failed()
        return False
    if fine:
        return True
    if own:
        lockout.own_failed(own)
    if not lockout.address_locked():
        lockout.address_failed()
    if staff is not None and not lockout.locked(staff.locked_until):
        lockout.person_failed(staff)
    return False


def _locked_row(staff_id: int) -> Staff | None:
    return db.session.scalar(
        select(Staff)
        .where(Staff.id == staff_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


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
    audit.record("staff.login", f"staff:{staff.id}")
