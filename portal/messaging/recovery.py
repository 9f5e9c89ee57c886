"""After a crash: dead leases, stale messages, sends nobody recorded, unknown outcomes.

Each step is a guarded UPDATE or a row of them, safe in several sweepers at once, in a
transaction of its own.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import aliased

from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.infra.database import updated
from portal.infra.inbox import InboundHook
from portal.infra.timekeeping import wall
from portal.messaging import by_hand, channels, clock_back, delivery, sending_hours
from portal.messaging.channels import ActiveChannel
from portal.messaging.claims import LEASE
from portal.messaging.delivery import (
    MAY_HAVE_ARRIVED,
    RESEND_WINDOW,
    Ambiguity,
    after_unknown,
    proves_absence,
)
from portal.messaging.models import Message, MessageAttempt
from portal.messaging.registry import REGISTRY

_random = SystemRandom()
BATCH = 200
CHUNK = 1000
TOLD_LATER = "Server berhenti saat mengirim; statusnya diketahui kemudian."
AT_ONCE = timedelta(seconds=60)  # within which a callback is read, unless something is wrong


def run() -> None:
    """Every step, each in a transaction of its own: short for SQLite's one writer, and never
    holding one message while it wants another."""
    for step in (
        clock_back.notice,
        free_dead_leases,
        expire_stale,
        settle_interrupted,
        settle_unknown,
        close_told_attempts,
        by_hand.clear_obsolete,
    ):
        step()
        db.session.commit()


def _take(*condition: ColumnElement[bool]) -> list[int]:
    """Ids of some messages that fit, locked in order; what somebody else holds is left to them."""
    ids = db.session.scalars(
        select(Message.id)
        .where(*condition)
        .order_by(Message.id)
        .limit(CHUNK)
        .with_for_update(skip_locked=True)
    )
    return list(ids)


def _set(ids: Sequence[int], **values: object) -> int:
    return updated(update(Message).where(Message.id.in_(ids)).values(**values)) if ids else 0


def free_dead_leases() -> int:
    """Claimed, but the first byte was never near: anybody's again."""
    current = wall()
    dead = _take(Message.state == "leased", Message.lease_until < current)
    return _set(dead, state="pending", lease_token=None, lease_until=None, next_at=current)


def expire_stale() -> int:
    """Waiting past their time; a login code whose outcome is unknown just ends with the code."""
    otp = and_(Message.state == "unknown", Message.kind == "otp_code")
    late = Message.expires_at < wall()
    uncertain = and_(Message.bound_to.is_not(None), Message.kind != "otp_code")
    reason = f"Kedaluwarsa sebelum sempat diulang. {MAY_HAVE_ARRIVED}"
    told = _set(_take(Message.state == "pending", uncertain, late), state="unknown", reason=reason)
    gone = _take(or_(Message.state == "pending", otp), late)
    return told + _set(gone, state="expired", reason="Kedaluwarsa sebelum sempat dikirim.")


def close_told_attempts() -> int:
    """Tries of dead workers whose message a status settled: the log must not show them as under
    way for ever. A delivery proves that the provider took it."""
    current = wall()
    told = (
        select(MessageAttempt.id, Message.state)
        .join(Message, Message.id == MessageAttempt.message_id)
        .where(
            MessageAttempt.outcome == "started",
            MessageAttempt.started_at < current - 2 * LEASE,
            Message.state.not_in(("leased", "sending")),
        )
        .order_by(MessageAttempt.id)
        .limit(CHUNK)
    )
    closed = 0
    for attempt_id, state in db.session.execute(told).all():
        outcome = {"failed": "permanent"}.get(state, "unknown")
        if state in {"accepted", "sent", "delivered", "read", "manual"}:
            outcome = "accepted"
        closed += updated(
            update(MessageAttempt)
            .where(MessageAttempt.id == attempt_id, MessageAttempt.outcome == "started")
            .values(outcome=outcome, finished_at=current, reason=TOLD_LATER)
        )
    return closed


