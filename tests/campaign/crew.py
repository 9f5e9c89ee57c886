"""The processes of the trial: workers, sweepers, schedulers, the web, and who kills them.

One parent imports everything and builds the application, without touching the database; each
member is a fork of it, so a death costs the trial a few milliseconds. A member kills itself
(SIGKILL) at the product's checkpoints by chance, and the supervisor kills some from outside at
any moment. Waits that a trial cannot sit through are shortened here, in the members only.
"""

import ctypes
import mmap
import os
import signal
import socket
import struct
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from flask import Flask

from portal.core.clock import SystemClock, machine_time

LIMITS = (1, 4, 12, 40, 100, 400)
_DIE_WITH_PARENT = 1


@dataclass(frozen=True)
class Times:
    """Seconds, in the order of size that the product's own have."""

    deadline: float = 1.5
    lease: float = 6.0
    rest: float = 0.3
    listen: float = 40.0
    retry: float = 0.3


def shorten(times: Times) -> None:
    """The product's waits, made short enough for a trial; their order stays as it is."""
    from portal.infra import http, locks
    from portal.messaging import claims, delivery, ledger, meters, recovery, sending_hours

    http.READ_SECONDS, http.TOTAL_SECONDS = times.deadline, times.deadline  # type: ignore[assignment]
    for module in (claims, ledger, recovery, locks):
        module.LEASE = timedelta(seconds=times.lease)  # type: ignore[attr-defined]
    meters.PAUSE_SECONDS = times.rest  # type: ignore[assignment]
    meters.LONGEST_PAUSE_SECONDS = 5
    delivery.LISTEN_SECONDS = times.listen  # type: ignore[assignment]
    recovery.AT_ONCE = timedelta(seconds=times.listen / 10)
    as_set = sending_hours.retry

    def soon() -> delivery.Retry:
        return delivery.Retry(as_set().attempts, times.retry)  # type: ignore[arg-type]

    sending_hours.retry = soon


