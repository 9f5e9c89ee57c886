"""Parts of the engine by hand: claimed messages and channels that no table holds."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from portal.extensions import db
from portal.messaging import channel_config, channels
from portal.messaging.channels import ActiveChannel
from portal.messaging.claims import Claimed
from portal.messaging.drivers.base import Limits, OutgoingMessage, Receipt
from portal.messaging.models_channels import Channel, ChannelMeter
from tests import factories
from tests.messaging.fakes import Behaviour
from tests.messaging.rows import PHONE

AT = datetime(2026, 11, 21, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def claimed(message_id: int = 1, **changed: Any) -> Claimed:
    """A message in somebody's hands; `urgent=True` for one somebody waits for."""
    values: dict[str, Any] = {
        "id": message_id,
        "kind": "payment_confirmation",
        "lane": "interactive" if changed.pop("urgent", False) else "messages",
        "recipient": PHONE,
        "language": "id",
        "dedupe_key": f"key:{message_id}",
        "params": {},
        "body": None,
        "batch": None,
        "customer_id": None,
        "invoice_id": None,
        "subscription_id": None,
        "otp_challenge_id": None,
        "attempts": 0,
        "expires_at": None,
        "created_at": AT,
        "bound_to": None,
        "token": "t",
    }
    return Claimed(**{**values, **changed})


def channel(key: int = 1, limits: Limits | None = None, **changed: Any) -> ActiveChannel:
    """A channel with a console for a driver."""
    return ActiveChannel(key, "console", {}, f"Saluran {key}", limits=limits or Limits(), **changed)


def raising(error: BaseException) -> Behaviour:
    """A provider that answers with that error."""

    def answer(_message: OutgoingMessage) -> Receipt:
        raise error

    return answer


def stand_in(kind: str, priority: int = 100) -> int:
    """Put a channel of this driver behind the main one; returns its id."""
    row = channel_config.create(kind)
    row.enabled, row.priority = True, priority
    db.session.commit()
    return row.id


def limited(kind: str, **limits: int) -> None:
    """Set limits on the driver's channel."""
    row = db.session.scalars(db.select(Channel).where(Channel.driver == kind)).one()
    for name, value in limits.items():
        setattr(row, name, value)
    db.session.commit()


def meter(kind: str) -> ChannelMeter:
    """What the driver's channel has counted."""
    return factories.fresh(ChannelMeter, in_force(kind).key)


def in_force(kind: str) -> ActiveChannel:
    """The driver's channel as it is now."""
    db.session.rollback()
    found = next(one for one in channels.in_order() if one.kind == kind)
    db.session.rollback()
    return found


def elsewhere(app: Flask, work: Callable[[], object]) -> threading.Thread:
    """Another worker."""

    def run() -> None:
        with app.app_context():
            work()

    thread = threading.Thread(target=run)
    thread.start()
    return thread
