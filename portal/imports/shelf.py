"""Where an import's file and what was read from it lie: in the database, compressed and encrypted.

In the database and not in a folder, so that web and worker need share nothing else, and
forgetting is one statement. Nothing here commits.
"""

import json
import zlib
from collections.abc import Iterator
from typing import Any

from cryptography.fernet import InvalidToken, MultiFernet
from flask import current_app
from sqlalchemy import delete, select

from portal.extensions import db
from portal.imports.models import ImportPiece

PIECE = 512 * 1024


def _cipher() -> MultiFernet:
    cipher: MultiFernet = current_app.extensions["loket.secrets"]
    return cipher


def put(run_id: int, kind: str, position: int, data: bytes) -> None:
    """Keep one piece."""
    content = _cipher().encrypt(zlib.compress(data, 3))
    db.session.add(ImportPiece(run_id=run_id, kind=kind, position=position, content=content))


def put_file(run_id: int, data: bytes) -> None:
    """Keep the uploaded file."""
    for position, start in enumerate(range(0, len(data), PIECE)):
        put(run_id, "file", position, data[start : start + PIECE])


def put_json(run_id: int, kind: str, value: Any, position: int = 0) -> None:
    """Keep what was found, as one piece."""
    put(run_id, kind, position, json.dumps(value, ensure_ascii=False).encode())


def get(run_id: int, kind: str, position: int = 0) -> bytes | None:
    """One piece, or None when it was never there or is forgotten."""
    found = db.session.get(ImportPiece, (run_id, kind, position))
    return None if found is None else _opened(found.content)


def get_json(run_id: int, kind: str, position: int = 0) -> Any:
    """What was kept by `put_json`, or None."""
    found = get(run_id, kind, position)
    return None if found is None else json.loads(found)


def file_of(run_id: int, most: int = 0) -> bytes:
    """The uploaded file; only its first `most` pieces when given."""
    return b"".join(_pieces(run_id, most))


def _pieces(run_id: int, most: int) -> Iterator[bytes]:
    statement = (
        select(ImportPiece.content)
        .where(ImportPiece.run_id == run_id, ImportPiece.kind == "file")
        .order_by(ImportPiece.position)
    )
    if most:
        statement = statement.limit(most)
    for content in db.session.scalars(statement):
        yield _opened(content) or b""


def _opened(content: bytes) -> bytes | None:
    """None when ENCRYPTION_KEY no longer holds its key: as good as forgotten."""
    try:
        return zlib.decompress(_cipher().decrypt(bytes(content)))
    except InvalidToken:
        return None


def drop(run_id: int, *kinds: str) -> None:
    """Forget these kinds of pieces of a run; all of them when none is named."""
    statement = delete(ImportPiece).where(ImportPiece.run_id == run_id)
    if kinds:
        statement = statement.where(ImportPiece.kind.in_(kinds))
    db.session.execute(statement.execution_options(synchronize_session=False))
