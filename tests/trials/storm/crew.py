"""The processes of a storm, as in production, and what kills them.

Redis, the gateway's simulator, gunicorn as the README starts it, the worker lanes that move
money, the scheduler; with `postgres` a server of our own, which can be taken away.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import requests

from portal.local import redis
from portal.local.process import Child
from portal.local.services import _as_postgres, _wait_for, free_port, start_postgres
from tests.conftest import environment
from tests.trials.storm.plan import KEY, SECRET, SLUG

ROOT = Path(__file__).resolve().parents[3]
OURS = ("web", "worker", "scheduler")
LANES = ("interactive", "network")
"""Messages are queued and not sent: how they are sent is the campaign's trial."""


class Database:
    """SQLite in the folder; `postgres` for a server of our own; or somebody's URL."""

    def __init__(self, wanted: str, folder: Path) -> None:
        self.server: subprocess.Popen[bytes] | None = None
        self.url = f"sqlite:///{folder / 'storm.db'}"
        self.admin = ""
        if wanted == "postgres":
            self.server, self.admin = start_postgres(folder)
        elif wanted:
            self.admin = wanted.replace("+psycopg", "")
        if self.admin:
            self.url = self._fresh("loket_storm")

    def _fresh(self, name: str) -> str:
        import psycopg

        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
        head, _, tail = self.admin.rpartition("/")
        query = tail.partition("?")[2]
        return f"{head}/{name}" + (f"?{query}" if query else "")

    def restart(self, away: float) -> str:
        """Take the database away for so many seconds; what was done, in words."""
        if self.server is not None:
            command = self.server.args
            self.server.send_signal(signal.SIGQUIT)  # immediate: it recovers as after a crash
            self.server.wait(30)
            time.sleep(away)
            user, group = _as_postgres()
            quiet = subprocess.DEVNULL
            self.server = subprocess.Popen(
                command, stdout=quiet, stderr=quiet, cwd="/", user=user, group=group
            )
            port = int(self.admin.rpartition(":")[2].partition("/")[0])
            _wait_for(port, self.server)
            return f"PostgreSQL stopped at once, started again after {away:.0f} s"
        if self.admin:
            return self._cut()
        return ""

    def _cut(self) -> str:
        import psycopg

        with psycopg.connect(self.admin, autocommit=True) as connection:
            cut = connection.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = 'loket_storm'"
            ).fetchone()
        return f"{cut[0] if cut else 0} connections of PostgreSQL cut"

    def stop(self) -> None:
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(30)


class Quiet(Child):
    """What it says goes to a file: a database that is away is told of a thousand times."""

    def _relay(self, process: "subprocess.Popen[bytes]") -> None:
        path = Path(self.env["LOKET_VAR"]) / f"{self.name}.log"
        with path.open("ab") as log:
            for line in process.stdout or ():
                log.write(line)


class Crew:
    """Started, watched (what dies comes back), and ended together."""

    def __init__(self, folder: Path, database: Database) -> None:
        port, sim_port = free_port(), free_port()
        self.url, self.sims = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sim_port}"
        self.socket = redis.socket_path(folder)
        self.env = self._environment(folder, database.url, port)
        gunicorn = [str(Path(sys.executable).parent / "gunicorn"), "--no-control-socket"]
        gunicorn += ["--log-level", "critical", "-k", "gthread"]
        server = redis.binary()
        assert server is not None
        python, bind = sys.executable, f"127.0.0.1:{port}"
        self.commands: dict[str, list[str]] = {
            "redis": redis.command(server, self.socket, folder / "redis"),
            "gateway": [*gunicorn, "-w", "1", "--threads", "16", "-b", f"127.0.0.1:{sim_port}"]
            + ["portal.simulators:create_app()"],
            "web": [*gunicorn, "-w", "2", "--threads", "8", "-b", bind, "wsgi:app"],
            "worker": [python, "-m", "jobs.worker", *LANES],
            "scheduler": [python, "-m", "jobs.scheduler"],
        }
        self.children: dict[str, Child] = {}
        self.ended = threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)

    def _environment(self, folder: Path, url: str, port: int) -> dict[str, str]:
        kept = ("PATH", "HOME", "LANG")
        said = environment(url, REDIS_URL=f"unix://{self.socket}", LOG_LEVEL="CRITICAL")
        said |= {name: os.environ[name] for name in kept if name in os.environ}
        return said | {
            "APP_ENV": "production",
            "LOKET_VAR": str(folder),
            "PYTHONPATH": str(ROOT),
            "PORT": str(port),
            "PUBLIC_URL": self.url,
            "PAKASIR_API": "v2",
            "PAKASIR_SLUG": SLUG,
            "PAKASIR_API_KEY": KEY,
            "PAKASIR_WEBHOOK_SECRET": SECRET,
            "PAKASIR_BASE_URL": f"{self.sims}/pakasir",
        }

    @property
    def gateway_env(self) -> dict[str, str]:
        folder = Path(self.env["LOKET_VAR"])
        own = {"APP_ENV": "development", "SIM_DB": str(folder / "gateway.db")}
        return {**self.env, **own, "PORTAL_URL": self.url}

    def start(self, *names: str) -> None:
        """Start these and wait until those that listen answer."""
        for name in names:
            env: Mapping[str, str] = self.gateway_env if name == "gateway" else self.env
            self.children[name] = Quiet(name, self.commands[name], env)
            self.children[name].start()
        for name, address in (("gateway", f"{self.sims}/"), ("web", f"{self.url}/healthz")):
            if name in names:
                self._answers(address)
        if not self.watcher.is_alive():
            self.watcher.start()

    def _answers(self, address: str, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if requests.get(address, timeout=2).status_code < 500:
                    return
            except requests.RequestException:
                time.sleep(0.2)
        raise RuntimeError(f"{address} does not answer")

    def _watch(self) -> None:
        while not self.ended.wait(0.1):
            for child in list(self.children.values()):
                child.watch()

    def kill(self) -> str:
        """SIGKILL to everything of ours, children and all."""
        for name in OURS:
            process = self.children[name].process
            if process is not None and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        return "web, worker and scheduler killed with SIGKILL"

    def stop(self) -> None:
        self.ended.set()
        if self.watcher.is_alive():
            self.watcher.join()
        deadline = time.monotonic() + 30
        for child in reversed(self.children.values()):
            child.terminate()
        for child in self.children.values():
            child.finish(deadline)
