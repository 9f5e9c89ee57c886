"""Makes routers do what is wanted: compares wanted with actual, line by line.

Claim by guarded UPDATE, commit, talk to the router with nothing open, read the wanted
state again, record. A missed or failed command heals at the next sweep.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, case, or_, select, update

from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.infra import events, queue
from portal.infra.database import end_read, updated
from portal.infra.locks import LEASE, new_lease_token
from portal.infra.timekeeping import now, wall
from portal.network.drivers.base import AccessState
from portal.network.events import AccessIsolated, AccessRestored
from portal.network.models import NetworkAccess, Router
from portal.network.registry import driver_for
from portal.subscriptions.models import Subscription

log = logging.getLogger(__name__)
MAX_WAIT = 600


@dataclass(frozen=True)
class _Work:
    login: str
    wanted: AccessState
    router: Router | None
    attempts: int


def wanted_state(subscription_state: str) -> AccessState:
    """What the router should do: everything but an active line is walled off."""
    return "open" if subscription_state == "active" else "isolated"


def apply_access(subscription_id: int) -> str:
    """Bring one line's router in step; returns applied, retry or nothing. Commits."""
    token = new_lease_token()
    taken = updated(
        update(NetworkAccess)
        .where(
            NetworkAccess.subscription_id == subscription_id,
            NetworkAccess.next_at <= wall(),
        )
        .values(lease_token=token, next_at=wall() + LEASE, attempts=NetworkAccess.attempts + 1)
    )
    db.session.commit()
    if taken != 1:
        return "nothing"
    work = _read(subscription_id)
    try:
        driver_for(work.router).apply(work.login, work.wanted)
    except DriverError as error:
        log.warning("router command for line %s failed: %s", subscription_id, error.sentence)
        _retry(subscription_id, token, work.attempts, error)
        return "retry"
    return _record(subscription_id, token, work)


def _read(subscription_id: int) -> _Work:
    """Everything the command needs, read before the call; nothing stays open."""
    line, access = db.session.execute(
        select(Subscription, NetworkAccess)
        .join(NetworkAccess, NetworkAccess.subscription_id == Subscription.id)
        .where(Subscription.id == subscription_id)
        .execution_options(populate_existing=True)
    ).one()
    router = db.session.get(Router, line.router_id) if line.router_id else None
    work = _Work(line.login, wanted_state(line.state), router, access.attempts)
    if router is not None:
        _ = router.config  # loaded now: the object outlives the transaction
        db.session.expunge(router)
    end_read()
    return work


def _record(subscription_id: int, token: str, work: _Work) -> str:
    """Store what the router confirmed; a wanted state that moved on is asked for again."""
    state_now = db.session.scalar(
        select(Subscription.state)
        .where(Subscription.id == subscription_id)
        .with_for_update(key_share=True)
    )
    in_step = wanted_state(state_now or "ended") == work.wanted
    before = db.session.scalar(
        select(NetworkAccess.actual).where(NetworkAccess.subscription_id == subscription_id)
    )
    stored = db.session.execute(
        update(NetworkAccess)
        .where(
            NetworkAccess.subscription_id == subscription_id,
            NetworkAccess.lease_token == token,
        )
        .values(
            actual=work.wanted,
            applied_at=now(),
            attempts=0,
            last_error="",
            lease_token=None,
            next_at=None if in_step else wall(),
        )
        .returning(NetworkAccess.episode)
    ).scalar_one_or_none()
    if stored is None:
        _overtaken(subscription_id)
        return "nothing"
    if before != work.wanted:
        changed = AccessIsolated if work.wanted == "isolated" else AccessRestored
        events.emit(changed(subscription_id, stored))
    if not in_step:
        queue.ring(queue.APPLY_ACCESS, subscription_id)
    db.session.commit()
    return "applied"


def _overtaken(subscription_id: int) -> None:
    """Somebody took over while our command was on its way, and it may have arrived after theirs.

    The wanted state is asked for once more; where somebody still is at it, their lease is
    taken as well, so that they do the same when they are done. Commits.
    """
    free = NetworkAccess.lease_token.is_(None)
    db.session.execute(
        update(NetworkAccess)
        .where(NetworkAccess.subscription_id == subscription_id)
        .values(next_at=case((free, wall()), else_=NetworkAccess.next_at), lease_token=None)
    )
    queue.ring(queue.APPLY_ACCESS, subscription_id)
    db.session.commit()


def _retry(subscription_id: int, token: str, attempts: int, error: DriverError) -> None:
    wait = min(5 * 2 ** min(attempts, 7), MAX_WAIT)
    kept = updated(
        update(NetworkAccess)
        .where(
            NetworkAccess.subscription_id == subscription_id,
            NetworkAccess.lease_token == token,
        )
        .values(
            next_at=wall() + timedelta(seconds=wait),
            lease_token=None,
            last_error=f"{error.sentence} {error.detail}".strip()[:500],
        )
    )
    db.session.commit()
    if not kept:
        _overtaken(subscription_id)


def due(limit: int = 200) -> list[int]:
    """Lines whose router must be asked now; restores come before isolations."""
    rows = db.session.scalars(
        select(NetworkAccess.subscription_id)
        .join(Subscription, Subscription.id == NetworkAccess.subscription_id)
        .where(NetworkAccess.next_at <= wall())
        .order_by((Subscription.state != "active"), NetworkAccess.next_at)
        .limit(limit)
    )
    return list(rows)


def heal() -> int:
    """Ask again wherever wanted and actual differ and nobody is on it; returns how many."""
    drifted = db.session.scalars(
        select(NetworkAccess.subscription_id)
        .join(Subscription, Subscription.id == NetworkAccess.subscription_id)
        .where(
            NetworkAccess.next_at.is_(None),
            or_(
                and_(Subscription.state == "active", NetworkAccess.actual != "open"),
                and_(Subscription.state != "active", NetworkAccess.actual == "open"),
            ),
        )
    ).all()
    for subscription_id in drifted:
        db.session.execute(
            update(NetworkAccess)
            .where(
                NetworkAccess.subscription_id == subscription_id,
                NetworkAccess.next_at.is_(None),
            )
            .values(next_at=wall(), attempts=0)
        )
        queue.ring(queue.APPLY_ACCESS, subscription_id)
    return len(drifted)
