"""One-time login codes: asking, limits, verifying. Knows phones, not customers.

The code is HOTP(secret) with a random secret and counter per challenge, so it lives
exactly five minutes (a TOTP window would live 0 to 5). Verifying is one guarded UPDATE
that spends a try, then one that uses the challenge up: whatever races, one session.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import func, select, update

from portal.accounts.events import OtpRequested
from portal.accounts.models import OtpChallenge
from portal.extensions import db
from portal.infra import events
from portal.infra.secrets import digest, new_token
from portal.infra.timekeeping import wall

LIFETIME = timedelta(minutes=5)
MAX_TRIES = 5
RESEND_SECONDS = (60, 120, 300)
WINDOW = timedelta(minutes=15)
PER_WINDOW = 3
PER_DAY = 10
SENT_PER_DAY = 30
"""Codes a day and number, used ones included: somebody may pay for each of them."""


@dataclass(frozen=True)
class Owner:
    """Whose phone it is, as far as the message needs to know."""

    customer_id: int
    language: str


class TooManyCodes(Exception):
    """No further code yet; `until` is when the next may be asked for (UTC)."""

    def __init__(self, until: datetime) -> None:
        super().__init__("too many login codes")
        self.until = until


@dataclass(frozen=True)
class Verdict:
    """The answer to a typed code: ok, wrong, expired or exhausted."""

    result: str
    phone: str = ""
    tries_left: int = 0


def request_code(phone: str, owner: Owner | None, ip: str, per_ip_hour: int) -> str:
    """Open a challenge for a phone (E.164) and return the token its browser keeps.

    A number without an owner gets a challenge as well, but no message: page, limits and
    timing are the same, so nobody learns who is a customer. Older challenges of the
    number die. Raises TooManyCodes.
    """
    current = wall()
    _check_limits(phone, ip, per_ip_hour, current)
    db.session.execute(
        update(OtpChallenge)
        .where(
            OtpChallenge.phone == phone,
            OtpChallenge.used_at.is_(None),
            OtpChallenge.voided_at.is_(None),
        )
        .values(voided_at=current)
    )
    token = new_token()
    challenge = OtpChallenge(
        phone=phone,
        token_hash=digest(token),
        secret=pyotp.random_base32(),
        counter=secrets.randbelow(2**31),
        deliverable=owner is not None,
        ip=ip,
        created_at=current,
        expires_at=current + LIFETIME,
    )
    db.session.add(challenge)
    db.session.flush()
    if owner is not None:
        events.emit(OtpRequested(challenge.id, phone, owner.customer_id, owner.language))
    return token


def _check_limits(phone: str, ip: str, per_ip_hour: int, current: datetime) -> None:
    """Raise TooManyCodes; counted in the database, so a dead Redis opens no door."""
    unused = OtpChallenge.used_at.is_(None)
    mine = OtpChallenge.phone == phone
    day = OtpChallenge.created_at > current - timedelta(days=1)
    rows = db.session.scalars(
        select(OtpChallenge.created_at).where(mine, unused, day).order_by(OtpChallenge.created_at)
    ).all()
    if rows:
        recent = [at for at in rows if at > current - WINDOW]
        wait_until = rows[-1] + timedelta(seconds=resend_seconds(len(recent)))
        if len(recent) >= PER_WINDOW:
            wait_until = max(wait_until, recent[0] + WINDOW)
        if len(rows) >= PER_DAY:
            wait_until = max(wait_until, rows[0] + timedelta(days=1))
        if wait_until > current:
            raise TooManyCodes(wait_until)
    all_today = db.session.scalar(select(func.count()).where(mine, day)) or 0
    hour = OtpChallenge.created_at > current - timedelta(hours=1)
    from_ip = db.session.scalar(select(func.count()).where(OtpChallenge.ip == ip, hour)) or 0
    if all_today >= SENT_PER_DAY or from_ip >= per_ip_hour:
        raise TooManyCodes(current + timedelta(hours=1))


def resend_seconds(already_asked: int) -> int:
    """Seconds to wait after the n-th code before the next one: 60, 120, 300."""
    if already_asked <= 0:
        return 0
    return RESEND_SECONDS[min(already_asked, len(RESEND_SECONDS)) - 1]


def find(token: str | None) -> OtpChallenge | None:
    """The challenge a browser's token belongs to, dead or alive."""
    if not token:
        return None
    return db.session.scalar(select(OtpChallenge).where(OtpChallenge.token_hash == digest(token)))


def resend_at(challenge: OtpChallenge) -> datetime:
    """When another code for this phone may be asked for (UTC)."""
    since = challenge.created_at - WINDOW
    asked = db.session.scalar(
        select(func.count()).where(
            OtpChallenge.phone == challenge.phone,
            OtpChallenge.used_at.is_(None),
            OtpChallenge.created_at > since,
            OtpChallenge.created_at <= challenge.created_at,
        )
    )
    return challenge.created_at + timedelta(seconds=resend_seconds(asked or 1))


def verify(token: str | None, typed: str) -> Verdict:
    """Spend one try; on the right code use the challenge up, exactly once.

    The caller must commit in every case: a wrong try that is rolled back is a free try.
    """
    challenge = find(token)
    if challenge is None:
        return Verdict("expired")
    current = wall()
    spent = db.session.execute(
        update(OtpChallenge)
        .where(
            OtpChallenge.id == challenge.id,
            OtpChallenge.used_at.is_(None),
            OtpChallenge.voided_at.is_(None),
            OtpChallenge.expires_at > current,
            OtpChallenge.tries < MAX_TRIES,
        )
        .values(tries=OtpChallenge.tries + 1)
        .returning(OtpChallenge.tries)
    ).scalar_one_or_none()
    if spent is None:
        return Verdict("exhausted" if challenge.tries >= MAX_TRIES else "expired")
    code = "".join(char for char in typed if char.isdigit())
    right = pyotp.HOTP(challenge.secret).verify(code, challenge.counter) and challenge.deliverable
    if not right:
        left = MAX_TRIES - spent
        return Verdict("wrong" if left else "exhausted", tries_left=left)
    used = db.session.execute(
        update(OtpChallenge)
        .where(
            OtpChallenge.id == challenge.id,
            OtpChallenge.used_at.is_(None),
            OtpChallenge.voided_at.is_(None),
        )
        .values(used_at=current)
    )
    return Verdict("ok", phone=challenge.phone) if used.rowcount == 1 else Verdict("expired")


def code_to_send(challenge_id: int) -> str | None:
    """The code, computed for the message that is about to leave; None once it is stale."""
    challenge = db.session.scalar(
        select(OtpChallenge).where(
            OtpChallenge.id == challenge_id,
            OtpChallenge.used_at.is_(None),
            OtpChallenge.voided_at.is_(None),
            OtpChallenge.expires_at > wall(),
        )
    )
    return None if challenge is None else pyotp.HOTP(challenge.secret).at(challenge.counter)

