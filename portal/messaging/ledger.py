"""Writing down sends in bulk: the point of no return, and what came of each. No HTTP here.

Part of the caller's transaction. The answer is recorded only for who still holds the token; a
status that was faster than our own record is no rival, its word is kept; and an answer that
comes after the sweep gave the message up still counts when nobody has sent it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, bindparam, func, insert, select, update

from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.infra.database import unindexed, updated
from portal.infra.timekeeping import wall
from portal.messaging.claims import LEASE
from portal.messaging.delivery import Step
from portal.messaging.drivers.base import Receipt
from portal.messaging.masking import storable
from portal.messaging.models import Message, MessageAttempt
from portal.messaging.preparing import Sendout

_message: Table = Message.__table__  # type: ignore[assignment]
_attempt: Table = MessageAttempt.__table__  # type: ignore[assignment]
# States only a delivery status can have given to a message we are still sending.
TOLD_BY_STATUS = ("sent", "delivered", "read", "failed")


@dataclass
class Outcome:
    """What came of one call: a receipt or an error, how long it took, what follows."""

    sendout: Sendout
    receipt: Receipt | None
    error: DriverError | None
    milliseconds: int
    step: Step

    @property
    def http_status(self) -> int | None:
        told = self.receipt or self.error
        return told.http_status if told else None


def start(sendouts: Sequence[Sendout], at: datetime) -> list[Sendout]:
    """leased -> sending, with an attempt row each; returns those that are still ours."""
    if not sendouts:
        return []
    ours = _held(sendouts, "leased")
    kept = [sendout for sendout in sendouts if sendout.claimed.id in ours]
    if not kept:
        return []
    connection = db.session.connection()
    connection.execute(_START, [_start_values(sendout, at) for sendout in kept])
    connection.execute(insert(_attempt), [_attempt_values(sendout, at) for sendout in kept])
    return kept


def _held(sendouts: Sequence[Sendout], state: str) -> set[int]:
    """Which of these are still in that state under our token; locked until the commit.

    Counted first: as good as always it is all of them, and one row crosses instead of many.
    """
    ids = [sendout.claimed.id for sendout in sendouts]
    ours = (
        select(Message.id)
        .where(
            Message.id.in_(ids),
            unindexed(Message.state) == state,
            Message.lease_token.in_({sendout.claimed.token for sendout in sendouts}),
        )
        .order_by(Message.id)
        .with_for_update()
    )
    if db.session.scalar(select(func.count()).select_from(ours.subquery())) == len(ids):
        return set(ids)
    return set(db.session.scalars(ours))


_START = (
    update(_message)
    .where(_message.c.id == bindparam("b_id"), _message.c.lease_token == bindparam("b_token"))
    .values(
        state="sending",
        lease_until=bindparam("b_until"),
        attempts=bindparam("b_attempts"),
        params=bindparam("b_params"),
        channel_id=bindparam("b_channel"),
        driver=bindparam("b_driver"),
    )
)


def _start_values(sendout: Sendout, at: datetime) -> dict[str, Any]:
    return {
        "b_id": sendout.claimed.id,
        "b_token": sendout.claimed.token,
        "b_until": at + LEASE,
        "b_attempts": sendout.claimed.attempts + 1,
        "b_params": sendout.params,
        "b_channel": sendout.channel.id,
        "b_driver": sendout.channel.kind,
    }


def _attempt_values(sendout: Sendout, at: datetime) -> dict[str, Any]:
    return {
        "message_id": sendout.claimed.id,
        "lease_token": sendout.claimed.token,
        "channel_id": sendout.channel.id,
        "driver": sendout.channel.kind,
        "started_at": at,
        "outcome": "started",
        "reason": "",
        "payload": sendout.payload,
        "answer": "",
        "code": "",
    }


def record(outcomes: Sequence[Outcome]) -> None:
    """Store what came of a batch, each guarded by its token and state."""
    if not outcomes:
        return
    current = wall()
    ours = _held([outcome.sendout for outcome in outcomes], "sending")
    mine = [outcome for outcome in outcomes if outcome.sendout.claimed.id in ours]
    late = [outcome for outcome in outcomes if outcome.sendout.claimed.id not in ours]
    connection = db.session.connection()
    if mine:
        connection.execute(_RECORD, [_record_values(outcome, current) for outcome in mine])
    fenced = {outcome.sendout.claimed.id for outcome in late if not _record_late(outcome, current)}
    connection.execute(
        _RECORD_ATTEMPT, [_tried_values(outcome, fenced, current) for outcome in outcomes]
    )


_RECORD = (
    update(_message)
    .where(_message.c.id == bindparam("b_id"), _message.c.state == "sending")
    .values(
        state=bindparam("b_state"),
        reason=bindparam("b_reason"),
        next_at=bindparam("b_next"),
        attempts=bindparam("b_attempts"),
        bound_to=bindparam("b_bound"),
        provider_id=func.coalesce(bindparam("b_provider"), _message.c.provider_id),
        accepted_at=func.coalesce(
            bindparam("b_accepted", type_=_message.c.accepted_at.type), _message.c.accepted_at
        ),
        lease_token=None,
        lease_until=None,
    )
)
_RECORD_ATTEMPT = (
    update(_attempt)
    .where(
        _attempt.c.message_id == bindparam("b_id"), _attempt.c.lease_token == bindparam("b_token")
    )
    .values(
        finished_at=bindparam("b_finished"),
        outcome=bindparam("b_outcome"),
        reason=bindparam("b_reason"),
        answer=bindparam("b_answer"),
        code=bindparam("b_code"),
        http_status=bindparam("b_status"),
        latency_ms=bindparam("b_latency"),
    )
)


def _record_values(outcome: Outcome, current: datetime) -> dict[str, Any]:
    step, sendout, receipt = outcome.step, outcome.sendout, outcome.receipt
    bound = sendout.claimed.bound_to
    return {
        "b_id": sendout.claimed.id,
        "b_state": step.state,
        "b_reason": step.reason,
        "b_next": current + timedelta(seconds=step.wait),
        "b_attempts": sendout.claimed.attempts + step.burn,
        "b_bound": sendout.channel.identity if step.bind else bound,
        "b_provider": receipt.provider_id if receipt else None,
        # What a person has yet to send by hand was accepted by nobody.
        "b_accepted": current if receipt and step.state != "manual" else None,
    }


def _tried_values(outcome: Outcome, fenced: set[int], current: datetime) -> dict[str, Any]:
    step, sendout = outcome.step, outcome.sendout
    return {
        "b_id": sendout.claimed.id,
        "b_token": sendout.claimed.token,
        "b_finished": current,
        "b_outcome": "fenced" if sendout.claimed.id in fenced else step.outcome,
        "b_reason": step.reason,
        "b_answer": sendout.mask.answer(outcome.receipt, outcome.error),
        "b_code": storable(outcome.error.code)[:60] if outcome.error else "",
        "b_status": outcome.http_status,
        "b_latency": outcome.milliseconds,
    }


def _record_late(outcome: Outcome, current: datetime) -> bool:
    """The message moved on without us; False when our answer has nothing to add any more."""
    return _behind_status(outcome, current) or _after_the_sweep(outcome, current)


def _behind_status(outcome: Outcome, current: datetime) -> bool:
    """A status came before our own record: its state stays, we only add what we learnt."""
    receipt, claimed = outcome.receipt, outcome.sendout.claimed
    values: dict[str, Any] = {}
    if receipt is not None:
        values["provider_id"] = func.coalesce(Message.provider_id, receipt.provider_id)
        values["accepted_at"] = func.coalesce(Message.accepted_at, current)
    return (
        updated(
            update(Message)
            .where(
                Message.id == claimed.id,
                Message.state.in_(TOLD_BY_STATUS),
                Message.lease_token == claimed.token,
            )
            .values(lease_token=None, lease_until=None, **values)
        )
        == 1
    )


def _after_the_sweep(outcome: Outcome, current: datetime) -> bool:
    """The sweep took us for dead, nobody has sent it since, and the provider says yes."""
    receipt, claimed = outcome.receipt, outcome.sendout.claimed
    if receipt is None:
        return False
    return (
        updated(
            update(Message)
            .where(
                Message.id == claimed.id,
                Message.state.in_(("pending", "unknown")),
                Message.lease_token.is_(None),
                Message.attempts == claimed.attempts + 1,
            )
            .values(
                state=outcome.step.state,
                reason="",
                provider_id=receipt.provider_id,
                accepted_at=None if outcome.step.state == "manual" else current,
            )
        )
        == 1
    )
