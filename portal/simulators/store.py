"""The simulators' memory: JSON documents by kind and key in one SQLite file.

Durable, so that killing the simulators loses no order and no message; one lock, since a
single process with threads serves everything.
"""

import json
import os
import sqlite3
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from flask import current_app

ROOT = Path(__file__).resolve().parents[2]
Doc = dict[str, Any]


class Store:
    """Documents with a kind, a unique key, and an insertion order."""

    def __init__(self, path: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS doc (id INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
            " key TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (kind, key))"
        )

    @classmethod
    def from_env(cls) -> "Store":
        """The file named by SIM_DB, else one under `var/`."""
        return cls(os.environ.get("SIM_DB") or str(ROOT / "var" / "simulators.db"))

    def put(self, kind: str, key: str, body: Doc) -> int:
        """Insert or replace; a replaced document keeps its place."""
        with self._lock:
            self._db.execute(
                "INSERT INTO doc (kind, key, body) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                (kind, key, json.dumps(body)),
            )
            row = self._db.execute(
                "SELECT id FROM doc WHERE kind = ? AND key = ?", (kind, key)
            ).fetchone()
        return int(row[0])

    def add(self, kind: str, body: Doc) -> int:
        """Insert under a fresh key."""
        return self.put(kind, uuid.uuid4().hex, body)

    def get(self, kind: str, key: str) -> Doc | None:
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM doc WHERE kind = ? AND key = ?", (kind, key)
            ).fetchone()
        return None if row is None else cast(Doc, json.loads(row[0]))

    def ending(self, kind: str, end: str) -> Doc | None:
        """The newest document whose key ends so."""
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM doc WHERE kind = ? AND substr(key, -?) = ?"
                " ORDER BY id DESC LIMIT 1",
                (kind, len(end), end),
            ).fetchone()
        return None if row is None else cast(Doc, json.loads(row[0]))

    def change(self, kind: str, key: str, edit: Callable[[Doc | None], Doc]) -> Doc:
        """Read, edit and write back as one step."""
        with self._lock:
            body = edit(self.get(kind, key))
            self.put(kind, key, body)
        return body

    def all(self, kind: str, limit: int = 100_000) -> list[Doc]:
        """Newest first, each with its `id`."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id, body FROM doc WHERE kind = ? ORDER BY id DESC LIMIT ?", (kind, limit)
            ).fetchall()
        return [{"id": row[0], **json.loads(row[1])} for row in rows]

    def by_id(self, kind: str, row_id: int) -> Doc | None:
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM doc WHERE kind = ? AND id = ?", (kind, row_id)
            ).fetchone()
        return None if row is None else cast(Doc, json.loads(row[0]))

    def clear(self, kind: str) -> None:
        with self._lock:
            self._db.execute("DELETE FROM doc WHERE kind = ?", (kind,))


def store() -> Store:
    """This application's store."""
    return cast(Store, current_app.extensions["store"])


def now() -> str:
    """The present in ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
