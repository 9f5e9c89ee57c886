"""Signs of life and messages as rows, for the health tests."""

from datetime import timedelta
from typing import Any

from portal.extensions import db
from portal.infra.heartbeat import Heartbeat
from portal.infra.queue import LANES
from portal.infra.timekeeping import wall
from portal.messaging.models import Message, MessageAttempt

ROLES = ("scheduler", *LANES)


def beats(*roles: str, silent: int = 0, pid: int = 7) -> None:
    """Processes last heard that many seconds ago."""
    at = wall() - timedelta(seconds=silent)
    for role in roles:
        name = f"{role}:box:{pid}"
        db.session.add(Heartbeat(name=name, role=role, host="box", pid=pid, started_at=at, at=at))
    db.session.commit()


def put(key: str, lane: str = "messages", state: str = "pending", due: int = 0, **more: Any) -> int:
    """A message due that many seconds ago (negative: in the future)."""
    at = wall() - timedelta(seconds=due)
    row = Message(
        dedupe_key=key,
        kind="payment_reminder",
        lane=lane,
        recipient="+6281234567890",
        state=state,
        next_at=at,
        created_at=at,
        **more,
    )
    db.session.add(row)
    db.session.commit()
    return row.id


def tried(message_id: int, ago: int = 5, outcome: str = "accepted") -> None:
    at = wall() - timedelta(seconds=ago)
    db.session.add(
        MessageAttempt(
            message_id=message_id,
            lease_token="x",
            driver="console",
            started_at=at,
            finished_at=at,
            outcome=outcome,
        )
    )
    db.session.commit()
