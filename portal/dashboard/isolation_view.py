"""What staff see of the isolation rule: the stop that waits, a dry run, a customer's promises."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import today, zone
from portal.network import facts, fuse, isolation, promises, words
from portal.network.facts import judge
from portal.network.isolation import IsolationOutcome
from portal.network.models_isolation import IsolationStop
from portal.settings import service as settings
from portal.subscriptions.models import Subscription

SHOWN = 200
"""Lines of one list on a page; the rest is a number."""


@dataclass(frozen=True)
class StopView:
    """A stop with the lines on its list: (line, customer), and why each would be walled off."""

    stop: IsolationStop
    rows: Sequence[Any]
    reasons: dict[int, str]
    more: int


def stop(stop_id: int | None = None) -> StopView | None:
    """The stop that waits today, or this one as long as it waits."""
    found = fuse.waiting(today())
    if found is None or (stop_id is not None and found.id != stop_id):
        return None
    shown = found.lines[:SHOWN]
    rows = db.session.execute(
        select(Subscription, Customer)
        .join(Customer, Customer.id == Subscription.customer_id)
        .where(Subscription.id.in_(shown))
        .order_by(Customer.name, Subscription.id)
    ).all()
    return StopView(found, rows, reasons(shown), len(found.lines) - len(shown))


def reasons(ids: Sequence[int]) -> dict[int, str]:
    """What the rule says of these lines now, in the reader's language."""
    return {line_id: words.sentence(line.decision) for line_id, line in judge(ids).items()}


@dataclass(frozen=True)
class Tonight:
    """What the run does by itself: whether it runs, its next open moment, the fuse's limit in
    customers, and how it stands."""

    enabled: bool
    opens_at: datetime | None
    limit: int
    stopped: bool


def tonight() -> Tonight:
    """For the top of the board; the count of lines is the board's own."""
    rule = facts.rule_for(None)
    moment = rule.calendar.opening(facts.local_now())
    base = db.session.scalar(select(func.count()).where(Customer.status == "active")) or 0
    limit = base * settings.integer("isolation.fuse_bp") // 10_000
    stopped = fuse.waiting(today()) is not None
    opens_at = moment.replace(tzinfo=zone()) if moment else None
    return Tonight(rule.enabled, opens_at, max(limit, 0), stopped)


def preview() -> dict[str, Any]:
    """What a run would do now, changing nothing."""
    outcomes = isolation.run(dry_run=True)
    walled = _walled([found.subscription_id for found in outcomes])
    going = [
        found
        for found in outcomes
        if found.decision == "isolate" and found.subscription_id not in walled
    ]
    opening = [
        found for found in outcomes if found.decision == "keep" and found.subscription_id in walled
    ]
    kept = [
        found
        for found in outcomes
        if found.decision == "keep" and found.subscription_id not in walled
    ]
    return {"going": _part(going), "opening": _part(opening), "kept": _part(kept)}


def _walled(ids: list[int]) -> set[int]:
    known = set(ids)
    rows = db.session.scalars(select(Subscription.id).where(Subscription.state == "isolated"))
    return {line_id for line_id in rows if line_id in known}


def _part(outcomes: list[IsolationOutcome]) -> tuple[list[IsolationOutcome], int]:
    return outcomes[:SHOWN], len(outcomes)


def agreements(customer_id: int) -> dict[str, Any]:
    """Promises and months of a customer, with what may still be agreed."""
    term = promises.rapel(customer_id)
    return {
        "promises": promises.of_customer(customer_id),
        "current": promises.current(customer_id),
        "left": promises.left_this_year(customer_id),
        "latest": today() + timedelta(days=settings.integer("isolation.promise_days")),
        "rapel": term if term and term.months else None,
        "rapel_cap": settings.integer("isolation.rapel_cap"),
    }
