"""Fixtures everybody needs: an application on a migrated database, a fixed clock, people.

The schema is built once by the migrations. On SQLite each test gets a copy of that file;
on PostgreSQL (`TEST_DATABASE_URL`) the tables are emptied before each test.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextvars import Context
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from portal import create_app
from portal.config import Settings
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra import outbound
from tests.shared import TEMPLATES

ENCRYPTION_KEY = Fernet.generate_key().decode()
# 2026-11-21 10:00 WIB
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


LONG = {"campaign", "faults", "journey", "trials"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins in the first half: last, one worker would wait for the others.
    One after the other, because each brings servers of its own. pytest-xdist hands out files in
    this order."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    long = [path for path in files if not LONG.isdisjoint(path.parts)]
    order = [path for path in files if path not in long]
    apart = max(len(order) // 2 // max(len(long), 1), 1)
    for number, path in enumerate(long):
        order.insert(number * (apart + 1), path)
    items[:] = [item for path in order for item in files[path]]


def environment(database_url: str, **extra: str) -> dict[str, str]:
    """A complete environment for a test application; no Redis listens there by default."""
    return {
        "APP_ENV": "test",
        "SECRET_KEY": "a test secret of enough length",
        "ENCRYPTION_KEY": ENCRYPTION_KEY,
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "PUBLIC_URL": "http://localhost",
        "LOG_LEVEL": "WARNING",
        # Tests speak to real servers on this machine.
        "OUTBOUND_ALLOW": "loopback",
        **extra,
    }


def migrate(database_url: str) -> None:
    """Build the schema as production does."""
    from flask_migrate import upgrade

    app = create_app(Settings.from_env(environment(database_url)), FixedClock(NOW))
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(autouse=True)
def own_servers() -> None:
    """Every test starts with the addresses of this machine allowed, whatever the last one set."""
    outbound.configure(outbound.networks("loopback", []))


@pytest.fixture(scope="session")
def server_url() -> str:
    """The PostgreSQL to test on, one database per xdist worker; empty for SQLite."""
    return os.environ.get("TEST_DATABASE_URL", "")


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory, server_url: str) -> str:
    """A database URL with the schema in it: a template file, or this worker's database."""
    if not server_url:
        path = tmp_path_factory.mktemp("schema") / "template.db"
        migrate(f"sqlite:///{path}")
        return str(path)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    import psycopg

    admin = server_url.replace("postgresql+psycopg://", "postgresql://")
    name = f"loket_test_{worker}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    head, _, tail = server_url.rpartition("/")
    query = tail.partition("?")[2]
    url = f"{head}/{name}" + (f"?{query}" if query else "")
    migrate(url)
    return url


@pytest.fixture
def database_url(schema: str, server_url: str, tmp_path: Path) -> str:
    """An empty, migrated database for this test alone."""
    if server_url:
        return schema
    path = tmp_path / "loket.db"
    shutil.copy(schema, path)
    return f"sqlite:///{path}"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def extra_env() -> dict[str, str]:
    """Override in a test module to add environment."""
    return {}


class OwnContextClient(FlaskClient):
    """Each request gets an application context of its own, as in production.

    Inside the test's context, requests would share `g`: the logged-in user, the CSRF token
    and the database session of the one before. A test must not hold a transaction open
    while it posts: on SQLite the request would wait for it.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return Context().run(super().open, *args, **kwargs)


@pytest.fixture
def app(
    database_url: str,
    clock: FixedClock,
    server_url: str,
    empty_tables: Callable[[], None],
    tmp_path: Path,
    extra_env: dict[str, str],
) -> Iterator[Flask]:
    own = {"MEDIA_DIR": str(tmp_path / "media"), **extra_env}
    settings = Settings.from_env(environment(database_url, **own))
    app = create_app(settings, clock)
    app.jinja_env.bytecode_cache = TEMPLATES
    app.test_client_class = OwnContextClient
    with app.app_context():
        if server_url:
            empty_tables()
        yield app
        db.session.rollback()
        db.session.remove()
        if not server_url:
            db.engine.dispose()


# A test fills a few tables of many: emptying those is ten times quicker than TRUNCATE of all, and a
# function of one connection keeps its plans. Without the triggers of foreign keys no order is
# needed; that takes a superuser.
_EMPTY = """
CREATE FUNCTION pg_temp.empty() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  SET LOCAL session_replication_role = replica;
  {tables}
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""
_TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""


def _delete_all() -> None:
    for table in reversed(db.metadata.sorted_tables):
        db.session.execute(table.delete())
    db.session.commit()


@pytest.fixture(scope="session")
def empty_tables(schema: str, server_url: str) -> Iterator[Callable[[], None]]:
    """Call it to leave no row in this test's database."""
    if not server_url:
        yield _delete_all
        return
    import psycopg

    address = schema.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(address, autocommit=True) as connection:
        tables = [
            f'IF EXISTS (SELECT 1 FROM "{name}") THEN DELETE FROM "{name}"; END IF;'
            for (name,) in connection.execute(_TABLES)
        ]
        connection.execute(_EMPTY.format(tables="\n  ".join(tables)).encode())

        def empty() -> None:
            connection.execute("SELECT pg_temp.empty()")

        yield empty


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture
def siti(app: Flask) -> Any:
    """The owner."""
    from tests import factories

    return factories.staff("siti@example.test")


@pytest.fixture(params=[False, True], ids=["click", "htmx"])
def desk(request: pytest.FixtureRequest, app: Flask, siti: Any) -> Any:
    """The owner's browser in the staff area, with a CSRF token; clicking, then with HTMX."""
    from tests import factories
    from tests.visitor import Visitor

    found = Visitor(app, hx=request.param)
    factories.log_in(found.client, siti)
    found.page("/admin/plans/new")
    return found
