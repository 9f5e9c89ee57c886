"""The isolation board's list: which lines, narrowed how, and the counts above it."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from portal.customers.models import Customer
from portal.extensions import db
from portal.network import overview
from portal.network.facts import BY_HAND, POSTPONED
from portal.network.models import NetworkAccess
from portal.subscriptions.finding import customer_matches
from portal.subscriptions.models import Subscription


def _shown() -> dict[str, ColumnElement[bool]]:
    """What one may look at: everything on the board, and parts of it."""
    isolated = Subscription.state == "isolated"
    return {
        "all": or_(
            isolated,
            NetworkAccess.next_on.is_not(None),
            # Postponed without a date, or held back by the fuse.
            NetworkAccess.decision.in_((POSTPONED, "isolate")),
        ),
        "isolated": isolated,
        "by_hand": isolated & (NetworkAccess.decision == BY_HAND),
        "today": overview.due(),
        "postponed": (Subscription.state == "active") & (NetworkAccess.decision == POSTPONED),
        "waiting": overview.differs(),
    }


SHOWS = ("all", "isolated", "today", "postponed", "by_hand", "waiting")


def _lines(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Subscription)
        .join(Customer, Customer.id == Subscription.customer_id)
        .join(NetworkAccess, NetworkAccess.subscription_id == Subscription.id)
        .where(Subscription.state.in_(("active", "isolated")))
    )


def listed(show: str, text: str, area: int) -> Select[Any]:
    """(line, customer, access): walled off first, then by the day it would happen."""
    found = _lines(Subscription, Customer, NetworkAccess).where(_shown()[show])
    if text:
        found = found.where(customer_matches(text))
    if area:
        found = found.where(Customer.area_id == area)
    return found.order_by(
        (Subscription.state != "isolated"), NetworkAccess.next_on, Subscription.id
    )


def counts() -> dict[str, int]:
    """How many lines each choice shows, in one query."""
    shown = _shown()
    parts = [
        func.count(Subscription.id).filter(condition).label(name)
        for name, condition in shown.items()
    ]
    row = db.session.execute(_lines(*parts)).one()
    return {name: int(getattr(row, name)) for name in shown}
