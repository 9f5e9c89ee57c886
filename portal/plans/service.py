"""Plans: finding one by name, making one, changing its price."""

from collections.abc import Mapping

from sqlalchemy import select

from portal.extensions import db
from portal.infra import audit
from portal.infra.timekeeping import now
from portal.plans.models import Plan

TERMS = ("billing", "cycle_months", "issue_day")


def by_name(name: str) -> Plan | None:
    """The plan of that name."""
    return db.session.scalar(select(Plan).where(Plan.name == name.strip()))


def ensure(name: str, price: int) -> Plan:
    """The plan of that name, made with this price (rupiah) when it is new."""
    plan = by_name(name)
    if plan is None:
        plan = Plan(name=name.strip(), price=price, created_at=now())
        db.session.add(plan)
        db.session.flush()
        audit.record("plan.create", f"plan:{plan.id}", after={"name": name, "price": price})
    return plan


def may_have_terms(plan: Plan, terms: Mapping[str, object]) -> bool:
    """Whether the plan may be billed so: anything before its first invoice, then only as it is.

    Other cycles under invoices that exist would leave days unbilled or bill them twice.
    """
    same = all(getattr(plan, field) == terms[field] for field in TERMS)
    return same or plan.first_billed_on is None


def archive(plan: Plan, *, archived: bool) -> bool:
    """Take a plan off every list of plans to choose, or back; its lines stay on it. False when it
    is so already."""
    if plan.active != archived:
        return False
    plan.active = not archived
    if archived:
        plan.public = False
    audit.record("plan.archive" if archived else "plan.restore", f"plan:{plan.id}")
    return True


def change_price(plan: Plan, price: int) -> None:
    """New price (rupiah) from the next invoice on; issued invoices keep theirs."""
    if price <= 0:
        raise ValueError("a plan's price is a positive number of rupiah")
    if price != plan.price:
        audit.record(
            "plan.price",
            f"plan:{plan.id}",
            before={"price": plan.price},
            after={"price": price},
        )
        plan.price = price
