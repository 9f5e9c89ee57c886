"""The customers list at 20,000 customers: each way of narrowing it, against counting them all.

`python -m tests.benchmarks.finding [DATABASE_URL]`; without one, SQLite in a temporary folder.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import g
from sqlalchemy import insert, select, text

from portal import create_app
from portal.accounts.models import Staff
from portal.config import Settings
from portal.core.clock import FixedClock
from portal.customers.models import Area, Customer
from portal.desk import filtering, listing
from portal.desk.filtering import Filter
from portal.extensions import db
from portal.invoices.models import Invoice
from portal.subscriptions.models import Subscription
from tests.benchmarks.pages_and_billing import fill
from tests.conftest import environment, migrate

CUSTOMERS = 20_000
AREAS = 20
TRIES = 7
FIRST = ("Budi", "Siti", "Agus", "Rini", "Joko", "Dewi", "Tarno", "Wati", "Hadi", "Nining")
LAST = ("Santoso", "Rahayu", "Widodo", "Lestari", "Hakim", "Kurniawan", "Nugroho")


def more_about_them() -> None:
    """Names, addresses and areas as they are, and an open invoice for one in three."""
    areas = [Area(name=f"Area {n}") for n in range(AREAS)]
    db.session.add_all(areas)
    db.session.flush()
    db.session.execute(text("UPDATE customer SET area_id = 1 + id % 20"))
    for place, first in enumerate(FIRST):
        for other, last in enumerate(LAST):
            db.session.execute(
                text(
                    "UPDATE customer SET name = :name, address = 'Jl. Melati No. ' || id"
                    " WHERE id % 10 = :a AND id % 7 = :b"
                ),
                {"name": f"{first} {last}", "a": place, "b": other},
            )
    stamp = datetime.now(UTC)
    lines = db.session.execute(select(Subscription.id, Subscription.customer_id)).all()
    bills = [
        {
            "number": f"INV-{line_id}", "customer_id": customer_id, "subscription_id": line_id,
            "period": "2026-11", "plan_name": "x", "plan_price": 165_000, "total": 165_000,
            "state": "open", "issued_on": stamp.date(), "due_on": stamp.date(),
            "created_at": stamp,
        }
        for line_id, customer_id in lines if line_id % 3 == 0
    ]  # fmt: skip
    db.session.execute(insert(Invoice), bills)
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()


WAYS: dict[str, Filter] = {
    "everybody": Filter(),
    "a name": Filter(text="budi rahayu"),
    "an address": Filter(text="melati 19999"),
    "last digits of a phone": Filter(text="019999"),
    "a phone with spaces": Filter(text="+62 812 0001 9999"),
    "a customer number": Filter(text="B-019999"),
    "a login": Filter(text="b19999"),
    "nobody": Filter(text="tidak ada siapa pun"),
    "an area, overdue": Filter(area=3, owes="overdue"),
    "isolated": Filter(state="isolated"),
    "most owed first": Filter(sort="owed"),
    "by name": Filter(sort="name"),
}


def median(work: Callable[[], Any]) -> float:
    """Seconds of the middle try."""
    took = []
    for _try in range(TRIES):
        started = time.perf_counter()
        work()
        db.session.rollback()
        took.append(time.perf_counter() - started)
    return sorted(took)[TRIES // 2]


def bench(owner: Staff) -> None:
    """A page and its count, as the list asks for them."""
    g._login_user = owner
    floor = median(lambda: db.session.scalar(text("SELECT count(*) FROM customer")))
    print(f"customers list, {CUSTOMERS} customers, page and count; counting alone {floor:.4f} s")
    for name, wanted in WAYS.items():
        page = median(lambda wanted=wanted: listing.one_page(wanted))  # type: ignore[misc]
        count = median(lambda wanted=wanted: filtering.count(wanted))  # type: ignore[misc]
        print(f"  {name:<24} {page * 1000:>8.1f} ms + {count * 1000:>7.1f} ms")
    middle = listing.ids(Filter(sort="name"))[CUSTOMERS // 2]
    deep = median(lambda: listing.one_page(Filter(sort="name"), after=middle))
    print(f"  {'by name, half way':<24} {deep * 1000:>8.1f} ms")


def run(url: str) -> None:
    """Fill and measure one database."""
    migrate(url)
    clock = FixedClock(datetime(2026, 11, 21, 3, tzinfo=UTC))
    app = create_app(Settings.from_env(environment(url)), clock)
    with app.app_context():
        if db.session.scalar(select(Customer.id).limit(1)) is None:
            fill(CUSTOMERS)
            more_about_them()
    with app.test_request_context("/admin/customers"):
        bench(Staff(id=1, role="owner", name="x", email="x"))


def main() -> None:
    """SQLite in a temporary folder, unless a database is named."""
    if len(sys.argv) > 1:
        run(sys.argv[1])
        return
    with tempfile.TemporaryDirectory() as folder:
        run(f"sqlite:///{Path(folder) / 'bench.db'}")


if __name__ == "__main__":
    main()
