"""Passwords of staff: hashing, how good one is, changing it. The caller commits.

The links with which somebody sets a forgotten one are in `password_links.py`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask_babel import gettext as _
from sqlalchemy import update

from portal.accounts import lockout, sessions
from portal.accounts.models import Staff
from portal.accounts.models_sessions import PasswordLink
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.timekeeping import wall

SHORTEST, LONGEST = 8, 200
# What guessers try first; digits and signs around them change nothing.
_TRIED_FIRST = """
password passw katasandi rahasia sandi qwerty qwertyuiop asdfgh zxcvbn admin administrator letmein
welcome selamat indonesia jakarta bandung surabaya merdeka garuda persib persija iloveyou sayang
sayangku cinta bismillah alhamdulillah anjing monyet dragon monkey football internet wifi hotspot
mikrotik loket kasir pemilik teknisi abcdef abcdefgh abcabc test
"""
COMMON = frozenset(_TRIED_FIRST.split())
_hasher = PasswordHasher()
# Verified when the e-mail is unknown, so that both answers take the same time.
NOBODY = _hasher.hash("nobody has this password")


@dataclass(frozen=True)
class Strength:
    """What is said about a password; `fine` when it may be used."""

    fine: bool
    level: str
    sentence: str


def hashed(password: str) -> str:
    """How a password is stored."""
    return _hasher.hash(password)


def verified(known: str, password: str) -> tuple[bool, str]:
    """Whether the password fits; and a new hash when the stored one has become too weak."""
    try:
        _hasher.verify(known, password[:LONGEST])
    except (VerifyMismatchError, InvalidHashError):
        return False, ""
    return True, _hasher.hash(password) if _hasher.check_needs_rehash(known) else ""


def strength(password: str, about: Sequence[str] = ()) -> Strength:
    """How good a password is for somebody of whom these words are known (name, e-mail)."""
    if sentence := _weakness(password, about):
        return Strength(False, "bad", sentence)
    if len(password) < 11:
        return Strength(True, "warn", _("Cukup. Beberapa kata lagi membuatnya jauh lebih kuat."))
    if len(password) < 15:
        return Strength(True, "ok", _("Baik."))
    return Strength(True, "ok", _("Kuat."))


def _weakness(password: str, about: Sequence[str]) -> str:
    if len(password) < SHORTEST:
        return _("Kata sandi paling sedikit 8 huruf.")
    if len(password) > LONGEST:
        return _("Kata sandi paling banyak 200 huruf.")
    if len(set(password)) < 5:
        return _("Terlalu sedikit huruf yang berbeda.")
    letters = re.sub(r"[^a-z]", "", password.lower())
    if letters in COMMON or (password.isdigit() and len(password) < 12):
        return _("Kata sandi seperti ini termasuk yang pertama dicoba orang.")
    known = {part for words in about for part in re.split(r"[^a-z0-9]+", words.lower())}
    left = letters
    for part in sorted((part for part in known if len(part) > 3), key=len, reverse=True):
        left = left.replace(part, "")
    if left != letters and len(left) < 4:
        return _("Kata sandi hampir sama dengan nama atau e-mail.")
    return ""


def change(staff: Staff, password: str, but: str | None = None) -> None:
    """A new password: every other session and every open link of this person ends. Audited."""
    staff.password_hash = hashed(password)
    lockout.person_passed(staff)
    _void_links(staff.id)
    sessions.end_all(sessions.STAFF, staff.id, but)
    audit.record("staff.password", f"staff:{staff.id}")


def _void_links(staff_id: int) -> None:
    updated(
        update(PasswordLink)
        .where(PasswordLink.staff_id == staff_id, PasswordLink.used_at.is_(None))
        .values(used_at=wall())
    )
