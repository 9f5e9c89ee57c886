"""One child process that is watched, restarted, and never left behind."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PR_SET_PDEATHSIG = 1


def _in_child(parent: int) -> None:
    """Own process group; on Linux the kernel ends us when the supervisor dies."""
    os.setpgid(0, 0)
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:
        os._exit(1)


@dataclass
class Child:
    """A command with its output under a name; restarted with a growing pause."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    failures: int = 0
    retry_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Start the command; its lines appear under its name."""
        parent = os.getpid()
        self.process = subprocess.Popen(  # noqa: S603
            self.command,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: _in_child(parent),  # noqa: PLW1509
        )
        self.started = time.monotonic()
        threading.Thread(target=self._relay, args=(self.process,), daemon=True).start()

    def _relay(self, process: "subprocess.Popen[bytes]") -> None:
        for line in process.stdout or ():
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                say(f"{self.name:<10}| {text}")

    def watch(self) -> None:
        """Start it again if it died; quickly at first, then with patience."""
        if self.process is None or self.process.poll() is None:
            return
        current = time.monotonic()
        if not self.retry_at:
            self.failures = 0 if current - self.started > 30 else self.failures + 1
            pause = min(0.3 * 2**self.failures, 15.0)
            self.retry_at = current + pause
            say(
                f"{self.name} ended ({self.process.returncode}); starting it again in {pause:.1f} s"
            )
            self._kill_group(signal.SIGTERM)
        elif current >= self.retry_at:
            self.retry_at = 0.0
            self.start()

    def _kill_group(self, number: int) -> None:
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            return

    def terminate(self) -> None:
        """Ask nicely; only the child itself, which passes it on."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def finish(self, deadline: float) -> None:
        """Wait until the deadline, then end whatever is left of its group."""
        if self.process is None:
            return
        try:
            self.process.wait(max(deadline - time.monotonic(), 0.05))
        except subprocess.TimeoutExpired:
            say(f"{self.name} did not stop in time")
        self._kill_group(signal.SIGKILL)
        self.process.wait()


def say(text: str) -> None:
    """One line on the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
