"""The owner's first page, the isolation board and the effect of a setting with 20,000 customers
and a year of invoices, against one plain pass over the invoices."""

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import insert, select, text

from portal import create_app
from portal.accounts import sessions
from portal.accounts.models import Staff
from portal.config import Settings
from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.extensions import db
from portal.invoices.models import Allocation, Invoice
from portal.network.models import NetworkAccess
from portal.payments.models import Payment
from portal.settings import effects
from portal.subscriptions.models import Subscription
from tests.benchmarks.pages_and_billing import fill, timed
from tests.conftest import environment, migrate

CUSTOMERS = 20_000
MONTHS = 12
REPEAT = 5
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def history() -> None:
    """A year of invoices: nine of ten paid; the open ones of the last three months are late."""
    lines = db.session.execute(select(Subscription.id, Subscription.customer_id)).all()
    period = Period.parse("2026-11").plus(1 - MONTHS)
    number = 0
    for month in range(MONTHS):
        invoices, payments, parts = [], [], []
        for place, (line, customer) in enumerate(lines):
            number += 1
            paid = place % 10 or month < MONTHS - 3
            day = date(period.year, period.month, 5)
            invoices.append(
                {"id": number, "number": f"INV-{number}", "customer_id": customer,
                 "subscription_id": line, "period": str(period), "plan_name": "Rumah",
                 "plan_price": 165_000, "total": 165_000, "state": "paid" if paid else "open",
                 "issued_on": day, "due_on": day, "created_at": NOW, "closed_reason": "",
                 "link_version": 1}
            )  # fmt: skip
            if paid:
                payments.append(
                    {"id": number, "number": f"PAY-{number}", "customer_id": customer,
                     "amount": 165_000, "source": "cash", "method": "cash", "paid_at": NOW,
                     "recorded_at": NOW, "booked_on": day, "note": ""}
                )  # fmt: skip
                parts.append(
                    {"payment_id": number, "invoice_id": number, "amount": 165_000,
                     "created_at": NOW}
                )  # fmt: skip
        db.session.execute(insert(Invoice), invoices)
        db.session.execute(insert(Payment), payments)
        db.session.execute(insert(Allocation), parts)
        period = period.next()
    db.session.execute(
        insert(NetworkAccess),
        [{"subscription_id": line, "actual": "open", "decision": "keep"} for line, _c in lines],
    )
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()


def owner(app: Flask) -> dict[str, str]:
    """Cookies of the owner."""
    person = Staff(email="o@x.test", name="O", password_hash="x", role="owner", created_at=NOW)
    db.session.add(person)
    db.session.flush()
    identity = f"staff:{person.id}:{sessions.open_session('staff', person.id)}"
    db.session.commit()
    return {"_user_id": identity, "_fresh": "1"}


def best(work: object) -> float:
    """The quickest of a few, in milliseconds."""
    return min(timed(work) for _one in range(REPEAT)) * 1000  # type: ignore[arg-type]


def measure(app: Flask) -> dict[str, float]:
    """Milliseconds by name."""
    client = app.test_client()
    with client.session_transaction("/admin") as session:
        session.update(owner(app))
    found = {}
    plain = text("SELECT SUM(total) FROM invoice WHERE state <> 'void'")
    found["one pass over the invoices"] = best(lambda: db.session.execute(plain).scalar())
    db.session.rollback()
    for name, url in (
        ("first page", "/admin"),
        ("isolation board", "/admin/isolation"),
        ("routers", "/admin/routers"),
        ("plans", "/admin/plans"),
    ):
        answer = client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        found[name] = best(lambda url=url: client.get(url))
    for name, values in (
        ("effect of a knob of isolation", {"isolation.grace_days": 1}),
        ("effect on the reminders", {"reminders.before": [5]}),
        ("effect on next month's invoices", {"billing.tax_bp": 1100}),
    ):
        found[name] = timed(lambda values=values: effects.foresee(values)) * 1000
        db.session.rollback()
    return found


def main() -> None:
    """Fill, measure, print."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        migrate(url)
        app = create_app(Settings.from_env(environment(url)), FixedClock(NOW))
        with app.app_context():
            fill(CUSTOMERS)
            history()
            found = measure(app)
    floor = found["one pass over the invoices"]
    print(f"the owner's desk, {CUSTOMERS} customers, {CUSTOMERS * MONTHS} invoices:")
    for name, spent in found.items():
        print(f"  {name}: {spent:.0f} ms ({spent / floor:.1f}x)")


if __name__ == "__main__":
    main()