class MovableClock:
    """A machine clock that somebody sets, for all processes at once."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 8)
        self.move(0.0)

    def move(self, seconds: float) -> None:
        """So many seconds from the truth."""
        self._shared[:8] = struct.pack("d", seconds)

    def time(self) -> datetime:
        """What it says."""
        (seconds,) = struct.unpack("d", self._shared[:8])
        return machine_time() + timedelta(seconds=seconds)

    def clock(self) -> SystemClock:
        """As the application wants it."""
        return SystemClock(source=self.time)


@dataclass
class Member:
    """A process with a role; `run` is what it does until it dies."""

    role: str
    run: Callable[[Random], None]
    killable: bool = True
    pid: int = 0


@dataclass
class Crew:
    """Starts the members, restarts who died, counts where."""

    app: Flask
    random: Random
    at_checkpoints: float
    from_outside: float
    members: list[Member] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._next_shot = time.monotonic()
        self.killing = True

    def tend(self) -> None:
        """One look: bury, restart, perhaps shoot somebody."""
        self._read_notes()
        while (buried := self._bury()) is not None:
            member, status = buried
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            if not killed and os.waitstatus_to_exitcode(status) != 1:
                self.faults[f"{member.role} ended with {status}"] += 1
            member.pid = 0
        for member in self.members:
            if not member.pid:
                self._start(member)
        self._shoot()

    def _read_notes(self) -> None:
        try:
            while chunk := os.read(self._reader, 65536):
                for note in chunk.decode().split():
                    told = self.faults if note.startswith("fault:") else self.kills
                    told[note.removeprefix("fault:")] += 1
        except BlockingIOError:
            pass

    def _bury(self) -> tuple[Member, int] | None:
        for member in self.members:
            if member.pid:
                pid, status = os.waitpid(member.pid, os.WNOHANG)
                if pid:
                    return member, status
        return None

    def _shoot(self) -> None:
        current = time.monotonic()
        if not self.killing or not self.from_outside or current < self._next_shot:
            return
        self._next_shot = current + self.random.expovariate(self.from_outside)
        victims = [member for member in self.members if member.killable and member.pid]
        if victims:
            victim = self.random.choice(victims)
            os.kill(victim.pid, signal.SIGKILL)
            self.kills[f"outside:{victim.role}"] += 1

    def _start(self, member: Member) -> None:
        seed = self.random.getrandbits(64)
        member.pid = os.fork()
        if member.pid:
            return
        status = 1
        try:
            ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
            random = Random(seed)
            if self.killing and member.killable and self.at_checkpoints:
                self.app.extensions["loket.checkpoint"] = self._visitor(random)
            member.run(random)
            status = 0
        except BaseException as error:
            self._note(f"fault:{member.role}:{type(error).__name__}:{_where(error)}")
            traceback.print_exc()
        finally:
            os._exit(status)

    def _note(self, what: str) -> None:
        os.write(self._writer, f"{what}\n".encode())

    def _visitor(self, random: Random) -> Callable[[str], None]:
        def visit(name: str) -> None:
            if random.random() < self.at_checkpoints:
                # Threads with requests under way get a moment, or none.
                time.sleep(random.choice((0, 0, 0.002, 0.02)))
                self._note(name)
                os.kill(os.getpid(), signal.SIGKILL)

        return visit

    def peace(self) -> None:
        """No more deaths; everybody starts anew without the wish to die."""
        self.killing = False
        self.stop()

    def stop(self) -> None:
        """End everybody at once."""
        for member in self.members:
            if member.pid:
                os.kill(member.pid, signal.SIGKILL)
                os.waitpid(member.pid, 0)
                member.pid = 0
        self._read_notes()


def _where(error: BaseException) -> str:
    """The last line of the product that the error passed."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/portal/" in f.filename]
    return f"{Path(frames[-2].filename).stem}.{frames[-2].name}" if len(frames) > 1 else "?"


def roster(app: Flask, times: Times, door: socket.socket, schedulers: int = 2) -> list[Member]:
    """Four workers, two sweepers, two schedulers, one for callbacks, one web."""
    members = [Member("worker", lambda random: _drain(app, random)) for _ in range(4)]
    members += [Member("sweeper", lambda random: _sweep(app, random)) for _ in range(2)]
    members += [Member("scheduler", lambda _: _schedule(app)) for _ in range(schedulers)]
    members.append(Member("callbacks", lambda _: _callbacks(app)))
    members.append(Member("web", lambda _: _serve(app, door), killable=False))
    return members


def _drain(app: Flask, random: Random) -> None:
    from portal.messaging import sending

    lanes = ["interactive", "messages", "bulk"]
    while True:
        random.shuffle(lanes)
        done = 0
        for lane in lanes:
            with app.app_context():
                done += sending.drain(lane, limit=random.choice(LIMITS), seconds=4)
        if not done:
            time.sleep(0.1)


def _sweep(app: Flask, random: Random) -> None:
    from portal.messaging import sending

    while True:
        with app.app_context():
            sending.sweep()
        time.sleep(random.uniform(0.2, 0.8))


def _schedule(app: Flask) -> None:
    from jobs import runtime, scheduler

    runtime.use_app(app)
    scheduler.LEASE_SECONDS = 3
    scheduler.Scheduler(app, inline_after=2.0).loop()


def _callbacks(app: Flask) -> None:
    from jobs import runtime
    from jobs.inbox import process_hook
    from portal.extensions import db
    from portal.infra import inbox

    runtime.use_app(app)
    while True:
        with app.app_context():
            due = inbox.due(50)
            db.session.rollback()
            for hook_id in due:
                process_hook(hook_id)
        time.sleep(0.05)


def _serve(app: Flask, door: socket.socket) -> None:
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, threaded=True, fd=door.fileno())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while True:
        time.sleep(60)
