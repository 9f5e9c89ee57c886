"""A real Redis that can be flushed, frozen, killed, filled up and started again."""

import signal
import subprocess
import time
from pathlib import Path

import redis

from portal.local import redis as local


class Server:
    """One redis-server on a private socket in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "redis"
        self.place = local.socket_path(folder)
        self.url = f"unix://{self.place}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        binary = local.binary()
        assert binary is not None, "no redis-server"
        self.place.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            local.command(binary, self.place, self.data), stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            try:
                if self.place.exists() and self.ask().ping():
                    return
            except redis.RedisError:
                pass
            time.sleep(0.02)
        raise AssertionError("redis-server did not start")

    def ask(self) -> "redis.Redis":
        """A client for the test's own questions."""
        return redis.Redis.from_url(self.url, socket_timeout=5)

    def _signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def freeze(self) -> None:
        """It takes connections and never answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """As a power cut would."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self.place.unlink(missing_ok=True)

    def fill_up(self) -> None:
        """It answers, and takes nothing more."""
        self.ask().config_set("maxmemory", "1")

    def empty_out(self) -> None:
        self.ask().config_set("maxmemory", "0")
