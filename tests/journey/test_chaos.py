"""kill -9 of web, worker, scheduler and Redis at random during an invoice run.

Afterwards every line has one invoice and every invoice was announced exactly once.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import requests

from tests.stack import ROOT, Stack, services, until

PERIOD = "2027-01"
LINES = 303
SECONDS = 12.0


def victims(stack: Stack) -> list[int]:
    """Everything but the supervisor and the simulators, which play the outside world."""
    spared = ("portal.local.run", "portal.simulators")
    return [
        pid for pid, command in stack.processes() if not any(name in command for name in spared)
    ]


def billing_run(stack: Stack) -> "subprocess.Popen[bytes]":
    flask = str(Path(sys.executable).parent / "flask")
    return subprocess.Popen(
        [flask, "--app", "wsgi", "billing", "run", "--period", PERIOD],
        cwd=ROOT,
        env=stack.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def announced(stack: Stack) -> Counter[str]:
    """How often each invoice of the period reached a phone."""
    rows = requests.get(f"{stack.sims}/inbox.json", timeout=30).json()
    return Counter(
        row["idempotency_key"]
        for row in rows
        if row["kind"] == "invoice_notification" and "Januari 2027" in row["text"]
    )


# Minutes of waiting: here on PostgreSQL; on SQLite the small campaign kills as often.
@pytest.mark.services
def test_random_kills_lose_nothing_and_double_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    stack = Stack(tmp_path_factory.mktemp("chaos") / "var", **services("loket_chaos"))
    stack.start()
    try:
        kills = _chaos(stack)
        assert kills >= 5, "nothing was killed, so nothing was shown"
        stack.flask("billing", "run", "--period", PERIOD)
        everything = until(
            lambda: counts if len(counts := announced(stack)) >= LINES else None, 300, "messages"
        )
        assert set(everything.values()) == {1}
        again = stack.flask("billing", "run", "--period", PERIOD)
        assert f"0 invoices issued now, {LINES} existed already" in again.stdout
        doctor = until(
            lambda: (done := stack.flask("doctor", check=False)).returncode == 0 and done,
            120,
            "sound books",
        )
        assert "Everything that matters is sound" in doctor.stdout
    finally:
        stack.stop()


def _chaos(stack: Stack) -> int:
    """Kill one process after the other while the run goes on; returns how many died."""
    die = random.Random(20270101)
    run, kills = billing_run(stack), 0
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        time.sleep(die.uniform(0.1, 0.5))
        if found := victims(stack):
            try:
                os.kill(die.choice(found), signal.SIGKILL)
                kills += 1
            except ProcessLookupError:
                continue
        if run.poll() is not None and run.returncode != 0:
            run = billing_run(stack)
    run.wait(120)
    return kills
