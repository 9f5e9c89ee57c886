"""Subscriptions: creating and changing them, and their state by guarded UPDATE."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, update

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.timekeeping import now, today
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription

# From -> to. Everything else is refused.
TRANSITIONS = {
    ("active", "isolated"),
    ("isolated", "active"),
    ("active", "paused"),
    ("paused", "active"),
    ("active", "ended"),
    ("isolated", "ended"),
    ("paused", "ended"),
}


class LoginTaken(ValueError):
    """The service login belongs to another customer; the message says whose number."""


@dataclass(frozen=True)
class SubscriptionData:
    """What an import or a form says about a line. `price` in rupiah a month."""

    login: str
    price: int
    billing_day: int
    started_on: date | None = None


def owner_of(login: str) -> str | None:
    """The customer number a service login belongs to; None when it is free."""
    return db.session.scalar(
        select(Customer.number)
        .join(Subscription, Subscription.customer_id == Customer.id)
        .where(Subscription.login == login)
    )


def save(
    customer: Customer, plan: Plan, data: SubscriptionData, router_id: int | None
) -> tuple[Subscription, str]:
    """Create or update by service login; says "new", "changed" or "same".

    Raises LoginTaken. The start date and router of an existing line stay as they are.
    """
    custom = None if data.price == plan.price else data.price
    line = db.session.scalar(select(Subscription).where(Subscription.login == data.login))
    if line is None:
        line = Subscription(
            customer_id=customer.id,
            plan_id=plan.id,
            router_id=router_id,
            login=data.login,
            billing_day=data.billing_day,
            custom_price=custom,
            state="active",
            state_since=now(),
            started_on=data.started_on or today(),
            auto_from=max(data.started_on or today(), today()),
            created_at=now(),
        )
        db.session.add(line)
        db.session.flush()
        return line, "new"
    if line.customer_id != customer.id:
        raise LoginTaken(f"Login layanan {data.login} sudah dipakai pelanggan lain.")
    wanted = {"plan_id": plan.id, "billing_day": data.billing_day, "custom_price": custom}
    before = {field: getattr(line, field) for field in wanted}
    if before == wanted:
        return line, "same"
    for field, value in wanted.items():
        setattr(line, field, value)
    audit.record("subscription.change", f"subscription:{line.id}", before=before, after=wanted)
    return line, "changed"


def move(subscription_id: int, source: str, target: str, reason: str) -> bool:
    """Change the state only if it still is `source`; False when it no longer was.

    Raises ValueError for a transition that does not exist. Audited.
    """
    if (source, target) not in TRANSITIONS:
        raise ValueError(f"a subscription cannot go from {source} to {target}")
    moved = updated(
        update(Subscription)
        .where(Subscription.id == subscription_id, Subscription.state == source)
        .values(state=target, state_since=now()),
        refresh=True,
    )
    if moved != 1:
        return False
    audit.record(
        f"subscription.{target}",
        f"subscription:{subscription_id}",
        before={"state": source},
        after={"state": target},
        reason=reason,
    )
    return True
