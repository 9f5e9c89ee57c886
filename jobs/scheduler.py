"""The scheduler process: walks the timetable, one leader at a time.

`python -m jobs.scheduler`. Any number may run; the one that holds the leader lease works.
When Redis has been away for a minute, waiting work is done here instead: slower, not lost.
"""

import logging
import os
import secrets
import signal
import socket
import time
from typing import Any

from flask import Flask

from jobs import runtime
from jobs.inline import work_off
from jobs.pulse import Pulse
from jobs.schedule import ENTRIES, Entry, run_now
from portal.config import Settings
from portal.infra import locks, queue
from portal.infra.timekeeping import wall

log = logging.getLogger(__name__)

LEASE_SECONDS = 30
INLINE_AFTER = 60.0


class Scheduler:
    """The loop, its memory of what ran when, and its stop flag."""

    def __init__(self, app: Flask, inline_after: float = INLINE_AFTER) -> None:
        self.app = app
        # The number alone would be the same in two containers of one name.
        self.holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.inline_after = inline_after
        self.next_run: dict[str, float] = {}
        self.bell_lost: float | None = None
        self.stopping = False

    def stop(self, *_: Any) -> None:
        self.stopping = True

    def loop(self) -> None:
        """Until told to stop; a failing tick is logged and the next one tried."""
        while not self.stopping:
            try:
                with self.app.app_context():
                    self.tick()
            except Exception:
                log.exception("scheduler tick failed")
            time.sleep(1)
        with self.app.app_context():
            locks.resign("scheduler", self.holder, wall())

    def tick(self) -> None:
        """One round: lead or wait, then run the entries whose hour has come."""
        if not locks.lead("scheduler", self.holder, wall(), LEASE_SECONDS):
            return
        self._watch_bell()
        for entry in ENTRIES:
            if time.monotonic() >= self.next_run.get(entry.name, 0.0):
                self.next_run[entry.name] = time.monotonic() + entry.every
                self._start(entry)
        if self.inline:
            work_off(limit=50, seconds=10)

    @property
    def inline(self) -> bool:
        """Whether Redis has been away long enough to do the work here."""
        lost = self.bell_lost
        return lost is not None and time.monotonic() - lost >= self.inline_after

    def _watch_bell(self) -> None:
        if queue.bell().alive():
            self.bell_lost = None
        elif self.bell_lost is None:
            self.bell_lost = time.monotonic()

    def _start(self, entry: Entry) -> None:
        if entry.lane and queue.bell().ring(queue.RUN_SCHEDULED, entry.name):
            return
        with self.app.app_context():
            try:
                run_now(entry)
            except Exception:
                log.exception("timetable entry %s failed", entry.name)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    app = runtime.get_app()
    settings: Settings = app.extensions["loket.settings"]
    scheduler = Scheduler(app, float(settings.get("INLINE_AFTER_SECONDS", str(INLINE_AFTER))))
    signal.signal(signal.SIGTERM, scheduler.stop)
    signal.signal(signal.SIGINT, scheduler.stop)
    log.info("scheduler started")
    pulse = Pulse(app, "scheduler")
    pulse.start()
    try:
        scheduler.loop()
    finally:
        pulse.stop()


if __name__ == "__main__":
    main()
