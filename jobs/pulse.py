"""Signs of life of a long-running process: a thread of its own, so that a long job is no silence.

Whether the work itself gets on is told by the queues and the timetable, not by this.
"""

import logging
import threading

from flask import Flask

from portal.extensions import db
from portal.infra import heartbeat

log = logging.getLogger(__name__)

GOODBYE_SECONDS = 2.0


class Pulse:
    """Beats for one role until stopped; never in the way of the process it speaks for.

    Start it after a fork, never before one. A database that is away is tried again at the
    next beat.
    """

    def __init__(self, app: Flask, role: str) -> None:
        self.app = app
        self.role = role
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"pulse-{role}", daemon=True)

    def start(self) -> None:
        """Beat from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye, if the database answers at once; a deploy leaves no dead on the page."""
        self._over.set()
        self._thread.join(GOODBYE_SECONDS)

    def _run(self) -> None:
        while not self._over.is_set():
            self._write(goodbye=False)
            self._over.wait(heartbeat.BEAT_SECONDS)
        self._write(goodbye=True)

    def _write(self, *, goodbye: bool) -> None:
        try:
            with self.app.app_context():
                if goodbye:
                    heartbeat.leave(self.role)
                else:
                    heartbeat.beat(self.role)
                    heartbeat.forget_the_dead()
                db.session.commit()
        except Exception as error:
            log.warning("no heartbeat of %s (%s)", self.role, type(error).__name__)
