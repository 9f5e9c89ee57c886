"""The folder the files lie in: written whole or not at all, and gone together with their rows.

What was written by a transaction that rolls back is removed with it; what a transaction removes
goes when it has committed. A machine that dies in between leaves a file without a row, which
the sweep finds.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from flask import current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.extensions import db

SPARE_BYTES = 256 * 1024 * 1024
"""Left free on the disk for what matters more: the database."""
ORPHAN_SECONDS = 3600


class NoRoom(OSError):
    """The disk is full, or nearly."""


def folder() -> Path:
    """Where the files are; several machines must share it."""
    settings: Settings = current_app.extensions["loket.settings"]
    return settings.media_dir


def put(data: bytes, suffix: str) -> str:
    """Write a new file that stays if the transaction does; returns its path in the folder.

    Raises NoRoom with nothing left behind.
    """
    name = f"{secrets.token_hex(16)}{suffix}"
    final = folder() / name
    temporary = final.with_name(f"{name}.part")
    try:
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(final.parent).free < len(data) + SPARE_BYTES:
            raise NoRoom("spare room")
        with os.fdopen(
            os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
        ) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(final)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise NoRoom(error.strerror or "") from error
    db.session().info.setdefault("media.new", []).append(final)
    return name


def drop(path: str) -> None:
    """Remove a file once the transaction has committed."""
    db.session().info.setdefault("media.gone", []).append(place(path))


def place(path: str) -> Path:
    """Where a row's file lies. Raises ValueError for a path that leaves the folder."""
    if not path or Path(path).name != path or path.startswith("."):
        raise ValueError("not a file of ours")
    return folder() / path


def names() -> Iterator[tuple[str, float]]:
    """Every file there is, half-written ones too: (name, seconds since it was written)."""
    try:
        entries = list(os.scandir(folder()))
    except FileNotFoundError:
        return
    for entry in entries:
        try:
            if entry.is_file(follow_symlinks=False):
                yield entry.name, time.time() - entry.stat().st_mtime
        except FileNotFoundError:
            continue  # somebody else removed it meanwhile


@event.listens_for(Session, "after_commit")
def _settle(session: Session) -> None:
    session.info.pop("media.new", None)
    _unlink(session.info.pop("media.gone", []))


@event.listens_for(Session, "after_rollback")
def _undo(session: Session) -> None:
    session.info.pop("media.gone", None)
    _unlink(session.info.pop("media.new", []))


def _unlink(paths: list[Path]) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            continue  # the sweep finds it
