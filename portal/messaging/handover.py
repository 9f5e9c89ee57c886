"""One leased message to the provider: recheck, point of no return, call, record.

`leased -> sending` is committed right before the first byte. No transaction is open while
the provider is asked. The answer is recorded only by whoever still holds the token; a
status webhook that was faster than our own record is no rival, its word is kept.
"""

import logging
import time
from dataclasses import dataclass, field
from datetime import timedelta
from random import SystemRandom
from typing import Any

from sqlalchemy import func, update

from portal.core.driverkit import DriverError, Misconfigured, Retryable
from portal.extensions import db
from portal.infra.database import end_read, updated
from portal.infra.locks import LEASE
from portal.infra.timekeeping import wall
from portal.messaging import channels, claims, masking, meters, recheck, texts
from portal.messaging.channels import ActiveChannel
from portal.messaging.delivery import MAX_ATTEMPTS, Step, after_error
from portal.messaging.drivers.base import MessageDriver, OutgoingMessage, Receipt
from portal.messaging.models import Message, MessageAttempt

log = logging.getLogger(__name__)
_random = SystemRandom()

WITHOUT_CHANNEL = 15
NOT_READY = 60
# States only a delivery status can have given to a message we are still sending.
TOLD_BY_STATUS = ("sent", "delivered", "read", "failed")


@dataclass
class _Sendout:
    """One message between claim and record; `attempts` counts this try."""

    message_id: int
    kind: str
    attempts: int
    token: str
    channel: ActiveChannel
    driver: MessageDriver
    outgoing: OutgoingMessage = field(repr=False)
    mask: masking.Mask = field(repr=False)


@dataclass
class _Result:
    """What came of the call: a receipt or an error, and how long it took."""

    receipt: Receipt | None = None
    error: DriverError | None = None
    milliseconds: int = 0

    @property
    def http_status(self) -> int | None:
        told = self.receipt or self.error
        return told.http_status if told else None


def send_claimed(message_id: int, token: str) -> None:
    """Send a message we hold the lease of, and record what came of it. Commits."""
    try:
        sendout = _prepare(message_id, token)
    except Misconfigured as error:
        db.session.rollback()
        claims.give_back(message_id, token, WITHOUT_CHANNEL, reason=error.sentence)
        return
    except Exception:
        db.session.rollback()
        log.exception("message %s could not be made ready", message_id)
        _cannot_be_made(message_id, token)
        return
    if sendout is None:
        return
    _record(sendout, _call(sendout))


def _call(sendout: _Sendout) -> _Result:
    """Ask the provider; a driver that breaks its contract may still have sent."""
    started = time.monotonic()
    result = _Result()
    try:
        result.receipt = sendout.driver.send(sendout.outgoing)
    except DriverError as caught:
        result.error = caught
    except Exception as caught:
        # The exception's text may quote the message: only its class is logged.
        log.error("driver %s crashed: %s", sendout.driver.kind, type(caught).__name__)
        result.error = Retryable(
            "Driver mengalami kesalahan, hasilnya belum pasti.",
            detail=type(caught).__name__,
            outcome_unknown=True,
        )
    result.milliseconds = int((time.monotonic() - started) * 1000)
    return result


def _prepare(message_id: int, token: str) -> _Sendout | None:
    """Recheck the reason for the message, choose the channel, cross the point of no return."""
    message = db.session.get_one(Message, message_id, populate_existing=True)
    if stop := recheck.why_not(message):
        claims.leave(message_id, token, *stop)
        return None
    channel = channels.active()
    if channel is None or channel.paused:
        claims.give_back(message_id, token, WITHOUT_CHANNEL)
        return None
    code, refused = texts.code_for(message)
    if refused:
        claims.leave(message_id, token, "expired", refused)
        return None
    params = recheck.current_params(message)
    outgoing = OutgoingMessage(
        to=message.recipient,
        kind=message.kind,
        language=message.language,
        key=message.dedupe_key,
        text=texts.render(message.kind, message.language, params, code),
        params=texts.template_params(message.kind, message.language, params, code),
    )
    sendout = _Sendout(
        message_id=message_id,
        kind=message.kind,
        attempts=message.attempts + 1,
        token=token,
        channel=channel,
        driver=channel.driver(),
        outgoing=outgoing,
        mask=masking.Mask(code, message.recipient, channel.secrets),
    )
    return sendout if _start(sendout, params) else None


