"""The bell: tell a worker lane that rows are waiting, after the commit.

The database is the queue of record; Redis only shortens the wait. A ring that is lost
costs seconds, because the sweeper finds the rows. So nothing here may fail the caller,
and nothing may make a page wait: one second at most, then no further try for a while.
Arguments are ids only, never personal data, since RQ writes them to its log.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, current_app
from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import event
from sqlalchemy.orm import Session

from portal.extensions import db

log = logging.getLogger(__name__)

LANES = ("interactive", "network", "messages", "bulk")

# Job name -> lane. Jobs are named, not imported: portal never imports jobs.
DRAIN_INTERACTIVE = "jobs.messaging.drain_interactive"
DRAIN_MESSAGES = "jobs.messaging.drain_messages"
DRAIN_BULK = "jobs.messaging.drain_bulk"
APPLY_ACCESS = "jobs.network.apply_access"
PROCESS_HOOK = "jobs.inbox.process_hook"
PROCESS_STATUSES = "jobs.inbox.process_statuses"
CHECK_ORDER = "jobs.payments.check_order"
SYNC_TEMPLATES = "jobs.messaging.sync_templates"
SHOW_TELEGRAM_BILL = "jobs.telegram.show_bill"
ADVANCE_SIGNUP = "jobs.signup.advance"
RUN_SCHEDULED = "jobs.schedule.run_entry"

LANE_OF = {
    DRAIN_INTERACTIVE: "interactive",
    DRAIN_MESSAGES: "messages",
    DRAIN_BULK: "bulk",
    APPLY_ACCESS: "network",
    PROCESS_HOOK: "network",
    # Thousands of them after a billing day: money and routers must not stand behind those.
    PROCESS_STATUSES: "messages",
    CHECK_ORDER: "network",
    SHOW_TELEGRAM_BILL: "network",
    SYNC_TEMPLATES: "bulk",
    # Somebody watches the steps; each is one call or a few.
    ADVANCE_SIGNUP: "network",
    RUN_SCHEDULED: "bulk",
}

JOB_TIMEOUT = 60
"""Seconds a job may take; below every lease (see portal/infra/locks.py)."""

_QUIET_SECONDS = 5.0
_PROBE = "loket:bell"


@dataclass
class Bell:
    """The connection to Redis, and how long to leave it alone after a failure."""

    redis: Redis
    silent_until: float = 0.0

    def ring(self, job: str, *ids: int | str) -> bool:
        """Enqueue one job; False when Redis could not take it."""
        if time.monotonic() < self.silent_until:
            return False
        try:
            queue = Queue(LANE_OF[job], connection=self.redis, serializer=JSONSerializer)
            queue.enqueue(
                job,
                *ids,
                job_timeout=JOB_TIMEOUT,
                result_ttl=60,
                failure_ttl=7 * 24 * 3600,
                description=job,
            )
        except (RedisError, OSError) as error:
            self.silent_until = time.monotonic() + _QUIET_SECONDS
            log.warning("the bell is down (%s); the sweeper takes over", type(error).__name__)
            return False
        return True

    def waiting(self, lane: str) -> int:
        """Rings of a lane that nobody answered yet; 0 when Redis does not say."""
        try:
            return int(self.redis.llen(f"rq:queue:{lane}"))
        except (RedisError, OSError):
            return 0

    def rest(self) -> None:
        """Leave Redis alone for a while: it just failed somebody."""
        self.silent_until = time.monotonic() + _QUIET_SECONDS

    def alive(self) -> bool:
        """Whether Redis takes what we give it, asked afresh.

        A ping is not enough: a full or read-only Redis answers it and takes no ring.
        """
        try:
            self.redis.set(_PROBE, 1, ex=60)
        except (RedisError, OSError):
            self.silent_until = time.monotonic() + _QUIET_SECONDS
            return False
        self.silent_until = 0.0
        return True


def connect(url: str, *, for_worker: bool = False) -> Redis:
    """A client that gives up after a second; the worker's blocks as RQ wants.

    redis-py's defaults retry ten times: a frozen Redis would hold a page for a minute, and
    a worker would notice that Redis is back up to ten seconds late.
    """
    if for_worker:
        patience = Retry(ExponentialBackoff(cap=1, base=0.1), 3)
        return Redis.from_url(url, socket_connect_timeout=2, retry=patience)
    return Redis.from_url(
        url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
    )


def init_app(app: Flask, redis_url: str) -> None:
    """Give the application its bell."""
    app.extensions["loket.bell"] = Bell(connect(redis_url))


def bell() -> Bell:
    """This application's bell."""
    found: Bell = current_app.extensions["loket.bell"]
    return found


@dataclass(frozen=True)
class BellState:
    """What Redis says about itself: memory in bytes, rings not answered yet by lane."""

    alive: bool
    memory: int = 0
    waiting: Mapping[str, int] = field(default_factory=dict)


def look(redis_url: str, seconds: float = 0.5) -> BellState:
    """Ask Redis how it is: one exchange, and no longer than a page can wait."""
    client = Redis.from_url(
        redis_url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        pipe = client.pipeline(transaction=False)
        pipe.info("memory")
        for lane in LANES:
            pipe.llen(f"rq:queue:{lane}")
        memory, *lengths = pipe.execute()
    except (RedisError, OSError):
        return BellState(alive=False)
    finally:
        client.close()
    return BellState(True, int(memory["used_memory"]), dict(zip(LANES, lengths, strict=True)))


def ring(job: str, *ids: int | str) -> None:
    """Ring after the current transaction commits; once per job and ids."""
    rings: dict[tuple[Any, ...], None] = db.session().info.setdefault("rings", {})
    rings[(job, *ids)] = None


def after_commit(callback: Callable[[], None]) -> None:
    """Run something harmless once the current transaction has committed."""
    db.session().info.setdefault("after_commit", []).append(callback)


@event.listens_for(Session, "after_commit")
def _ring_now(session: Session) -> None:
    rings = session.info.pop("rings", {})
    for callback in session.info.pop("after_commit", []):
        callback()
    for job, *ids in rings:
        if not bell().ring(job, *ids):
            break


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("rings", None)
    session.info.pop("after_commit", None)
