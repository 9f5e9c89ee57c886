"""One whole storm: stage, traffic with its outages, quiet, verdict."""

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import requests
from flask import Flask
from sqlalchemy.exc import DBAPIError

from portal.extensions import db
from tests.trials.storm import stage
from tests.trials.storm.crew import OURS, Crew, Database
from tests.trials.storm.plan import Deed, Order, deeds, fates
from tests.trials.storm.time_passes import (
    AT_REST,
    Question,
    due,
    pass_hours_of_orders,
    pass_hours_of_webhooks,
    settled,
    waiting,
)
from tests.trials.storm.traffic import Senders, Traffic
from tests.trials.storm.verdict import Verdict, judge


@dataclass(frozen=True)
class Plan:
    """What is asked of a storm. `invoices` 0: one for every twenty webhooks. `silent`: the
    gateway drops every webhook, and nobody else sends any; `unhurried`: so many seconds the
    poller goes by its own plan before its hours pass at once. `deaths`: 2 ours and the
    database's, 1 the database's alone (ours where it is a file), 0 none."""

    webhooks: int
    parallel: int = 64
    database: str = ""
    seed: int = 1
    invoices: int = 0
    silent: bool = False
    unhurried: float = 0.0
    deaths: int = 2
    away: float = 3.0
    patience: float = 1800.0


@dataclass
class Result:
    """What came of it."""

    plan: Plan
    engine: str
    orders: list[Order]
    traffic: Traffic
    verdict: Verdict
    outages: list[str] = field(default_factory=list)
    by_hooks: int = 0
    stage_took: float = 0.0
    quiet_took: float = 0.0

    @property
    def sound(self) -> bool:
        lost = [a for said in self.traffic.answers.values() for a in said if a.startswith("given")]
        return self.verdict.sound and not lost

    def report(self) -> str:
        """Everything in a page."""
        sent, books = self.traffic, self.verdict
        count = len(sent.seconds)
        lines = [
            f"{self.engine}, seed {self.plan.seed}: {count} webhooks, {self.plan.parallel} at a "
            f"time, {len(self.orders)} orders; stage {self.stage_took:.0f} s",
            f"{count / max(sent.took, 0.001):.0f} a second over {sent.took:.0f} s; p50 "
            f"{sent.percentile(0.5):.0f} ms, p99 {sent.percentile(0.99):.0f} ms; "
            f"{sent.repeats} tries repeated; quiet after {self.quiet_took:.0f} s more",
            *(f"  {what}" for what in self.outages),
        ]
        for label, said in sorted(sent.answers.items()):
            lines.append(f"  {label:<10} " + ", ".join(f"{n} x {a}" for a, n in said.items()))
        lines += [
            f"{books.payments} payments, {books.rupiah} rupiah; {self.by_hooks} orders settled "
            "before the rest of the poller's plan was let pass at once",
            "on the list: " + ", ".join(f"{n} {kind}" for kind, n in books.listed.items()),
            f"stored webhooks: {dict(books.hooks)}, {books.repeats} repeats of the same bytes",
            *(f"BROKEN {name}: rows {rows}" for name, rows in books.broken.items()),
            *(f"WRONG {what}" for what in books.wrong[:20]),
            "sound" if self.sound else "NOT SOUND",
        ]
        return "\n".join(lines)


class Storm:
    """The run of a plan in a folder."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.database = Database(plan.database, folder)
        self.crew = Crew(folder, self.database)
        self.outages: list[str] = []

    def run(self) -> Result:
        try:
            return self._run()
        finally:
            self.crew.stop()
            self.database.stop()

    def _run(self) -> Result:
        began, dice = time.monotonic(), Random(self.plan.seed)
        app = stage.application(self.crew.env)
        self.crew.start("redis", "gateway")
        count = self.plan.invoices or max(self.plan.webhooks // 20, 20)
        owing = stage.furnish(app, count, dice)
        # Nobody can ask about an order we lost when no webhook names it.
        without = {"lost"} if self.plan.silent else set()
        orders = stage.open_orders(app, owing, fates(count, dice, without))
        todo = deeds(orders, self.plan.webhooks, self.plan.seed)
        if self.plan.silent:
            todo = [deed for deed in todo if deed.kind == "pay"]
            self._drop_webhooks()
        staged = time.monotonic() - began
        self.crew.start(*OURS)
        senders = Senders(self.crew.url, self.crew.sims, todo, self._marks(todo), self.plan.silent)
        traffic = senders.run(self.plan.parallel)
        quiet = time.monotonic()
        self._until(app, waiting)
        time.sleep(self.plan.unhurried)
        by_hooks = _ask(app, settled)
        pass_hours_of_orders(app)
        self._until(app, waiting, due)
        quiet_took = time.monotonic() - quiet
        engine = "PostgreSQL" if self.database.admin else "SQLite"
        verdict = judge(app, orders, self._gateway())
        return Result(
            self.plan, engine, orders, traffic, verdict, self.outages, by_hooks, staged, quiet_took
        )

    def _marks(self, todo: list[Deed]) -> dict[int, Any]:
        """A third of the way our processes die, two thirds of the way the database does."""

        def kill() -> None:
            self.outages.append(self.crew.kill())

        def restart() -> None:
            self.outages.append(self.database.restart(self.plan.away) or self.crew.kill())

        marks = {len(todo) // 3: kill, 2 * len(todo) // 3: restart}
        return dict(list(marks.items())[2 - self.plan.deaths :])

    def _drop_webhooks(self) -> None:
        switch = {"target": "pakasir_webhook", "no_webhook": 1}
        requests.post(f"{self.crew.sims}/faults", json=switch, timeout=10).raise_for_status()

    def _until(self, app: Flask, *questions: Question) -> None:
        """Until all of these answer nought; while one does not, hours pass for what waits."""
        deadline, again = time.monotonic() + self.plan.patience, time.monotonic() + AT_REST
        while any(_ask(app, question) for question in questions):
            if time.monotonic() > deadline:
                return
            if time.monotonic() > again:
                again = time.monotonic() + AT_REST
                pass_hours_of_webhooks(app)
            time.sleep(0.5)

    def _gateway(self) -> dict[str, dict[str, Any]]:
        rows = requests.get(f"{self.crew.sims}/pakasir/orders.json", timeout=120).json()
        return {row["order_id"]: row for row in rows}


def _ask(app: Flask, question: Question) -> int:
    """A number from the database; one, when it cannot be asked just now."""
    with app.app_context():
        try:
            return int(question() or 0)
        except DBAPIError:
            return 1
        finally:
            db.session.rollback()


def run(plan: Plan) -> Result:
    """A storm from the empty database to the verdict."""
    with tempfile.TemporaryDirectory(prefix="loket-storm-") as name:
        return Storm(plan, Path(name)).run()
