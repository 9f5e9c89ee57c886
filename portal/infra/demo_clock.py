"""The demo's time travel: an offset kept in the database, seen by every process.

Only outside production. Read at most once a second per process.
"""

import json
import time
from collections.abc import Callable
from datetime import timedelta

from flask import Flask

from portal.extensions import db

KEY = "internal.demo.offset_seconds"


def offset_reader(app: Flask) -> Callable[[], timedelta]:
    """A function that tells the current offset."""
    seen: dict[str, float] = {"at": -10.0, "seconds": 0.0}

    def read() -> timedelta:
        if time.monotonic() - seen["at"] > 1:
            seen["at"] = time.monotonic()
            seen["seconds"] = _stored(app)
        return timedelta(seconds=seen["seconds"])

    return read


def _stored(app: Flask) -> float:
    """The offset in seconds.

    Read past SQLAlchemy's transaction: its BEGIN IMMEDIATE would wait for a write lock
    that the caller itself may hold.
    """
    with app.app_context():
        connection = db.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(f"SELECT value FROM setting WHERE key = '{KEY}'")  # noqa: S608 - constant
            row = cursor.fetchone()
            cursor.close()
        except Exception as error:
            if "setting" in str(error):  # not migrated yet
                return 0.0
            raise
        finally:
            connection.close()
    return float(json.loads(row[0])) if row else 0.0
