"""`make run`: everything on this machine, started, watched, restarted and stopped together.

Order: Redis and the simulators, migrations and demo data, then web, worker, scheduler.
A child that is killed comes back; Ctrl-C, SIGTERM, or the death of the caller stops all.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from portal.local import env, redis
from portal.local.process import Child, say

LANES = ("interactive", "network", "messages", "bulk")
STOP_SECONDS = 12.0


class CannotStart(RuntimeError):
    """A sentence for the terminal."""


class Supervisor:
    """The children and the wish to stop."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self.stopping = False
        self.parent = os.getppid()

    def stop(self, *_: Any) -> None:
        self.stopping = True

    def add(self, name: str, command: list[str], environ: Mapping[str, str]) -> Child:
        """Start one more child."""
        child = Child(name, command, environ)
        child.start()
        self.children.append(child)
        return child

    def watch(self) -> None:
        """Until told to stop, or until whoever called us is gone."""
        while not self.stopping:
            for child in self.children:
                child.watch()
            if os.getppid() != self.parent:
                self.stopping = True
            time.sleep(0.2)

    def end(self) -> None:
        """Everybody out: last started first, Redis last."""
        say("stopping…")
        deadline = time.monotonic() + STOP_SECONDS
        ordinary = [child for child in self.children if child.name != "redis"]
        for child in reversed(ordinary):
            child.terminate()
        for child in ordinary:
            child.finish(deadline)
        for child in self.children:
            if child.name == "redis":
                child.terminate()
                child.finish(time.monotonic() + 5)


def main() -> int:
    """Start everything; returns the exit code."""
    env.VAR.mkdir(parents=True, exist_ok=True)
    lock = (env.VAR / "run.lock").open("a")
    try:
        _only_one(lock)
        return _run()
    except CannotStart as problem:
        say(f"Cannot start: {problem}")
        return 1


def _only_one(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CannotStart("Loket is already running from this folder.") from None
    # Children must not keep the lock when we are killed.
    fcntl.fcntl(lock, fcntl.F_SETFD, fcntl.FD_CLOEXEC)


def _run() -> int:
    supervisor = Supervisor()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, supervisor.stop)
    named = {**env.read(env.ROOT / ".env"), **os.environ}.get("REDIS_URL")
    place = redis.socket_path(env.VAR)
    values = env.write(named or f"unix://{place}")
    environ = {**os.environ, **values, "PYTHONUNBUFFERED": "1"}
    for name in ("PORT", "SIM_PORT"):
        _free(int(values[name]), name)
    started = time.monotonic()
    try:
        _start(supervisor, environ, None if named else place, values)
        if not supervisor.stopping:
            _announce(values, time.monotonic() - started)
        supervisor.watch()
    finally:
        supervisor.end()
        if not named:
            place.unlink(missing_ok=True)
    return 0


def _start(
    supervisor: Supervisor, environ: dict[str, str], place: Path | None, values: Mapping[str, str]
) -> None:
    python, bin_ = sys.executable, str(Path(sys.executable).parent)
    if place is not None:
        server = redis.binary()
        if server is None:
            raise CannotStart(
                "no redis-server found: run `make setup` again, or `apt install redis-server`."
            )
        place.unlink(missing_ok=True)
        supervisor.add("redis", redis.command(server, place, env.VAR / "redis"), environ)
    gunicorn = [f"{bin_}/gunicorn", "--no-control-socket", "--log-level", "warning"]
    simulators = [*gunicorn, "-w", "1", "--threads", "16", "-b", f"127.0.0.1:{values['SIM_PORT']}"]
    supervisor.add("simulators", [*simulators, "portal.simulators:create_app()"], environ)
    for step in (["db", "upgrade"], ["demo", "seed"]):
        _once([f"{bin_}/flask", "--app", "wsgi", *step], environ)
    web = [*gunicorn, "-w", "1", "--threads", "8", "-b", f"127.0.0.1:{values['PORT']}", "wsgi:app"]
    supervisor.add("web", web, environ)
    supervisor.add("worker", [python, "-m", "jobs.worker", *LANES], environ)
    supervisor.add("scheduler", [python, "-m", "jobs.scheduler"], environ)
    for name, path in (("PORT", "/readyz"), ("SIM_PORT", "/")):
        _wait(supervisor, f"http://127.0.0.1:{values[name]}{path}")


def _once(command: list[str], environ: Mapping[str, str]) -> None:
    done = subprocess.run(command, env=dict(environ), capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise CannotStart(
            f"`{' '.join(command[1:])}` failed:\n{(done.stdout + done.stderr)[-3000:]}"
        )


def _free(port: int, name: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CannotStart(f"port {port} is in use; choose another with {name}=….") from None


def _wait(supervisor: Supervisor, url: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not supervisor.stopping:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, OSError):
            for child in supervisor.children:
                child.watch()
            time.sleep(0.2)
    if not supervisor.stopping:
        raise CannotStart(f"{url} does not answer.")


def _announce(values: Mapping[str, str], seconds: float) -> None:
    portal, sims = f"http://127.0.0.1:{values['PORT']}", f"http://127.0.0.1:{values['SIM_PORT']}"
    say(
        f"""
Loket is ready ({seconds:.1f} s).

  Customer portal    {portal}/
    demo phone       081290000001
    the code arrives {sims}/inbox
  Staff area         {portal}/admin
    email            {values["DEMO_STAFF_EMAIL"]}
    password         {values["DEMO_STAFF_PASSWORD"]}
    also             kasir@… cs@… teknisi@… penagih@…, with the same password
  Simulators         {sims}/   (pay orders: {sims}/pakasir/orders.json)

Ctrl-C stops everything.
"""
    )


if __name__ == "__main__":
    sys.exit(main())
