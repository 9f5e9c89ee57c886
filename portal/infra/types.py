"""SQLAlchemy column types: aware UTC datetimes and encrypted text."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, LargeBinary, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from portal.infra import secrets


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on both engines; SQLite would drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        stamp: datetime = value
        return stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC)


class EncryptedText(TypeDecorator[str]):
    """Text encrypted with the newest key of ENCRYPTION_KEY; read with any of them."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else secrets.encrypt(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else secrets.decrypt(value)


def State(length: int = 20) -> String:  # noqa: N802 - reads as a type in the models
    """A state or kind: plain text, never a database enum, so that adding one needs no migration."""
    return String(length)
