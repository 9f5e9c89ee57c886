"""Counts over all lines for screens: what is due today, what is out of step, which router is
silent. One query each, whatever the number of lines."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from portal.extensions import db
from portal.infra.timekeeping import now, today
from portal.network.models import NetworkAccess, Router
from portal.subscriptions.models import Subscription

SILENT_AFTER = 3
"""So many tries of one line in vain, and its router counts as silent."""


@dataclass(frozen=True)
class RouterLine:
    """A router with its lines: how many there are, walled off, out of step, failing; when it
    last confirmed anything, and the newest complaint."""

    id: int
    name: str
    driver: str
    is_default: bool
    lines: int
    isolated: int
    waiting: int
    failing: int
    heard_at: datetime | None
    last_error: str

    @property
    def silent(self) -> bool:
        """It was asked again and again, and has not answered since."""
        quiet = self.heard_at is None or self.heard_at < now() - timedelta(minutes=5)
        return self.failing > 0 and quiet

    @property
    def level(self) -> str:
        """For a badge."""
        if self.silent:
            return "bad"
        return "warn" if self.failing or self.waiting else "ok"


def differs() -> ColumnElement[bool]:
    """A line whose router is not as it should be."""
    return or_(
        and_(Subscription.state == "active", NetworkAccess.actual != "open"),
        and_(Subscription.state != "active", NetworkAccess.actual == "open"),
    )


def due() -> ColumnElement[bool]:
    """An open line that the last run left for later today, or that waits at the fuse."""
    return and_(
        Subscription.state == "active",
        or_(NetworkAccess.decision == "isolate", NetworkAccess.next_on <= today()),
    )


def _count(condition: Any) -> int:
    statement = (
        select(func.count())
        .select_from(NetworkAccess)
        .join(Subscription, Subscription.id == NetworkAccess.subscription_id)
        .where(condition)
    )
    return int(db.session.scalar(statement) or 0)


def due_today() -> int:
    """Lines that are walled off today if nobody pays."""
    return _count(due())


def out_of_step() -> int:
    """Lines whose router has failed at least once and is not as it should be."""
    return _count(and_(NetworkAccess.last_error != "", differs()))


def routers() -> list[RouterLine]:
    """Every router with its counts, in one query; the last error in a second one."""

    def many(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    failing = and_(NetworkAccess.last_error != "", NetworkAccess.attempts >= SILENT_AFTER)
    rows = db.session.execute(
        select(
            Router,
            func.count(Subscription.id),
            many(Subscription.state == "isolated"),
            many(differs()),
            many(and_(failing, differs())),
            func.max(NetworkAccess.applied_at),
        )
        .outerjoin(
            Subscription, and_(Subscription.router_id == Router.id, Subscription.state != "ended")
        )
        .outerjoin(NetworkAccess, NetworkAccess.subscription_id == Subscription.id)
        .group_by(Router.id)
        .order_by(Router.name)
    ).all()
    errors = _errors() if any(row[4] for row in rows) else {}
    return [
        RouterLine(
            router.id,
            router.name,
            router.driver,
            router.is_default,
            int(lines),
            int(isolated),
            int(waiting),
            int(failed),
            heard_at,
            errors.get(router.id, ""),
        )
        for router, lines, isolated, waiting, failed, heard_at in rows
    ]


def _errors() -> dict[int, str]:
    """One complaint per router."""
    rows = db.session.execute(
        select(Subscription.router_id, func.max(NetworkAccess.last_error))
        .join(NetworkAccess, NetworkAccess.subscription_id == Subscription.id)
        .where(NetworkAccess.last_error != "", differs())
        .group_by(Subscription.router_id)
    )
    return {router_id: error for router_id, error in rows if router_id is not None}


def silent() -> list[RouterLine]:
    """Routers that do not answer."""
    return [router for router in routers() if router.silent]
