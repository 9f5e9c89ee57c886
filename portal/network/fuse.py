"""The fuse: a run that would wall off too many stops before the first line and asks a person.

What they decide counts for the list of that day only; whoever comes on top is counted anew.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import audit, events, queue
from portal.infra.database import updated
from portal.infra.timekeeping import now, today, zone
from portal.network.events import IsolationStopped
from portal.network.facts import Line
from portal.network.models import NetworkAccess
from portal.network.models_isolation import IsolationStop
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from portal.web.sentences import N_


def too_many(customers: int, lines: int, base: int, limit_bp: int, least_lines: int) -> bool:
    """Whether so many of `base` active customers are more than the owner lets pass unasked;
    `limit_bp` in hundredths of a percent."""
    return lines >= least_lines and customers * 10_000 > limit_bp * base


def let_through(lines: Sequence[Line]) -> set[int]:
    """The lines this run may wall off. Stops, tells staff and waits when they are too many.

    Commits.
    """
    wanted = [line for line in lines if line.state == "active" and line.decision.action != "keep"]
    stops = _of_today()
    if any(stop.state == "waiting" for stop in stops):
        db.session.rollback()
        return set()
    confirmed = {line for stop in stops if stop.state == "confirmed" for line in stop.lines}
    cancelled = {line for stop in stops if stop.state == "cancelled" for line in stop.lines}
    new = [line for line in wanted if line.id not in confirmed | cancelled]
    passed = {line.id for line in wanted if line.id in confirmed - cancelled}
    if new and _stops(new, confirmed):
        return passed
    db.session.commit()
    return passed | {line.id for line in new}


def _of_today() -> list[IsolationStop]:
    """Today's stops; one that waited longer than its day is over."""
    db.session.execute(
        update(IsolationStop)
        .where(IsolationStop.state == "waiting", IsolationStop.day < today())
        .values(state="expired", decided_at=now())
    )
    return list(db.session.scalars(select(IsolationStop).where(IsolationStop.day == today())))


def _stops(new: Sequence[Line], confirmed: set[int]) -> bool:
    """Whether these and the ones walled off earlier today are too many; writes it down."""
    before = {line: customer for line, customer in _earlier_today() if line not in confirmed}
    customers = {line.customer_id for line in new} | set(before.values())
    base = db.session.scalar(select(func.count()).where(Customer.status == "active")) or 0
    limit, least = settings.integer("isolation.fuse_bp"), settings.integer("isolation.fuse_lines")
    if not too_many(len(customers), len(new) + len(before), base, limit, least):
        return False
    stop = IsolationStop(
        day=today(),
        state="waiting",
        lines=[line.id for line in new],
        customers=len({line.customer_id for line in new}),
        base=base,
        created_at=now(),
    )
    db.session.add(stop)
    try:
        db.session.flush()
    except IntegrityError:  # another run was quicker; it told everybody
        db.session.rollback()
        return True
    events.emit(IsolationStopped(stop.id))
    db.session.commit()
    return True


def _earlier_today() -> list[tuple[int, int]]:
    """(line, customer) of what runs walled off since midnight and is still walled off."""
    midnight = datetime.combine(today(), time.min, zone()).astimezone(UTC)
    rows = db.session.execute(
        select(Subscription.id, Subscription.customer_id)
        .join(NetworkAccess, NetworkAccess.subscription_id == Subscription.id)
        .where(
            Subscription.state == "isolated",
            Subscription.state_since >= midnight,
            NetworkAccess.decision == "isolate",
        )
    )
    return [(line, customer) for line, customer in rows]


def waiting(day: date) -> IsolationStop | None:
    """The stop that waits for a person on that day."""
    return db.session.scalar(
        select(IsolationStop).where(IsolationStop.state == "waiting", IsolationStop.day == day)
    )


def resolve(stop_id: int, answer: str, reason: str) -> bool:
    """Let the list of a stop through (`confirmed`) or not today (`cancelled`), with a reason.

    False when it no longer waits or its day is over. Raises ValueError without a reason.
    """
    reason = reason.strip()[:200]
    if answer not in {"confirmed", "cancelled"}:
        raise ValueError(f"no such answer: {answer}")
    if not reason:
        raise ValueError(N_("Tulis alasannya."))
    changed = updated(
        update(IsolationStop)
        .where(
            IsolationStop.id == stop_id,
            IsolationStop.state == "waiting",
            IsolationStop.day == today(),
        )
        .values(state=answer, decided_at=now()),
        refresh=True,
    )
    if changed != 1:
        return False
    stop = db.session.get_one(IsolationStop, stop_id)
    audit.record(
        f"isolation.{answer}",
        f"isolation_stop:{stop_id}",
        after={"day": stop.day.isoformat(), "lines": stop.lines},
        reason=reason,
    )
    if answer == "confirmed":
        queue.ring(queue.RUN_SCHEDULED, "isolate")
    return True
