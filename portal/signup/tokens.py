"""Watching the permissions that expire: asked of Meta once a day, warned of three times.

A ready-made configuration issues tokens of 60 days. Each warning is given once; a reconnected
number starts anew.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select, update

from portal.core.driverkit import DriverError, Misconfigured
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import end_read, updated
from portal.infra.timekeeping import wall, zone
from portal.messaging import channel_config, channels, meta_app, meters, notices
from portal.messaging.numbers import META
from portal.signup import work
from portal.signup.models import SignupNumber

log = logging.getLogger(__name__)
DAYS = (14, 7, 1)
MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")
REVOKE_AGAIN = timedelta(hours=6)


@dataclass(frozen=True)
class Expiring:
    """A number whose permission ends soon or has ended; `days` are those left."""

    channel_id: int
    label: str
    at: datetime
    days: int

    @property
    def over(self) -> bool:
        return self.days < 0 or self.at <= wall()

    @property
    def sentence(self) -> str:
        """For the owner."""
        if self.over:
            return _(
                "Izin Meta untuk %(name)s sudah berakhir; pesannya tidak diterima. Hubungkan "
                "ulang di Pengaturan > WhatsApp.",
                name=self.label,
            )
        return _(
            "Izin Meta untuk %(name)s berakhir %(day)s. Hubungkan ulang di Pengaturan > "
            "WhatsApp sebelum itu.",
            name=self.label,
            day=day_words(self.at.astimezone(zone()).date()),
        )


def day_words(day: date) -> str:
    """`25 Nov 2026`."""
    return f"{day.day} {MONTHS[day.month]} {day.year}"


def expiring(within: int = DAYS[0]) -> list[Expiring]:
    """Numbers whose permission ends within so many days, the next first."""
    limit = wall() + timedelta(days=within)
    rows = db.session.execute(
        select(SignupNumber.channel_id, SignupNumber.token_expires_at)
        .where(
            SignupNumber.token_expires_at.is_not(None),
            SignupNumber.token_expires_at <= limit,
            SignupNumber.ended_at.is_(None),
        )
        .order_by(SignupNumber.token_expires_at)
    ).all()
    labels = channels.labels() if rows else {}
    return [
        Expiring(
            row.channel_id,
            labels.get(row.channel_id, "WhatsApp"),
            row.token_expires_at,
            days_left(row.token_expires_at),
        )
        for row in rows
    ]


def ended() -> list[str]:
    """The channels whose number Meta took away."""
    ids = db.session.scalars(
        select(SignupNumber.channel_id).where(SignupNumber.ended_at.is_not(None))
    ).all()
    labels = channels.labels() if ids else {}
    return [labels.get(one, "WhatsApp") for one in ids]


def days_left(at: datetime) -> int:
    """Whole local days until then; today is 0."""
    return (at.astimezone(zone()).date() - wall().astimezone(zone()).date()).days


def warn() -> int:
    """Tell the staff of each threshold once; returns how many were told. The caller commits."""
    told = 0
    for one in expiring():
        number = db.session.scalar(
            select(SignupNumber).where(SignupNumber.channel_id == one.channel_id).with_for_update()
        )
        step = _threshold(one)
        day = one.at.astimezone(zone()).date()
        if number is None or step is None:
            continue
        if number.told_expiry == day and number.told_days is not None and number.told_days <= step:
            continue
        number.told_expiry, number.told_days = day, step
        key = f"token:{one.channel_id}:{day:%Y%m%d}:{step}"
        told += notices.tell("channel", key, one.sentence)
    return told


def _threshold(one: Expiring) -> int | None:
    """The narrowest warning that applies; -1 once it is over."""
    if one.over:
        return -1
    return min((day for day in DAYS if one.days <= day), default=None)


def look() -> None:
    """Ask Meta about every stored channel's token: when it ends, and whether it still counts.
    Commits; an account that cannot be asked is asked tomorrow."""
    if not meta_app.current().ready:
        return
    for channel_id in _channel_ids():
        try:
            token = channel_config.merged_values(META, channel_id).get("access_token", "")
        except Misconfigured:
            continue
        if token:
            _look_at(channel_id, token)


def _channel_ids() -> Sequence[int]:
    return db.session.scalars(
        select(SignupNumber.channel_id)
        .where(SignupNumber.ended_at.is_(None))
        .order_by(SignupNumber.channel_id)
    ).all()


def _look_at(channel_id: int, token: str) -> None:
    end_read()
    try:
        grant = work.graph().inspect(token)
    except DriverError as error:
        log.warning("the token of channel %s was not examined: %s", channel_id, error.sentence)
        return
    channel = channels.by_key(str(channel_id))
    if channel is None or channel.config.get("access_token") != token:
        db.session.rollback()
        return  # reconnected meanwhile
    if not grant.valid:
        why = "Meta menyatakan tokennya tidak berlaku. Hubungkan ulang di Pengaturan > WhatsApp."
        meters.pause(channel, "misconfigured", why)
    _remember(channel_id, grant.expires_at if grant.valid else wall())
    db.session.commit()


def _remember(channel_id: int, expires_at: datetime | None) -> None:
    updated(
        update(SignupNumber)
        .where(SignupNumber.channel_id == channel_id)
        .values(token_expires_at=expires_at)
    )


def revoke_due() -> None:
    """Take shared credit lines back from accounts that left us. Commits; trouble is tried again
    after some hours."""
    rows = db.session.execute(
        select(SignupNumber.id, SignupNumber.allocation_id, SignupNumber.waba_id).where(
            SignupNumber.credit == "revoke", SignupNumber.credit_try_at <= wall()
        )
    ).all()
    for row in rows:
        again = update(SignupNumber).where(
            SignupNumber.id == row.id,
            SignupNumber.credit == "revoke",
            SignupNumber.credit_try_at <= wall(),
        )
        mine = updated(again.values(credit_try_at=wall() + REVOKE_AGAIN))
        db.session.commit()
        if mine:
            _revoke(row.id, row.allocation_id)


def _revoke(number_id: int, allocation_id: str) -> None:
    try:
        work.graph().revoke(allocation_id)
    except DriverError as error:
        if error.code != "100":  # 100: it is gone already
            log.warning("credit of number %s was not revoked: %s", number_id, error.sentence)
            return
    updated(update(SignupNumber).where(SignupNumber.id == number_id).values(credit="revoked"))
    audit.record("whatsapp.credit", f"signup_number:{number_id}", after={"credit": "revoked"})
    db.session.commit()
