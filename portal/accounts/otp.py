"""One-time login codes: asking, limits, verifying. Knows phones, not customers.

The code is HOTP(secret) with a random secret and counter per challenge, so it lives
exactly five minutes (a TOTP window would live 0 to 5). Verifying is one guarded UPDATE
that spends a try, then one that uses the challenge up: whatever races, one session.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import ColumnElement, func, select, update

from portal.accounts.events import OtpRequested
from portal.accounts.models import OtpChallenge
from portal.extensions import db
from portal.infra import events, queue
from portal.infra.database import is_postgres, updated
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


def request_code(phone: str, owner: Owner | None, ip: str, per_ip_hour: int, to: str = "") -> str:
    """Open a challenge for a phone (E.164) and return the token its browser keeps.

    A number without an owner gets a challenge as well, but no message: page, limits and
    timing are the same, so nobody learns who is a customer. Older challenges of the
    number die. Raises TooManyCodes. `to` gets the code where that is another phone.
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
        events.emit(OtpRequested(challenge.id, to or phone, owner.customer_id, owner.language))
    else:
        # A ring for no message: talking to Redis would otherwise tell who is a customer.
        queue.ring(queue.DRAIN_INTERACTIVE)
    return token


def _check_limits(phone: str, ip: str, per_ip_hour: int, current: datetime) -> None:
    """Raise TooManyCodes; counted in the database, so a dead Redis opens no door."""
    _one_at_a_time(phone, ip)
    wait_until = _phone_free_at(phone, current)
    if wait_until > current:
        raise TooManyCodes(wait_until)
    today = OtpChallenge.created_at > current - timedelta(days=1)
    hour = OtpChallenge.created_at > current - timedelta(hours=1)
    asked_today = _count(OtpChallenge.phone == phone, today)
    if asked_today >= SENT_PER_DAY or _count(OtpChallenge.ip == ip, hour) >= per_ip_hour:
        raise TooManyCodes(current + timedelta(hours=1))


def _one_at_a_time(phone: str, ip: str) -> None:
    """Requests that race are counted one after the other; SQLite's writers already are."""
    if is_postgres():
        for name in (f"otp-phone:{phone}", f"otp-ip:{ip}"):
            db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))


def _count(*where: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(OtpChallenge).where(*where)) or 0


def _phone_free_at(phone: str, current: datetime) -> datetime:
    """When the phone may be sent another code, as far as its unused codes are concerned."""
    asked = db.session.scalars(
        select(OtpChallenge.created_at)
        .where(
            OtpChallenge.phone == phone,
            OtpChallenge.used_at.is_(None),
            OtpChallenge.created_at > current - timedelta(days=1),
        )
        .order_by(OtpChallenge.created_at)
    ).all()
    if not asked:
        return current
    # Counted back from the last code, not from now: the hour we name must not move.
    series = [at for at in asked if at > asked[-1] - WINDOW]
    free_at = asked[-1] + timedelta(seconds=resend_seconds(len(series)))
    if len(series) >= PER_WINDOW:
        free_at = max(free_at, series[-PER_WINDOW] + WINDOW)
    if len(asked) >= PER_DAY:
        free_at = max(free_at, asked[-PER_DAY] + timedelta(days=1))
    return free_at


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
    """When another code for this phone may be asked for (UTC); what `request_code` enforces."""
    return _phone_free_at(challenge.phone, wall())


def standing(challenge: OtpChallenge) -> str:
    """What a typed code would meet: live, exhausted or expired."""
    if challenge.tries >= MAX_TRIES:
        return "exhausted"
    over = challenge.used_at or challenge.voided_at or challenge.expires_at <= wall()
    return "expired" if over else "live"


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
    code = "".join(typed.split())
    right = pyotp.HOTP(challenge.secret).verify(code, challenge.counter) and challenge.deliverable
    if not right:
        left = MAX_TRIES - spent
        return Verdict("wrong" if left else "exhausted", tries_left=left)
    used = updated(
        update(OtpChallenge)
        .where(
            OtpChallenge.id == challenge.id,
            OtpChallenge.used_at.is_(None),
            OtpChallenge.voided_at.is_(None),
        )
        .values(used_at=current)
    )
    return Verdict("ok", phone=challenge.phone) if used == 1 else Verdict("expired")


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
