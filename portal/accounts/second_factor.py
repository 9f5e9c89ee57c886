"""The second factor of staff: codes of an authenticator app, and ten recovery codes.

A half minute's code opens once, whoever sends it twice at the same moment; so does each recovery
code. The secret is encrypted, of recovery codes only hashes are kept. The caller commits.
"""

import secrets as _random
from datetime import datetime

import pyotp
from flask_babel import gettext as _
from sqlalchemy import delete, func, or_, select, update

from portal.accounts import sessions
from portal.accounts.models import Staff
from portal.accounts.models_sessions import RecoveryCode
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.secrets import digest, same
from portal.infra.timekeeping import wall

STEP_SECONDS = 30
AROUND = 1
"""Half minutes a phone's clock may be early or late."""
RECOVERY_CODES = 10
# Without what looks alike on paper: 16 of these are 79 bits.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def WRONG_PROOF() -> str:  # noqa: N802 - a sentence, in the language of the request
    """Said for whatever was wrong with it, and for whoever has to wait."""
    return _(
        "Itu tidak cocok. Sesudah lima kali salah, tunggu dulu "
        "(paling lama satu jam) sebelum mencoba lagi."
    )


def new_secret() -> str:
    """A secret for an app, base 32."""
    return pyotp.random_base32()


def address_of(secret: str, email: str, company: str) -> str:
    """What the QR code says to the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=company)


def step_of(secret: str, typed: str, after: int | None, at: datetime) -> int | None:
    """The half minute this code belongs to, when it fits and is later than `after`."""
    code = "".join(typed.split())
    if len(code) != 6 or not code.isascii() or not code.isdigit():
        return None
    current = int(at.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    found = None
    for step in range(current - AROUND, current + AROUND + 1):
        fits = same(totp.generate_otp(step), code)
        if fits and (after is None or step > after):
            found = step
    return found


def spend_code(staff: Staff, typed: str) -> bool:
    """Whether this is a code of the person's app that was not used yet; now it is."""
    if staff.totp_secret is None or staff.totp_since is None:
        return False
    step = step_of(staff.totp_secret, typed, staff.totp_step, wall())
    if step is None:
        return False
    used = updated(
        update(Staff)
        .where(Staff.id == staff.id, or_(Staff.totp_step.is_(None), Staff.totp_step < step))
        .values(totp_step=step)
    )
    db.session.expire(staff, ["totp_step"])
    return used == 1


def spend_recovery(staff: Staff, typed: str) -> bool:
    """Whether this is one of the person's unused recovery codes; now it is used. Audited."""
    if staff.totp_since is None:
        return False
    used = updated(
        update(RecoveryCode)
        .where(
            RecoveryCode.staff_id == staff.id,
            RecoveryCode.code_hash == _hashed(staff.id, typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=wall())
    )
    if used:
        audit.record("staff.recovery_code", f"staff:{staff.id}", after={"left": left(staff.id)})
    return used == 1


def turn_on(staff: Staff, secret: str, typed: str, but: str | None) -> list[str] | None:
    """The app is set up when its code fits: returns the recovery codes, to be shown once.

    Replaces an app that was there. Other sessions end (`but` is this one's token). Audited.
    None when the code does not fit.
    """
    step = step_of(secret, typed, None, wall())
    if step is None:
        return None
    replaced = staff.totp_since is not None
    staff.totp_secret, staff.totp_since, staff.totp_step = secret, wall(), step
    audit.record("staff.totp_on", f"staff:{staff.id}", after={"replaced": replaced})
    sessions.end_all(sessions.STAFF, staff.id, but)
    return _new_codes(staff)


def turn_off(staff: Staff, but: str | None = None) -> None:
    """Without a second factor from now on; other sessions end. Audited."""
    if staff.totp_since is None:
        return
    staff.totp_secret = staff.totp_since = staff.totp_step = None
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))
    audit.record("staff.totp_off", f"staff:{staff.id}")
    sessions.end_all(sessions.STAFF, staff.id, but)


def renew_codes(staff: Staff) -> list[str]:
    """Ten new recovery codes; the old ones are worth nothing. Audited."""
    audit.record("staff.recovery_codes", f"staff:{staff.id}")
    return _new_codes(staff)


def left(staff_id: int) -> int:
    """How many recovery codes are unused."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.staff_id == staff_id, RecoveryCode.used_at.is_(None))
        )
        or 0
    )


def _new_codes(staff: Staff) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))
    codes = [_new_code() for _number in range(RECOVERY_CODES)]
    for code in codes:
        db.session.add(RecoveryCode(staff_id=staff.id, code_hash=_hashed(staff.id, code)))
    db.session.flush()
    return codes


def _new_code() -> str:
    letters = "".join(_random.choice(LETTERS) for _place in range(16))
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def _hashed(staff_id: int, typed: str) -> str:
    """However it was typed: capitals, blanks and dashes do not matter."""
    letters = "".join(one for one in typed.lower() if one in LETTERS)
    return digest(f"{staff_id}:{letters}")
