"""The invoice run and a page, against what the same machine does at best.

- billing: the invoice run with lines, numbers and messages, against a bare bulk INSERT of as
  many rows of the same tables;
- pages: the customer's home page with 12 invoices, against a route that does nothing.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import insert, select, text

from portal import create_app
from portal.accounts import sessions
from portal.config import Settings
from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.customers.models import Customer
from portal.extensions import db
from portal.invoices import billing
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription
from tests.conftest import environment, migrate

LINES = 3000
REQUESTS = 300


def timed(work: Callable[[], object]) -> float:
    """Seconds the work took."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def fill(count: int) -> None:
    """Customers with one line each."""
    stamp = datetime.now(UTC)
    plan = Plan(name="Rumah 20 Mbps", price=165_000, created_at=stamp)
    db.session.add(plan)
    db.session.flush()
    db.session.execute(
        insert(Customer),
        [
            {
                "number": f"B-{n:06d}",
                "name": f"Pelanggan {n}",
                "phone": f"+62812{n:08d}",
                "created_at": stamp,
            }
            for n in range(count)
        ],
    )
    ids = db.session.scalars(select(Customer.id)).all()
    db.session.execute(
        insert(Subscription),
        [
            {
                "customer_id": customer_id,
                "plan_id": plan.id,
                "login": f"b{customer_id}",
                "billing_day": 1,
                "state_since": stamp,
                "started_on": stamp.date().replace(day=1),
                "auto_from": stamp.date(),
                "created_at": stamp,
            }
            for customer_id in ids
        ],
    )
    db.session.commit()


def run(period: str) -> None:
    while billing.issue_chunk(Period.parse(period), only_due=False):
        db.session.commit()
    db.session.rollback()


def copy_rows() -> None:
    """The floor: the same rows again by INSERT..SELECT, thrown away afterwards."""
    for table in ("invoice", "invoice_line", "message"):
        db.session.execute(
            text(f"CREATE TEMP TABLE floor_{table} AS SELECT * FROM {table} WHERE 1=0")
        )
    started = time.perf_counter()
    for table in ("invoice", "invoice_line", "message"):
        db.session.execute(text(f"INSERT INTO floor_{table} SELECT * FROM {table}"))
    print(f"  floor, INSERT..SELECT: {LINES / (time.perf_counter() - started):>10,.0f} lines/s")
    db.session.rollback()


def bench_billing() -> None:
    """How the run compares with writing the same rows in one statement."""
    seconds = timed(lambda: run("2026-11"))
    print(f"billing, {LINES} lines")
    print(f"  invoice run:           {LINES / seconds:>10,.0f} lines/s")
    copy_rows()
    again = timed(lambda: run("2026-11"))
    print(f"  again, all issued:     {LINES / again:>10,.0f} lines/s")


def bench_pages(app: Flask) -> None:
    """How a page compares with a route that does nothing."""
    for month in range(1, 12):
        period = Period(2026, month)
        billing.issue_chunk(period, only_due=False, lines=[1])
    db.session.commit()
    identity = f"customer:1:{sessions.open_session(sessions.CUSTOMER, 1)}"
    db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = identity, True
    assert client.get("/").status_code == 200, "the home page did not open"
    rates = {}
    for path in ("/healthz", "/"):
        seconds = timed(lambda path=path: [client.get(path) for _ in range(REQUESTS)])  # type: ignore[misc]
        rates[path] = REQUESTS / seconds
    print(f"pages, test client, {REQUESTS} requests one after another")
    print(f"  bare route:            {rates['/healthz']:>10,.0f} req/s")
    print(f"  home, 12 invoices:     {rates['/']:>10,.0f} req/s")
    print(f"  ratio:                 {rates['/'] / rates['/healthz']:>10.2f}")


def main() -> None:
    """Measure on SQLite in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        migrate(url)
        clock = FixedClock(datetime(2026, 11, 21, 3, tzinfo=UTC))
        app = create_app(Settings.from_env(environment(url)), clock)
        with app.app_context():
            fill(LINES)
            bench_billing()
        with app.app_context():
            bench_pages(app)
