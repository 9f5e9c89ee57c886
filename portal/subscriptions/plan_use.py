"""Who is on which plan: lines in use, what they bring a month. For the page of plans, which lies
below subscriptions and asks through the application."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import case, func, select

from portal.extensions import db
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription

IN_USE = ("active", "isolated", "paused")


@dataclass(frozen=True)
class PlanUse:
    """Lines of a plan, those of them with a price of their own, and rupiah a month of all."""

    lines: int = 0
    own_price: int = 0
    monthly: int = 0

    @property
    def following(self) -> int:
        """Lines that pay what the plan costs."""
        return self.lines - self.own_price


def uses() -> Mapping[int, PlanUse]:
    """By plan; one without lines is missing."""
    own = Subscription.custom_price.is_not(None)
    rows = db.session.execute(
        select(
            Plan.id,
            func.count(),
            func.sum(case((own, 1), else_=0)),
            func.sum(func.coalesce(Subscription.custom_price, Plan.price)),
        )
        .join(Subscription, Subscription.plan_id == Plan.id)
        .where(Subscription.state.in_(IN_USE))
        .group_by(Plan.id)
    )
    return {plan: PlanUse(count, int(own), int(sum_)) for plan, count, own, sum_ in rows}
