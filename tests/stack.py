"""The whole product on one machine, as `make run` starts it, for journeys over real HTTP."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from portal.local.env import read

ROOT = Path(__file__).resolve().parents[1]
DEMO_PHONE = "081290000001"


def free_port() -> int:
    """A port nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def token(html: str) -> str:
    """The CSRF token of a page."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
    assert found, html[:400]
    return found[1]


def until(question: Callable[[], Any], seconds: float = 30, what: str = "it") -> Any:
    """The first true answer; fails when it does not come in time. Asked less and less often:
    what answers is on this machine, and so is what is waited for."""
    deadline, pause = time.monotonic() + seconds, 0.1
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(pause)
        pause = min(pause * 1.2, 1.0)
    raise AssertionError(f"waited {seconds} s for {what}")


# One Redis serves the run; stacks that took each other's jobs would look for rows they do not have.
REDIS_DATABASES = {"loket_journey": 1, "loket_chaos": 2}


def services(name: str) -> dict[str, str]:
    """A fresh database on the PostgreSQL and the Redis under test; nothing without them."""
    server = os.environ.get("TEST_DATABASE_URL")
    if not server:
        return {}
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    url = {"DATABASE_URL": f"{server.rpartition('/')[0]}/{name}"}
    redis = os.environ.get("TEST_REDIS_URL")
    if not redis:
        return url
    own = f"{redis}{'&' if '?' in redis else '?'}db={REDIS_DATABASES.get(name, 0)}"
    return {**url, "REDIS_URL": own}


class Stack:
    """Everything started by the supervisor in a folder of its own."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.var = folder
        port, sim_port = free_port(), free_port()
        self.url, self.sims = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sim_port}"
        kept = ("PATH", "HOME", "LANG", "VIRTUAL_ENV")
        self.env = {name: os.environ[name] for name in kept if name in os.environ}
        self.env |= {"LOKET_VAR": str(folder), "PORT": str(port), "SIM_PORT": str(sim_port), **env}
        self.log = folder / "run.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it is ready."""
        self.var.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "portal.local.run"],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self._ready, 180, "the stack to be ready")

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        return "Loket is ready" in self.log.read_text()

    def stop(self) -> None:
        """Ctrl-C; then nothing of it may be left."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            assert self.process.wait(40) == 0
        left = self.processes()
        assert not left, left

    def processes(self) -> list[tuple[int, str]]:
        """(pid, command) of every process that works in our folder."""
        found = []
        for place in Path("/proc").iterdir():
            if not place.name.isdigit() or int(place.name) == os.getpid():
                continue
            try:
                env = (place / "environ").read_bytes()
                command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if f"LOKET_VAR={self.var}".encode() + b"\0" in env and command:
                found.append((int(place.name), command))
        return found

    def flask(self, *args: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """A `flask` command in this stack's environment."""
        done = subprocess.run(
            [str(Path(sys.executable).parent / "flask"), "--app", "wsgi", *args],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def inbox(self, phone: str, kind: str = "") -> list[dict[str, Any]]:
        """Messages of a number in the simulator, the newest first."""
        rows: list[dict[str, Any]] = requests.get(
            f"{self.sims}/inbox/{phone}.json", timeout=10
        ).json()
        return [row for row in rows if not kind or row["kind"] == kind]

    def orders(self) -> list[dict[str, Any]]:
        """Orders at the simulated gateway, the newest first."""
        found: list[dict[str, Any]] = requests.get(
            f"{self.sims}/pakasir/orders.json", timeout=10
        ).json()
        return found

    def customer(self, phone: str) -> "Browser":
        """A browser logged in with the code that arrives in the simulator."""
        browser = Browser(self.url)
        known = {row["id"] for row in self.inbox(phone, "otp_code")}
        browser.get("/login")
        browser.post("/login", phone=phone)
        fresh = until(
            lambda: [row for row in self.inbox(phone, "otp_code") if row["id"] not in known],
            10,
            "the login code",
        )
        found = re.search(r"\b(\d{6})\b", fresh[0]["text"])
        assert found
        browser.post("/login/code", code=found[1])
        return browser

    def staff(self) -> "Browser":
        """A browser logged in as the demo's owner."""
        values = read(self.var / "local.env")
        browser = Browser(self.url)
        browser.get("/admin/login")
        browser.post(
            "/admin/login",
            email=values["DEMO_STAFF_EMAIL"],
            password=values["DEMO_STAFF_PASSWORD"],
        )
        assert browser.last.url.endswith("/admin"), browser.last.url
        return browser


class Browser:
    """A session that sends back the CSRF token of the last page with a form."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.csrf = ""
        self.last = requests.Response()

    def _keep(self, response: requests.Response) -> requests.Response:
        self.last = response
        if found := re.search(r'name="csrf_token"[^>]*value="([^"]+)"', response.text):
            self.csrf = found[1]
        return response

    def get(self, path: str) -> requests.Response:
        return self._keep(self.session.get(self.url + path, timeout=20))

    def post(self, path: str, *, follow: bool = True, **data: str) -> requests.Response:
        form = {"csrf_token": self.csrf, **data}
        answer = self.session.post(self.url + path, data=form, timeout=30, allow_redirects=follow)
        return self._keep(answer)

    def upload(self, path: str, name: str, content: bytes) -> requests.Response:
        answer = self.session.post(
            self.url + path,
            data={"csrf_token": self.csrf},
            files={"file": (name, content, "text/csv")},
            timeout=60,
        )
        return self._keep(answer)
