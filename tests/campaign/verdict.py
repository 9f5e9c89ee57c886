"""The count at the end: what the provider took against what the rows say.

- lost: a row that is in no final or listed state; or one we call accepted that never arrived;
- twice: one message delivered more than once, over all channels together;
- untold: delivered, but shown as if it certainly was not (failed, expired, cancelled, pending);
- repeated: a key sent again through a channel that does not recognise it, without its statuses
  having proved the first one absent;
- listed: `unknown`, with how many of them had in truth arrived.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.health.invariants import INVARIANTS, violations
from portal.messaging.models import Message, MessageAttempt

SURE = frozenset({"accepted", "sent", "delivered", "read"})
DENIED = frozenset({"failed", "expired", "cancelled"})
RESTLESS = frozenset({"pending", "leased", "sending"})
KEPT = ("I6", "I8")


@dataclass
class Count:
    """One phase."""

    name: str
    messages: int = 0
    states: Counter[str] = field(default_factory=Counter)
    unknown_arrived: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not (self.lost or self.twice or self.untold)


def count(app: Flask, phase: str, report: Mapping[str, Any]) -> Count:
    """Compare the rows of a phase with what arrived."""
    arrived: Counter[str] = Counter()
    for numbers in report["taken"].values():
        arrived.update(numbers)
    found = Count(phase)
    with app.app_context():
        rows = db.session.execute(
            select(Message.recipient, Message.state, Message.reason).where(Message.batch == phase)
        ).all()
        db.session.rollback()
    for row in rows:
        times = arrived[row.recipient.lstrip("+")]
        _judge(found, f"{row.recipient} {row.state} ({row.reason})", row.state, times)
    return found


def _judge(found: Count, what: str, state: str, times: int) -> None:
    found.messages += 1
    found.states[state] += 1
    found.unknown_arrived += state == "unknown" and times > 0
    if state in RESTLESS or (state in SURE and not times):
        found.lost.append(what)
    if times > 1:
        found.twice.append(f"{what} x{times}")
    if times and state in DENIED:
        found.untold.append(what)


def open_attempts(app: Flask) -> int:
    """Attempts that nobody ever closed, of messages that rest."""
    with app.app_context():
        rows = db.session.scalars(
            select(MessageAttempt.id)
            .join(Message, Message.id == MessageAttempt.message_id)
            .where(MessageAttempt.outcome == "started", Message.state.not_in(RESTLESS))
        ).all()
        db.session.rollback()
    return len(rows)


def broken_invariants(app: Flask) -> list[str]:
    """The product's own rules about messages, and I7: nothing due waits while workers live."""
    with app.app_context():
        found = [
            f"{rule.name}: {rule.sentence}: {ids}"
            for rule in INVARIANTS
            if rule.name in KEPT and (ids := violations(rule))
        ]
        waiting = db.session.scalars(select(Message.id).where(Message.state == "pending")).all()
        db.session.rollback()
    if waiting:
        found.append(f"I7: {len(waiting)} messages wait unseen")
    return found


def table(counts: Sequence[Count]) -> str:
    """For the terminal and for the document."""
    head = (
        f"{'phase':<12}{'messages':>9}{'sure':>7}{'failed':>7}{'unknown':>8}"
        f"{'(arrived)':>10}{'lost':>6}{'twice':>6}{'untold':>7}"
    )
    lines = [head]
    for one in counts:
        sure = sum(one.states[state] for state in SURE)
        failed = sum(one.states[state] for state in DENIED)
        lines.append(
            f"{one.name:<12}{one.messages:>9}{sure:>7}{failed:>7}{one.states['unknown']:>8}"
            f"{one.unknown_arrived:>10}{len(one.lost):>6}{len(one.twice):>6}{len(one.untold):>7}"
        )
    return "\n".join(lines)
