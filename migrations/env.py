"""Alembic's environment: our engine, our metadata, batch mode for SQLite."""

from typing import Any

from alembic import context
from flask import current_app

from portal.extensions import db
from portal.infra.types import EncryptedText, UtcDateTime


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Our own types appear in migrations as what the database sees."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, EncryptedText):
        return "sa.LargeBinary()"
    return False


def run() -> None:
    """Upgrade online; offline SQL scripts are not supported."""
    arguments = dict(current_app.extensions["migrate"].configure_args)
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=render_item,
            **arguments,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
