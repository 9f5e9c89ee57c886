"""What the knobs of isolation would change today, asked of the rule the run itself asks."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.network import fuse
from portal.network.facts import BY_HAND, judge
from portal.network.isolation import candidates
from portal.settings import service as settings
from portal.settings.effects import Effect, Values
from portal.web.filters import number


@dataclass(frozen=True)
class Outlook:
    """Lines and customers that are walled off today if nobody pays, lines that are opened, and
    whether the fuse would stop it."""

    going: int
    customers: int
    opening: int
    stopped: bool


def outlook() -> Outlook:
    """The rest of today under the settings in force; nothing is changed."""
    lines = judge(candidates()).values()
    day = today()
    going = [
        line
        for line in lines
        if line.state == "active"
        and (
            line.decision.action == "isolate"
            or (line.decision.next_on is not None and line.decision.next_on <= day)
        )
    ]
    opening = sum(
        line.state == "isolated"
        and line.decision.action == "keep"
        and line.decision.code != BY_HAND
        for line in lines
    )
    customers = len({line.customer_id for line in going})
    base = db.session.scalar(select(func.count()).where(Customer.status == "active")) or 0
    stopped = fuse.too_many(
        customers,
        len(going),
        base,
        settings.integer("isolation.fuse_bp"),
        settings.integer("isolation.fuse_lines"),
    )
    return Outlook(len(going), customers, opening, stopped)


def effects(values: Values) -> Iterator[Effect]:
    """For the settings page."""
    if not any(key.startswith("isolation.") for key in values):
        return
    before = outlook()
    with settings.supposing(values):
        after = outlook()
    yield Effect(
        _(
            "Dengan nilai ini %(new)s langganan diisolir hari ini (sekarang %(old)s).",
            new=number(after.going),
            old=number(before.going),
        ),
        "warn" if after.going > before.going else "info",
    )
    if after.opening != before.opening:
        yield Effect(
            _(
                "%(new)s langganan yang terisolir akan dibuka (sekarang %(old)s).",
                new=number(after.opening),
                old=number(before.opening),
            ),
            "warn",
        )
    if after.stopped:
        yield Effect(
            _(
                "Itu %(customers)s pelanggan, lebih banyak dari batas sekring: isolir berhenti "
                "dan bertanya dulu.",
                customers=number(after.customers),
            ),
            "warn",
        )
