"""The worker: `python -m jobs.worker interactive network messages bulk`.

Builds the application once and forks one process per lane named. One lane a process,
because RQ pops without losing only then; no work-horse fork per job, because every job is
claimed in the database and short. A lane that dies is started again.
"""

import ctypes
import logging
import os
import signal
import sys
import time
from typing import Any

from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from jobs import runtime
from jobs.pulse import Pulse
from portal.config import Settings
from portal.extensions import db
from portal.infra import queue
from portal.messaging import pump

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1
WORKER_TTL = 45
"""Seconds: a connection whose other end vanished without a word is given up after this."""


class LaneWorker(SimpleWorker):
    """RQ's worker without a fork per job and without job arguments in its log."""

    log_job_description = False
    # RQ's own minute would keep a login code waiting that long after Redis is back.
    max_connection_wait_time = 2.0

    def request_stop(self, signum: int, frame: Any) -> None:
        """A deploy need not wait for a long drain: it takes nothing more on."""
        pump.leave_soon()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def run_lane(lane: str) -> None:
    """Work one lane until SIGTERM; the job at hand is finished first."""
    app = runtime.get_app()
    settings: Settings = app.extensions["loket.settings"]
    pulse = Pulse(app, lane)
    pulse.start()
    try:
        _work(lane, settings.redis_url)
    finally:
        pulse.stop()


def _work(lane: str, redis_url: str) -> None:
    while True:
        connection = queue.connect(redis_url, for_worker=True)
        try:
            worker = LaneWorker(
                [Queue(lane, connection=connection, serializer=JSONSerializer)],
                connection=connection,
                serializer=JSONSerializer,
                worker_ttl=WORKER_TTL,
            )
            worker.work(with_scheduler=False, logging_level="WARNING")
            return
        except (OSError, RedisError) as error:
            log.warning("lane %s: Redis is away (%s)", lane, type(error).__name__)
            time.sleep(2)


def die_with_parent() -> None:
    """On Linux the kernel ends a lane whose parent was killed; elsewhere nothing happens."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    except (OSError, AttributeError):
        return


class Pool:
    """The parent: one child per lane, restarted when it dies, stopped together."""

    def __init__(self, lanes: list[str]) -> None:
        self.lanes = lanes
        self.children: dict[int, str] = {}
        self.stopping = False

    def start(self, lane: str) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self.children[pid] = lane
            return
        die_with_parent()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if os.getppid() != parent:
            os._exit(1)
        try:
            run_lane(lane)
        except BaseException:
            log.exception("lane %s died", lane)
            os._exit(1)
        os._exit(0)

    def stop(self, *_: Any) -> None:
        """Pass the wish to stop on; each lane finishes its job."""
        self.stopping = True
        for pid in self.children:
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                continue

    def run(self) -> None:
        """Start everything and watch it until told to stop."""
        for lane in self.lanes:
            self.start(lane)
        while self.children:
            try:
                pid, _ = os.wait()
            except ChildProcessError:
                return
            lane = self.children.pop(pid, "")
            if lane and not self.stopping:
                log.warning("lane %s ended, starting it again", lane)
                time.sleep(0.5)
                if not self.stopping:
                    self.start(lane)


def main(lanes: list[str]) -> None:
    """Check the names, build the application, fork."""
    unknown = sorted(set(lanes) - set(queue.LANES))
    if unknown or not lanes:
        sys.exit(f"usage: python -m jobs.worker LANE…; lanes: {', '.join(queue.LANES)}")
    app = runtime.get_app()
    with app.app_context():
        db.engine.dispose()  # no connection may cross the fork
    pool = Pool(lanes)
    signal.signal(signal.SIGTERM, pool.stop)
    signal.signal(signal.SIGINT, pool.stop)
    pool.run()


if __name__ == "__main__":
    main(sys.argv[1:])