def settle_interrupted() -> None:
    """Messages whose worker died while the provider was asked: put to the policy."""
    stuck = db.session.scalars(
        select(Message)
        .where(Message.state == "sending", Message.lease_until < wall())
        .order_by(Message.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for message in stuck:
        _settle(message)


def _settle(message: Message) -> None:
    channel = _as_it_was(message)
    step = after_unknown(
        "Server berhenti saat mengirim.",
        message.kind,
        message.attempts,
        channel.ambiguity if channel else _without_channel(message.driver),
        sending_hours.retry(),
        _random,
    )
    settled = updated(
        update(Message)
        .where(
            Message.id == message.id,
            Message.state == "sending",
            Message.lease_token == message.lease_token,
        )
        .values(
            state=step.state,
            reason=step.reason,
            lease_token=None,
            lease_until=None,
            next_at=wall() + timedelta(seconds=step.wait),
            bound_to=channel.identity if channel and step.bind else message.bound_to,
        )
    )
    if settled:
        updated(
            update(MessageAttempt)
            .where(
                MessageAttempt.message_id == message.id,
                MessageAttempt.lease_token == message.lease_token,
            )
            .values(outcome="unknown", reason=step.reason, finished_at=wall())
        )


def _as_it_was(message: Message) -> ActiveChannel | None:
    """The channel that was asked, if it has not been configured anew since."""
    key = channels.ENV_KEY if message.channel_id is None else str(message.channel_id)
    try:
        channel = channels.by_key(key)
    except Misconfigured:
        return None
    if channel is None or channel.problem or channel.kind != message.driver:
        return None
    started = db.session.scalar(
        select(func.max(MessageAttempt.started_at)).where(MessageAttempt.message_id == message.id)
    )
    changed = (
        channel.updated_at is not None and started is not None and channel.updated_at > started
    )
    return None if changed else channel


def _without_channel(driver: str) -> Ambiguity:
    """Without the channel nothing can be repeated, but its statuses may still come."""
    if driver in REGISTRY and REGISTRY.get(driver).echoes_key:
        return Ambiguity.TELLS
    return Ambiguity.MUTE


def settle_unknown() -> None:
    """Send once more what demonstrably never arrived at the provider.

    A provider that reports statuses has reported those of later messages, and nothing
    about this one: then it never had it. Without such proof the message stays unknown.
    """
    for message, started_at in db.session.execute(_unknown()).all():
        heard = _heard_seconds(message.driver, started_at)
        if not proves_absence(message.kind, heard, _witnesses(message.driver, started_at)):
            continue
        if _unread(message.driver, started_at):
            continue
        updated(
            update(Message)
            .where(Message.id == message.id, Message.state == "unknown")
            .values(
                state="pending",
                reason="Tidak pernah sampai di penyedia; dikirim sekali lagi.",
                next_at=wall(),
            )
        )


def _unknown() -> Select[Any]:
    """Unknown messages of drivers whose statuses name our key, with the start of their only
    unknown try."""
    telling = [d.kind for d in REGISTRY if d.echoes_key]
    tries = (
        select(MessageAttempt.message_id, func.max(MessageAttempt.started_at).label("started_at"))
        .where(
            MessageAttempt.outcome == "unknown",
            MessageAttempt.started_at > wall() - RESEND_WINDOW,
            # Silence says nothing before that long; most are not asked about at all.
            MessageAttempt.started_at < wall() - timedelta(seconds=delivery.LISTEN_SECONDS),
        )
        .group_by(MessageAttempt.message_id)
        .having(func.count() == 1)
        .subquery()
    )
    return (
        select(Message, tries.c.started_at)
        .join(tries, tries.c.message_id == Message.id)
        .where(
            Message.state == "unknown",
            Message.driver.in_(telling),
            or_(Message.expires_at.is_(None), Message.expires_at > wall()),
        )
        .order_by(Message.id)
        .limit(BATCH)
        .with_for_update(of=Message, skip_locked=True)
    )


def _heard_seconds(driver: str, after: datetime) -> float:
    """How long the provider's callbacks have been reaching us since that moment."""
    first = db.session.scalar(
        select(func.min(InboundHook.received_at)).where(
            InboundHook.source == f"whatsapp.{driver}", InboundHook.received_at > after
        )
    )
    return 0.0 if first is None else (wall() - first).total_seconds()


def _unread(driver: str, after: datetime) -> bool:
    """Whether a callback since that moment lies unread: it may be the one that tells."""
    waiting = select(InboundHook.id).where(
        InboundHook.source == f"whatsapp.{driver}",
        InboundHook.state.in_(("received", "failed")),
        InboundHook.received_at > after,
        InboundHook.received_at < wall() - AT_ONCE,
    )
    return db.session.scalar(waiting.limit(1)) is not None


def _witnesses(driver: str, after: datetime) -> int:
    """Messages tried after that moment whose status came back, up to three."""
    later = aliased(MessageAttempt)
    rows = db.session.scalars(
        select(Message.id)
        .join(later, later.message_id == Message.id)
        .where(
            later.driver == driver,
            later.started_at > after,
            Message.state.in_(("sent", "delivered", "read")),
        )
        .limit(3)
    )
    return len(rows.all())
