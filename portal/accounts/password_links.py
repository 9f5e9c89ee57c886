"""One-time links with which staff set their own password. Never commits.

Nobody else ever knows the password; the database keeps only the link's hash. Nothing is sent:
the owner hands the link on. A new link ends the ones before, and so does any new password.
"""

from datetime import timedelta

from flask import current_app, url_for
from sqlalchemy import select, update

from portal.accounts import passwords
from portal.accounts.models import Staff
from portal.accounts.models_sessions import PasswordLink
from portal.accounts.service import StaffError
from portal.extensions import db
from portal.infra import audit
from portal.infra.secrets import digest, new_token
from portal.infra.timekeeping import wall

HOURS = 24


def issue(staff: Staff) -> str:
    """The whole address of a new link; whatever was handed out before opens nothing any more."""
    token, current = new_token(), wall()
    until = current + timedelta(hours=HOURS)
    end(staff.id)
    db.session.add(
        PasswordLink(
            staff_id=staff.id, token_hash=digest(token), created_at=current, expires_at=until
        )
    )
    audit.record("staff.link", f"staff:{staff.id}", after={"until": until.isoformat()})
    base: str = current_app.extensions["loket.settings"].public_url
    return base + url_for("password_link.ask", link_token=token)


def end(staff_id: int) -> None:
    """No link of this person opens anything any more."""
    db.session.execute(
        update(PasswordLink)
        .where(PasswordLink.staff_id == staff_id, PasswordLink.used_at.is_(None))
        .values(used_at=wall())
        .execution_options(synchronize_session=False)
    )


def owner_of(token: str) -> Staff | None:
    """Whose link this is; None when it is unknown, used, too old, or the person switched off."""
    found: Staff | None = db.session.scalar(
        select(Staff)
        .join(PasswordLink, PasswordLink.staff_id == Staff.id)
        .where(
            PasswordLink.token_hash == digest(token),
            PasswordLink.used_at.is_(None),
            PasswordLink.expires_at > wall(),
            Staff.active.is_(True),
        )
    )
    return found


def redeem(token: str, password: str) -> Staff | None:
    """Set the password, use the link up, end all sessions; None for a link that opens nothing.

    Raises StaffError for a password that will not do; the link stays good then. A second factor
    is asked for as before.
    """
    staff = owner_of(token)
    if staff is None:
        return None
    judged = passwords.strength(password, (staff.email, staff.name))
    if not judged.fine:
        raise StaffError(judged.sentence)
    used = db.session.execute(
        update(PasswordLink)
        .where(PasswordLink.token_hash == digest(token), PasswordLink.used_at.is_(None))
        .values(used_at=wall())
        .returning(PasswordLink.id)
        .execution_options(synchronize_session=False)
    )
    if used.scalar_one_or_none() is None:
        return None  # another tab was quicker
    passwords.change(staff, password)
    return staff
