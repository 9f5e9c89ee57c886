"""How we talk to SQLite and PostgreSQL: pragmas, `BEGIN IMMEDIATE`, small portable helpers.

SQLite's default deferred BEGIN loses updates when two processes read, then write:
half of the money in a measured run. Writers therefore take the write lock first.
Requests that only read (GET, HEAD) keep the plain BEGIN, so they never wait for it;
they must not write.
"""

from typing import Any, cast

from flask import has_request_context, request
from sqlalchemy import ColumnElement, CursorResult, Engine, Update, event, func
from sqlalchemy.orm import Session

from portal.extensions import db


def configure(engine: Engine) -> None:
    """Attach the per-connection settings to a new engine."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)


def engine_options(url: str) -> dict[str, Any]:
    """Pool and timeouts by engine. Errors name no values: they are written to the log."""
    if url.startswith("sqlite"):
        return {"hide_parameters": True, "connect_args": {"timeout": 15}}
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_size": 10,
        "max_overflow": 10,
        "pool_timeout": 10,
        "connect_args": {"connect_timeout": 5, "options": "-c statement_timeout=30000"},
    }


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we send BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=15000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Any) -> None:
    reading = has_request_context() and request.method in {"GET", "HEAD", "OPTIONS"}
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def is_postgres() -> bool:
    """Whether this session speaks to PostgreSQL."""
    return db.engine.dialect.name == "postgresql"


def unindexed(column: Any) -> ColumnElement[Any]:
    """The column as an expression no index fits: SQLite would otherwise rather walk through
    every row of a state than look up a list of primary keys."""
    return func.coalesce(column, None)


def end_read() -> None:
    """End the open transaction before a slow call, keeping nothing locked.

    Raises RuntimeError when there is something uncommitted: losing it would be silent.
    """
    session: Session = db.session()
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("uncommitted changes before an outside call")
    session.rollback()


def updated(statement: Update, *, refresh: bool = False) -> int:
    """Run a guarded UPDATE; the rows it changed say who won.

    Loaded objects stay as they are unless `refresh`.
    """
    how = "fetch" if refresh else False
    result = db.session.execute(statement.execution_options(synchronize_session=how))
    return cast("CursorResult[Any]", result).rowcount
