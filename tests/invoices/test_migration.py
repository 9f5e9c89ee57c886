"""An installation from before cycles is upgraded: its plans and invoices go on as they were."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from portal import create_app
from portal.config import Settings
from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.extensions import db
from portal.invoices import billing
from portal.invoices.models import Invoice, InvoiceLine
from portal.plans.models import Plan
from tests import factories
from tests.conftest import NOW, environment

BEFORE = """
INSERT INTO plan (id, name, price, billing, due_days, active, created_at) VALUES
 (1, 'Lama', 165000, 'postpaid', NULL, TRUE, '2026-01-01 00:00:00'),
 (2, 'Sepi', 100000, 'postpaid', 5, TRUE, '2026-01-01 00:00:00');
INSERT INTO customer (id, number, name, phone, address, language, status, session_token, created_at)
 VALUES (1, 'P-1', 'Budi', '+628121', '', 'id', 'active', 'x', '2026-01-01 00:00:00');
INSERT INTO subscription (id, customer_id, plan_id, login, billing_day, state, state_since,
  started_on, auto_from, created_at) VALUES
 (1, 1, 1, 'a', 31, 'active', '2026-01-01 00:00:00', '2026-01-01', '2026-01-01', '2026-01-01 00:00:00'),
 (2, 1, 2, 'b', 5, 'active', '2026-01-01 00:00:00', '2026-11-30', '2026-01-01', '2026-01-01 00:00:00');
INSERT INTO invoice (id, number, customer_id, subscription_id, period, plan_name, plan_price, total,
  state, issued_on, due_on, closed_reason, created_at) VALUES
 (1, 'INV-202610-00001', 1, 1, '2026-10', 'Lama', 165000, 165000, 'open', '2026-10-31',
  '2026-11-10', '', '2026-10-31 00:00:00');
INSERT INTO invoice_line (id, invoice_id, position, kind, description, amount)
 VALUES (1, 1, 1, 'plan', 'Lama', 165000);
INSERT INTO number_sequence (name, last) VALUES ('INV-202610', 1)
"""  # noqa: E501


@pytest.fixture
def old(tmp_path: Path, server_url: str) -> Iterator[Flask]:
    """An application on a database of the version before."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if server_url:
        import psycopg

        head, _, tail = server_url.rpartition("/")
        query = tail.partition("?")[2]
        admin = server_url.replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute('DROP DATABASE IF EXISTS "loket_old" WITH (FORCE)')
            connection.execute('CREATE DATABASE "loket_old"')
        url = f"{head}/loket_old" + (f"?{query}" if query else "")
    app = create_app(Settings.from_env(environment(url)), FixedClock(NOW))
    with app.app_context():
        upgrade(revision="0003_drivers")
        for statement in BEFORE.split(";"):
            db.session.execute(text(statement))
        db.session.commit()
        yield app
        db.session.remove()
        db.engine.dispose()


def test_old_rows_are_billed_as_before(old: Flask) -> None:
    upgrade()
    plans = factories.every(Plan)
    assert [(p.billing, p.cycle_months, p.issue_day) for p in plans] == [("calendar", 1, None)] * 2
    assert [str(p.first_billed_on) for p in plans] == ["2026-10-31", "None"]
    (kept,) = factories.every(Invoice)
    assert (kept.total, kept.covers_from, kept.covers_to) == (165_000, None, None)
    if db.engine.dialect.name == "postgresql":  # the rows above were written with their ids
        for table in ("invoice", "invoice_line"):
            db.session.execute(text(f"SELECT setval('{table}_id_seq', 10)"))
        db.session.commit()
    seen = billing.preview(Period.parse("2026-11"))
    assert (seen.count, seen.total, seen.already_issued) == (2, 265_000, 0)
    db.session.rollback()
    assert billing.issue_chunk(Period.parse("2026-10"), only_due=False) == 0
    assert billing.issue_chunk(Period.parse("2026-11"), only_due=False) == 2
    db.session.commit()
    new = factories.every(Invoice)[1:]
    assert [(one.number, one.total, str(one.due_on)) for one in new] == [
        ("INV-202611-00001", 165_000, "2026-12-10"),
        ("INV-202611-00002", 100_000, "2026-11-26"),
    ]
    assert [row.description for row in factories.every(InvoiceLine)][1:] == ["Lama", "Sepi"]