def _cannot_be_made(message_id: int, token: str) -> None:
    """A message our own code cannot put together is tried a few times, then shown as failed."""
    message = db.session.get_one(Message, message_id, populate_existing=True)
    attempts = message.attempts + 1
    reason = "Pesan tidak dapat disusun; lihat catatan server."
    if attempts >= MAX_ATTEMPTS:
        claims.leave(message_id, token, "failed", reason)
    else:
        claims.give_back(message_id, token, NOT_READY, attempts=attempts, reason=reason)


def _start(sendout: _Sendout, params: dict[str, Any]) -> bool:
    """leased -> sending, with the attempt row, in one small transaction."""
    moved = updated(
        update(Message)
        .where(
            Message.id == sendout.message_id,
            Message.state == "leased",
            Message.lease_token == sendout.token,
        )
        .values(
            state="sending",
            lease_until=wall() + LEASE,
            attempts=sendout.attempts,
            params=params,
            channel_id=sendout.channel.id,
            driver=sendout.channel.kind,
        )
    )
    if moved != 1:
        db.session.rollback()
        return False
    db.session.add(
        MessageAttempt(
            message_id=sendout.message_id,
            lease_token=sendout.token,
            channel_id=sendout.channel.id,
            driver=sendout.channel.kind,
            started_at=wall(),
            payload=sendout.mask.payload(sendout.driver.payload(sendout.outgoing)),
        )
    )
    db.session.commit()
    end_read()
    return True


def _record(sendout: _Sendout, result: _Result) -> None:
    """Store the result if the message is still ours; otherwise the attempt was fenced."""
    if result.error is None:
        step = Step("accepted", "accepted")
    else:
        step = after_error(
            result.error, sendout.kind, sendout.attempts, sendout.channel.idempotent, _random
        )
    ours = _store(sendout, step, result.receipt) or _store_behind_status(sendout, result.receipt)
    if step.pause is not None:
        meters.pause(
            sendout.channel,
            "rate" if step.outcome == "rate_limited" else "misconfigured",
            step.reason,
            step.pause,
        )
    updated(
        update(MessageAttempt)
        .where(
            MessageAttempt.message_id == sendout.message_id,
            MessageAttempt.lease_token == sendout.token,
        )
        .values(
            finished_at=wall(),
            outcome=step.outcome if ours else "fenced",
            reason=step.reason,
            answer=sendout.mask.answer(result.receipt, result.error),
            http_status=result.http_status,
            latency_ms=result.milliseconds,
        )
    )
    db.session.commit()


def _store(sendout: _Sendout, step: Step, receipt: Receipt | None) -> bool:
    """The step of the policy, guarded by token and state."""
    values: dict[str, Any] = {"state": step.state, "reason": step.reason}
    if receipt is not None:
        values |= {"provider_id": receipt.provider_id, "accepted_at": wall()}
    if step.state == "pending":
        values["next_at"] = wall() + timedelta(seconds=step.wait)
        if not step.burn:
            values["attempts"] = sendout.attempts - 1
    mine = Message.lease_token == sendout.token
    return (
        updated(
            update(Message)
            .where(Message.id == sendout.message_id, Message.state == "sending", mine)
            .values(lease_token=None, lease_until=None, **values)
        )
        == 1
    )


def _store_behind_status(sendout: _Sendout, receipt: Receipt | None) -> bool:
    """A status came before our own record: its state stays, we only add what we learnt."""
    values: dict[str, Any] = {}
    if receipt is not None:
        values["provider_id"] = func.coalesce(Message.provider_id, receipt.provider_id)
        values["accepted_at"] = func.coalesce(Message.accepted_at, wall())
    return (
        updated(
            update(Message)
            .where(
                Message.id == sendout.message_id,
                Message.state.in_(TOLD_BY_STATUS),
                Message.lease_token == sendout.token,
            )
            .values(lease_token=None, lease_until=None, **values)
        )
        == 1
    )
