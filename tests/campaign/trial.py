"""One whole trial: provider and crew are started, phase after phase is worked off, and counted."""

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from portal.local.services import free_port
from tests.campaign import stage, verdict
from tests.campaign.apart import apart
from tests.campaign.crew import Crew, MovableClock, Times, roster, shorten

ROOT = Path(__file__).resolve().parents[2]
STORMS = ("unplugged", "busy")


@dataclass(frozen=True)
class Plan:
    """What is asked of a trial."""

    messages: int
    kill: float
    outside: float
    seed: int = 1
    database_url: str = ""
    redis_url: str = "redis://127.0.0.1:1/0"
    only: Sequence[str] = ()
    times: Times = field(default_factory=Times)
    patience: float = 900.0
    budget: float = 7200.0


@dataclass
class Result:
    """What came of it."""

    counts: list[verdict.Count]
    kills: Counter[str]
    faults: Counter[str]
    broken: list[str]
    seconds: float
    provider: dict[str, Any]
    attempts_left_open: int

    @property
    def sound(self) -> bool:
        return not self.broken and not self.faults and all(one.sound for one in self.counts)

    def report(self) -> str:
        """Everything in a page."""
        asked, ambiguous = self.provider["asked"], self.provider["ambiguous"]
        lines = [
            verdict.table(self.counts),
            f"{asked} requests, {ambiguous} answers ambiguous ({100 * ambiguous / asked:.0f} %); "
            f"{self.provider['statuses_handed_over']} statuses, the slowest after "
            f"{self.provider['slowest_status']:.1f} s; {self.seconds:.0f} s",
            f"{sum(self.kills.values())} kills: "
            + ", ".join(f"{name} {n}" for name, n in sorted(self.kills.items())),
        ]
        if self.attempts_left_open:
            lines.append(f"{self.attempts_left_open} attempts never closed")
        lines += [f"BROKEN {what}" for what in self.broken]
        lines += [f"FAULT {what} ({n} times)" for what, n in self.faults.items()]
        for one in self.counts:
            for name in ("lost", "twice", "untold"):
                lines += [f"{name.upper()} {one.name} {what}" for what in getattr(one, name)[:5]]
        lines.append("sound" if self.sound else "NOT SOUND")
        return "\n".join(lines)


@contextmanager
def hostile(folder: Path, seed: int, hook_port: int, hang: float) -> Iterator[tuple[int, int]]:
    """The provider in a process of its own; yields its port and its control port."""
    port, control = free_port(), free_port()
    config = {
        "seed": seed,
        "port": port,
        "control_port": control,
        "hook_port": hook_port,
        "hang_seconds": hang,
        "channels": stage.CHANNELS,
    }
    path = folder / "provider.json"
    path.write_text(json.dumps(config))
    process = subprocess.Popen([sys.executable, "-m", "tests.campaign.provider", path], cwd=ROOT)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", control)) == 0:
                    break
            time.sleep(0.05)
        yield port, control
    finally:
        process.kill()
        process.wait()


class Trial:
    """The run of a plan."""

    def __init__(self, plan: Plan, folder: Path, door: socket.socket) -> None:
        self.plan = plan
        self.random = Random(plan.seed)
        url = apart(lambda: stage.database(plan.database_url, folder))
        shorten(plan.times)
        self.clock = MovableClock() if url.startswith("sqlite") else None
        self.app = stage.application(
            url, plan.redis_url, self.clock.clock() if self.clock else None
        )
        self.crew = Crew(self.app, self.random, plan.kill, plan.outside)
        self.crew.members = roster(self.app, plan.times, door)
        self.control = 0
        self.ids: dict[str, int] = {}

    def phases(self) -> list[tuple[str, Sequence[str]]]:
        """A phase a channel; several at once with storms; and, where we have a clock of our
        own, one in which it is moved."""
        found: list[tuple[str, Sequence[str]]] = [(name, [name]) for name in stage.CHANNELS]
        found.append(("mixed", stage.MIXED))
        if self.clock:
            found.append(("clock", ["held"]))
        return [one for one in found if not self.plan.only or one[0] in self.plan.only]

    def run(self, port: int, control: int) -> Result:
        """All phases, then the quiet after them, then the count."""
        started, self.control = time.monotonic(), control
        self.ids = apart(lambda: stage.furnish(self.app, f"http://127.0.0.1:{port}"))
        phases = self.phases()
        share = self.plan.messages // len(phases)
        worked_off: list[str] = []
        try:
            for number, (name, channels) in enumerate(phases):
                if time.monotonic() - started < self.plan.budget:
                    self._phase(number, name, channels, share)
                    worked_off.append(name)
            self._quiet()
        finally:
            self.crew.stop()
        return self._count(worked_off, time.monotonic() - started)

    def _phase(self, number: int, name: str, channels: Sequence[str], share: int) -> None:
        began, kills = time.monotonic(), sum(self.crew.kills.values())
        apart(lambda: stage.choose(self.app, self.ids, channels))
        apart(lambda: stage.fill(self.app, name, number, share, self.random))
        look = began
        steps = iter(self._clock_steps() if name == "clock" else ())
        while time.monotonic() - began < self.plan.patience:
            self.crew.tend()
            time.sleep(0.01)
            if time.monotonic() - look < 1.0:
                continue
            look = time.monotonic()
            if name == "mixed" and self.random.random() < 0.3:
                stage.ask(self.control, f"storm/{channels[0]}/{self.random.choice(STORMS)}/2")
            step = next(steps, None)
            if step is not None and self.clock:
                self.clock.move(step)
            if step is None and not apart(lambda: stage.restless(self.app))[0]:
                break
        seconds, more = time.monotonic() - began, sum(self.crew.kills.values()) - kills
        print(f"  {name}: {share} messages, {more} kills, {seconds:.0f} s", flush=True)

    def _clock_steps(self) -> Iterator[float]:
        yield from (0, 0, 3600, 3600, 3600, -1800, -1800, -1800, 0)

    def _quiet(self) -> None:
        """The provider is kind and nobody dies: what can still be settled, is."""
        self.crew.peace()
        stage.ask(self.control, "calm")
        began = time.monotonic()
        still = 0.0
        while time.monotonic() - began < self.plan.patience:
            self.crew.tend()
            time.sleep(0.2)
            waiting = stage.ask(self.control, "report")["statuses_waiting"]
            if any(apart(lambda: stage.restless(self.app))) or waiting:
                still = time.monotonic()
            elif time.monotonic() - max(still, began) > self.plan.times.lease:
                return

    def _count(self, names: Sequence[str], seconds: float) -> Result:
        report = stage.ask(self.control, "report")
        counts = [apart(lambda n=name: verdict.count(self.app, n, report)) for name in names]  # type: ignore[misc]
        return Result(
            counts,
            self.crew.kills,
            self.crew.faults,
            apart(lambda: verdict.broken_invariants(self.app)),
            seconds,
            dict(report),
            apart(lambda: verdict.open_attempts(self.app)),
        )


def run(plan: Plan) -> Result:
    """One trial from the empty database to the count."""
    with tempfile.TemporaryDirectory() as name, socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(128)
        hang = plan.times.deadline * 2
        with hostile(Path(name), plan.seed, door.getsockname()[1], hang) as (port, control):
            return Trial(plan, Path(name), door).run(port, control)
