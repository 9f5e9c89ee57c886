"""Sending: claim, recheck, hand over, record. At most one worker holds a message at a time.

`pending -> leased` claims with a token and commits; `leased -> sending` is committed right
before the first byte and is the point of no return; the answer is recorded only by whoever
still holds the token. No transaction is open while the provider is asked. A crash leaves a
row that `sweep()` brings back (leased) or puts to the policy (sending).
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from random import SystemRandom

from flask import current_app
from sqlalchemy import select, update

from portal.core.driverkit import DriverError, Retryable
from portal.extensions import db
from portal.infra.database import end_read, is_postgres
from portal.infra.locks import LEASE, new_lease_token
from portal.infra.timekeeping import wall
from portal.messaging import channels, masking, service, texts
from portal.messaging.channels import ActiveChannel
from portal.messaging.delivery import Step, after_error, after_unknown
from portal.messaging.drivers.base import MessageDriver, OutgoingMessage, Receipt
from portal.messaging.models import Message, MessageAttempt
from portal.messaging.recheck import why_not

log = logging.getLogger(__name__)

BATCH = 16
THREADS = 8
_random = SystemRandom()


@dataclass
class _Sendout:
    """One message between claim and record."""

    message_id: int
    kind: str
    attempts: int
    token: str
    channel: ActiveChannel
    driver: MessageDriver
    outgoing: OutgoingMessage = field(repr=False)


def claim(lane: str, limit: int) -> tuple[str, list[int]]:
    """Take up to `limit` due messages of a lane: pending -> leased. Commits.

    Returns the fencing token and the ids that are ours now.
    """
    current, token = wall(), new_lease_token()
    due = (
        select(Message.id)
        .where(Message.lane == lane, Message.state == "pending", Message.next_at <= current)
        .order_by(Message.next_at, Message.id)
        .limit(limit)
    )
    if is_postgres():
        due = due.with_for_update(skip_locked=True)
    return token, _lease(Message.id.in_(due.scalar_subquery()), token)


def _lease(which: object, token: str) -> list[int]:
    current = wall()
    ids = db.session.scalars(
        update(Message)
        .where(which, Message.state == "pending", Message.next_at <= current)  # type: ignore[arg-type]
        .values(
            state="leased",
            lease_token=token,
            lease_until=current + LEASE,
            attempts=Message.attempts + 1,
        )
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).all()
    db.session.commit()
    return sorted(ids)


def deliver(message_id: int) -> bool:
    """Claim and send one message now; False when it was not ours to send. Commits."""
    if not ready():
        return False
    token = new_lease_token()
    if not _lease(Message.id == message_id, token):
        return False
    send_claimed(message_id, token)
    return True


def ready() -> bool:
    """Whether anything may be sent: switched on, a channel chosen and not paused."""
    channel = channels.active()
    db.session.rollback()
    return channels.sending_enabled() and channel is not None and not channel.paused


def drain(lane: str, *, limit: int = 500, seconds: float = 40) -> int:
    """Send what is due in a lane, several at a time, within a budget; returns how many.

    Rings again when the budget ended before the lane was empty.
    """
    deadline = time.monotonic() + seconds
    done = 0
    while done < limit and ready():
        token, ids = claim(lane, min(BATCH, limit - done))
        if not ids:
            return done
        _in_threads([lambda i=i: send_claimed(i, token) for i in ids])  # type: ignore[misc]
        done += len(ids)
        if time.monotonic() > deadline:
            service.ring(lane, ids[-1])
            db.session.commit()
            break
    return done


def _in_threads(calls: Sequence[Callable[[], None]]) -> None:
    """Run the calls side by side, each with its own application context and session."""
    if len(calls) == 1:
        calls[0]()
        return
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def run(call: Callable[[], None]) -> None:
        with app.app_context():
            try:
                call()
            except Exception:
                log.exception("a message could not be handled; the sweeper will find it")

    with ThreadPoolExecutor(max_workers=min(THREADS, len(calls))) as pool:
        list(pool.map(run, calls))


def send_claimed(message_id: int, token: str) -> None:
    """Send a message we hold the lease of, and record what came of it. Commits."""
    sendout = _prepare(message_id, token)
    if sendout is None:
        return
    started = time.monotonic()
    receipt: Receipt | None = None
    error: DriverError | None = None
    try:
        receipt = sendout.driver.send(sendout.outgoing)
    except DriverError as caught:
        error = caught
    except Exception as caught:
        log.exception("driver %s crashed", sendout.driver.kind)
        error = Retryable(
            "Driver mengalami kesalahan, hasilnya belum pasti.",
            detail=type(caught).__name__,
            outcome_unknown=True,
        )
    _record(sendout, receipt, error, int((time.monotonic() - started) * 1000))


def _prepare(message_id: int, token: str) -> _Sendout | None:
    """Recheck the reason for the message, choose the channel, cross the point of no return."""
    message = db.session.get_one(Message, message_id, populate_existing=True)
    stop = why_not(message)
    if stop is not None:
        _leave(message, token, *stop)
        return None
    channel = channels.active()
    if channel is None or channel.paused:
        _back(message, token)
        return None
    code, refused = texts.code_for(message)
    if refused:
        _leave(message, token, "expired", refused)
        return None
    outgoing = OutgoingMessage(
        to=message.recipient,
        kind=message.kind,
        language=message.language,
        key=message.dedupe_key,
        text=texts.render(message.kind, message.language, message.params, code),
        params=texts.template_params(message.kind, message.language, message.params, code),
    )
    sendout = _Sendout(
        message_id, message.kind, message.attempts, token, channel, channel.driver(), outgoing
    )
    return sendout if _start(sendout, code) else None


def _start(sendout: _Sendout, code: str | None) -> bool:
    """leased -> sending, with the attempt row, in one small transaction."""
    moved = db.session.execute(
        update(Message)
        .where(
            Message.id == sendout.message_id,
            Message.state == "leased",
            Message.lease_token == sendout.token,
        )
        .values(
            state="sending",
            lease_until=wall() + LEASE,
            channel_id=sendout.channel.id,
            driver=sendout.channel.kind,
        )
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:
        db.session.rollback()
        return False
    payload = masking.payload(sendout.driver.payload(sendout.outgoing), code)
    db.session.add(
        MessageAttempt(
            message_id=sendout.message_id,
            lease_token=sendout.token,
            channel_id=sendout.channel.id,
            driver=sendout.channel.kind,
            started_at=wall(),
            payload=payload,
        )
    )
    db.session.commit()
    end_read()
    return True


def _record(
    sendout: _Sendout, receipt: Receipt | None, error: DriverError | None, latency: int
) -> None:
    """Store the result if the message is still ours; otherwise the attempt was fenced."""
    if error is None:
        step = Step("accepted", "accepted")
    else:
        step = after_error(
            error, sendout.kind, sendout.attempts, sendout.channel.idempotent, _random
        )
    values: dict[str, object] = {"state": step.state, "reason": step.reason, "lease_token": None}
    values["lease_until"] = None
    if receipt is not None:
        values |= {"provider_id": receipt.provider_id, "accepted_at": wall()}
    if step.state == "pending":
        values["next_at"] = wall() + timedelta(seconds=step.wait)
        if not step.burn:
            values["attempts"] = max(sendout.attempts - 1, 0)
    ours = db.session.execute(
        update(Message)
        .where(
            Message.id == sendout.message_id,
            Message.state == "sending",
            Message.lease_token == sendout.token,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if step.pause is not None:
        channels.pause(sendout.channel, step.reason, step.pause)
    outcome = step.outcome if ours.rowcount == 1 else "fenced"
    db.session.execute(
        update(MessageAttempt)
        .where(
            MessageAttempt.message_id == sendout.message_id,
            MessageAttempt.lease_token == sendout.token,
        )
        .values(
            finished_at=wall(),
            outcome=outcome,
            reason=step.reason,
            answer=masking.answer(receipt, error),
            http_status=receipt.http_status if receipt else error.http_status if error else None,
            latency_ms=latency,
        )
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def _leave(message: Message, token: str, state: str, reason: str) -> None:
    """A leased message that must not go out any more."""
    _from_lease(message, token, state=state, reason=reason)


def _back(message: Message, token: str) -> None:
    """A leased message without a channel waits without losing a try."""
    _from_lease(
        message,
        token,
        state="pending",
        attempts=max(message.attempts - 1, 0),
        next_at=wall() + timedelta(seconds=15),
    )


def _from_lease(message: Message, token: str, **values: object) -> None:
    db.session.execute(
        update(Message)
        .where(
            Message.id == message.id, Message.state == "leased", Message.lease_token == token
        )
        .values(lease_token=None, lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def sweep() -> int:
    """Bring back what a crash left behind and ring for what waits; returns how many waited.

    Safe to run anywhere, any number of times. Commits.
    """
    current = wall()
    db.session.execute(
        update(Message)
        .where(Message.state == "leased", Message.lease_until < current)
        .values(state="pending", lease_token=None, lease_until=None, next_at=current)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(Message)
        .where(Message.state == "pending", Message.expires_at < current)
        .values(state="expired", reason="Kedaluwarsa sebelum sempat dikirim.")
        .execution_options(synchronize_session=False)
    )
    _resolve_interrupted()
    waiting = db.session.execute(
        select(Message.id, Message.lane)
        .where(Message.state == "pending", Message.next_at <= current)
        .order_by(Message.next_at)
        .limit(200)
    ).all()
    if waiting and ready():
        for message_id, lane in waiting:
            service.ring(lane, message_id)
    db.session.commit()
    return len(waiting)


def _resolve_interrupted() -> None:
    """Messages whose worker died while the provider was asked: put to the policy."""
    stuck = db.session.scalars(
        select(Message).where(
            Message.state == "sending", Message.lease_until < wall()
        ).limit(500)
    ).all()
    for message in stuck:
        channel = channels.active()
        same = channel is not None and channel.kind == message.driver and channel.idempotent
        step = after_unknown(
            "Server berhenti saat mengirim.", message.kind, message.attempts, same, _random
        )
        done = db.session.execute(
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
            )
            .execution_options(synchronize_session=False)
        )
        if done.rowcount == 1:
            db.session.execute(
                update(MessageAttempt)
                .where(
                    MessageAttempt.message_id == message.id,
                    MessageAttempt.outcome == "started",
                )
                .values(outcome="unknown", reason=step.reason, finished_at=wall())
                .execution_options(synchronize_session=False)
            )
