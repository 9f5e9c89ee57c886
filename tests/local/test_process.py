"""The supervisor's children: restarted when killed, gone when the supervisor is."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from portal.local.process import Child
from tests.stack import until

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_a_killed_child_comes_back_and_ends_for_good() -> None:
    child = Child("sleeper", SLEEPER, dict(os.environ))
    child.start()
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    child.process.wait()

    def back() -> bool:
        child.watch()
        return child.process is not None and child.process.pid != first

    until(back, 10, "a new child")
    child.terminate()
    child.finish(time.monotonic() + 5)
    assert not alive(child.process.pid)


def test_what_ignores_the_wish_to_stop_is_killed_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    stubborn = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen({SLEEPER!r})\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    child = Child("stubborn", [sys.executable, "-c", stubborn], dict(os.environ))
    child.start()
    until(lambda: note.exists() and note.read_text(), 10, "the grandchild")
    child.terminate()
    child.finish(time.monotonic() + 0.5)
    until(lambda: not alive(int(note.read_text())), 5, "the grandchild to end")


def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    supervisor = (
        "import os, time\n"
        "from portal.local.process import Child\n"
        f"child = Child('x', {SLEEPER!r}, dict(os.environ))\n"
        "child.start()\n"
        f"open({str(note)!r}, 'w').write(str(child.process.pid))\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", supervisor])
    until(lambda: note.exists() and note.read_text(), 15, "the child")
    process.kill()
    process.wait()
    until(lambda: not alive(int(note.read_text())), 5, "the child to die")
