"""Whether everything is at rest, and hours that pass at once for what only waits for its time."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select, update

from portal.extensions import db
from portal.infra.inbox import InboundHook
from portal.infra.timekeeping import wall
from portal.payments.models import PaymentOrder

Question = Callable[[], int | None]
AT_REST = 6.0
"""Seconds after which a webhook that was taken and is not done waits for its lease or its next
try; and what lies between two questions the gateway answers about one transaction."""


def waiting() -> int | None:
    """Webhooks that are stored and not processed."""
    return db.session.scalar(select(func.count()).where(InboundHook.state == "received"))


def settled() -> int | None:
    """Orders that are settled."""
    return db.session.scalar(select(func.count()).where(PaymentOrder.state == "settled"))


def due() -> int | None:
    """Orders whose hour has come, or that are being asked about."""
    soon = wall() + timedelta(seconds=AT_REST)
    return db.session.scalar(
        select(func.count()).where(
            PaymentOrder.state != "settled", PaymentOrder.next_check_at <= soon
        )
    )


def pass_hours_of_orders(app: Flask) -> None:
    """The hours of the poller's plan: every question that is still to be asked is due now."""
    with app.app_context():
        db.session.execute(
            update(PaymentOrder)
            .where(PaymentOrder.state != "settled", PaymentOrder.next_check_at.is_not(None))
            .values(next_check_at=wall())
        )
        db.session.commit()


def pass_hours_of_webhooks(app: Flask) -> None:
    """The minutes between two tries, and leases of the killed: one webhook a second."""
    with app.app_context():
        rows = select(InboundHook.id).where(
            InboundHook.state == "received",
            InboundHook.attempts > 0,
            InboundHook.received_at < wall() - timedelta(seconds=AT_REST),
        )
        for number, hook_id in enumerate(db.session.scalars(rows.order_by(InboundHook.id)).all()):
            later = wall() + timedelta(seconds=number)
            db.session.execute(
                update(InboundHook)
                .where(InboundHook.id == hook_id, InboundHook.next_at > later)
                .values(next_at=later)
            )
        db.session.commit()
