"""`python -m tests.trials.races --races 1000`: a payment against the isolation run, at once.

Each race is a line that is late, a payment of what it owes, and runs of the isolation, all let
go at a barrier; some lines are walled off already, some are promised or have rapel, some owe
two invoices and pay one. The wanted end is known before: whoever paid is open, on the books and
at the router; whoever still owes past the grace is walled off by the next run.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

from flask import Flask

from portal import create_app
from portal.config import Settings
from portal.extensions import db
from portal.health.invariants import INVARIANTS, violations
from portal.infra.timekeeping import now, today
from portal.invoices.models import Invoice
from portal.network import isolation, promises, reconcile
from portal.network.models import NetworkAccess
from portal.payments import service as payments
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories
from tests.conftest import environment, migrate
from tests.network import routers
from tests.network.routers import Board
from tests.trials.storm.crew import Database

WAIT = 60
SORTS = ("pays", "pays walled off", "pays one of two", "promises", "rapel")
BATCH = 10
"""Races that run beside each other, each with a payer; the runs see all their lines."""


@dataclass
class Race:
    """One line and what it must end as."""

    sort: str
    bill: Invoice
    login: str
    wanted: str


@dataclass
class Outcome:
    """`wrong` must be empty. `order` counts who was first, to show that it was a race."""

    races: int = 0
    wrong: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    walled: int = 0
    seconds: float = 0.0
    broken: dict[str, list[int]] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        return not self.wrong and not self.broken

    def report(self) -> str:
        """A page."""
        lines = [
            f"{self.races} races in {self.seconds:.0f} s: "
            + ", ".join(f"{n} {what}" for what, n in sorted(self.ends.items())),
            f"in {self.walled} of them a run walled the line off before the payment opened it",
            *(f"BROKEN {name}: rows {rows}" for name, rows in self.broken.items()),
            *(f"WRONG {what}" for what in self.wrong[:20]),
            "sound" if self.sound else "NOT SOUND",
        ]
        return "\n".join(lines)


def race(app: Flask, count: int, seed: int) -> Outcome:
    """So many races on this application's database."""
    dice, found, began = Random(seed), Outcome(), time.monotonic()
    with app.app_context(), routers.in_process() as board:
        settings.change("isolation.fuse_bp", 10_000)
        db.session.commit()
        for start in range(0, count, BATCH):
            field_ = [_line(start + n, dice) for n in range(min(BATCH, count - start))]
            _let_go(app, field_, dice)
            _routers(app)
            _judge(field_, board, found)
        found.broken = {one.name: rows for one in INVARIANTS if (rows := violations(one))}
        db.session.rollback()
    found.races, found.seconds = count, time.monotonic() - began
    return found


def _line(number: int, dice: Random) -> Race:
    sort = dice.choices(SORTS, (50, 20, 10, 10, 10))[0]
    login = f"lomba-{number}"
    line = factories.subscription(login=login)
    routers.behind(line, "board")
    late = timedelta(days=30)
    bill = factories.invoice(line, period="2026-09", due_on=today() - late)
    wanted = "active"
    if sort == "pays one of two":
        factories.invoice(line, period="2026-08", due_on=today() - late)
        wanted = "isolated"
    if sort == "pays walled off":
        isolation.settle_line(line.id)
        db.session.commit()
    return Race(sort, bill, login, wanted)


def _act(one: Race) -> None:
    """What the customer does, or staff for him."""
    customer_id = one.bill.customer_id
    if one.sort == "promises":
        promises.make(customer_id, today() + timedelta(days=3), "gajian")
    elif one.sort == "rapel":
        promises.agree_rapel(customer_id, 2, "bayar per dua bulan")
    else:
        payments.record_payment(
            customer_id=customer_id,
            amount=one.bill.total,
            source="cash",
            method="tunai",
            paid_at=now(),
            invoice_ids=[one.bill.id],
        )
    db.session.commit()


def _let_go(app: Flask, field_: list[Race], dice: Random) -> None:
    """Payers, two isolation runs and a worker for the routers, all at once."""
    work: list[Callable[[], object]] = [lambda one=one: _act(one) for one in field_]  # type: ignore[misc]
    work += [isolation.run, isolation.run, _apply_due]
    start = threading.Barrier(len(work))
    trouble: list[str] = []

    def go(task: Callable[[], object], pause: float) -> None:
        with app.app_context():
            try:
                start.wait(WAIT)
                time.sleep(pause)
                task()
            except Exception as error:
                trouble.append(f"{type(error).__name__}: {error}")
                raise

    threads = [
        threading.Thread(target=go, args=(task, dice.choice((0, 0, 0.005, 0.02, 0.05))))
        for task in work
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert not trouble, trouble


def _apply_due() -> None:
    for subscription_id in reconcile.due():
        reconcile.apply_access(subscription_id)


def _routers(app: Flask) -> None:
    """One more run, then the routers are told until nothing is left to tell."""
    isolation.run()
    for _turn in range(3):
        reconcile.heal()
        db.session.commit()
        _apply_due()


def _judge(field_: list[Race], board: Board, found: Outcome) -> None:
    for one in field_:
        line = factories.fresh(Subscription, one.bill.subscription_id)
        access = factories.fresh(NetworkAccess, one.bill.subscription_id)
        at_router = board.states.get(one.login, "open")
        told = "open" if one.wanted == "active" else "isolated"
        found.ends[f"{one.sort} -> {line.state}"] += 1
        found.walled += access.episode > 0 and one.sort == "pays"
        if (line.state, at_router, access.next_at) != (one.wanted, told, None):
            found.wrong.append(f"{one.sort} {one.login}: {line.state}, router {at_router}")


@contextmanager
def application(database: str) -> Iterator[Flask]:
    """The product on a fresh database: SQLite, `postgres`, or one on the server of a URL."""
    with tempfile.TemporaryDirectory(prefix="loket-races-") as name:
        place = Database(database, Path(name))
        try:
            migrate(place.url)
            app = create_app(Settings.from_env(environment(place.url, LOG_LEVEL="CRITICAL")))
            yield app
            with app.app_context():
                db.engine.dispose()
        finally:
            place.stop()


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(prog="tests.trials.races")
    parser.add_argument("--races", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="", help="`postgres` or a URL; SQLite without")
    asked = parser.parse_args()
    with application(asked.database) as app:
        found = race(app, asked.races, asked.seed)
    print(found.report(), flush=True)
    return 0 if found.sound else 1


if __name__ == "__main__":
    sys.exit(main())
