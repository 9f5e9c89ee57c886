"""`python -m portal.local.services COMMAND…`: a private PostgreSQL and Redis for one command.

Sets TEST_DATABASE_URL and TEST_REDIS_URL, runs the command, stops both and deletes their
files. Addresses that are already set are used as they are. PostgreSQL refuses to run as
root, so as root it runs as the `postgres` user.
"""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from portal.local import redis
from portal.local.process import say


class CannotStart(RuntimeError):
    """A sentence for the terminal."""


def free_port() -> int:
    """A TCP port nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_bin() -> Path:
    """The folder with initdb and postgres."""
    found = shutil.which("initdb")
    candidates = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), reverse=True)  # noqa: PTH207
    path = found or (candidates[0] if candidates else None)
    if path is None:
        raise CannotStart("PostgreSQL is not installed: apt install postgresql")
    return Path(path).resolve().parent


def _as_postgres() -> tuple[int | None, int | None]:
    """Who runs PostgreSQL: ourselves, or `postgres` when we are root."""
    if os.geteuid() != 0:
        return None, None
    user = pwd.getpwnam("postgres")
    return user.pw_uid, user.pw_gid


def start_postgres(folder: Path) -> tuple["subprocess.Popen[bytes]", str]:
    """A server on a free port of loopback with trust authentication; returns it and its URL."""
    bin_, (user, group) = postgres_bin(), _as_postgres()
    data = folder / "pg"
    data.mkdir()
    if user is not None and group is not None:
        os.chown(data, user, group)
        folder.chmod(0o755)
    subprocess.run(  # noqa: S603
        [bin_ / "initdb", "-D", data, "-U", "loket", "-A", "trust", "-E", "UTF8", "-N"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
        user=user,
        group=group,
    )
    port = free_port()
    options = ("fsync=off", "max_connections=200", f"unix_socket_directories={data}")
    server = subprocess.Popen(  # noqa: S603
        [str(bin_ / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1"]
        + [part for option in options for part in ("-c", option)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        user=user,
        group=group,
    )
    _wait_for(port, server)
    return server, f"postgresql://loket@127.0.0.1:{port}/postgres"


def start_redis(folder: Path) -> tuple["subprocess.Popen[bytes]", str]:
    """A server on a private socket."""
    binary = redis.binary()
    if binary is None:
        raise CannotStart("redis-server is not installed: apt install redis-server")
    place = folder / "redis.sock"
    server = subprocess.Popen(redis.command(binary, place, folder / "redis"))  # noqa: S603
    deadline = time.monotonic() + 15
    while not place.exists():
        if time.monotonic() > deadline or server.poll() is not None:
            raise CannotStart("redis-server did not start")
        time.sleep(0.05)
    return server, f"unix://{place}"


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(0.5)  # it listens a moment before it answers
                return
        time.sleep(0.1)
    raise CannotStart("PostgreSQL did not start")


def main(command: list[str]) -> int:
    """Run the command with both services; returns its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    servers: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="loket-") as name:
        environ = dict(os.environ)
        try:
            for key, start in (
                ("TEST_DATABASE_URL", start_postgres),
                ("TEST_REDIS_URL", start_redis),
            ):
                if not environ.get(key):
                    server, environ[key] = start(Path(name))
                    servers.append(server)
            return subprocess.run(command, env=environ).returncode  # noqa: S603
        except CannotStart as problem:
            say(str(problem))
            return 1
        finally:
            for server in servers:
                server.send_signal(signal.SIGINT)
            for server in servers:
                server.wait(15)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
