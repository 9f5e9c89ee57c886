"""Signs of life of long-running processes, kept in the database so that Redis need not live."""

import os
import socket
from datetime import datetime, timedelta

from sqlalchemy import String, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model, db
from portal.infra.database import is_postgres
from portal.infra.timekeeping import wall
from portal.infra.types import UtcDateTime

BEAT_SECONDS = 10
ALIVE = timedelta(seconds=60)
FORGOTTEN = timedelta(days=1)


class Heartbeat(Model):
    """One process: its role (`scheduler`, or a worker's lane), its machine and its last beat."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    role: Mapped[str] = mapped_column(String(40))
    host: Mapped[str] = mapped_column(String(64))
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def _name(role: str) -> tuple[str, str, int]:
    """The row of this process in that role, its machine and its pid."""
    host, pid = socket.gethostname()[:64], os.getpid()
    return f"{role}:{host}:{pid}"[:120], host, pid


def beat(role: str) -> None:
    """Say that this process is alive; the caller commits."""
    (name, host, pid), current = _name(role), wall()
    insert = (postgresql if is_postgres() else sqlite).insert(Heartbeat)
    db.session.execute(
        insert.values(
            name=name,
            role=role,
            host=host,
            pid=pid,
            started_at=current,
            at=current,
        ).on_conflict_do_update(index_elements=["name"], set_={"at": current})
    )


def leave(role: str) -> None:
    """This process ends in good order; the caller commits."""
    db.session.execute(delete(Heartbeat).where(Heartbeat.name == _name(role)[0]))


def forget_the_dead() -> None:
    """Drop what has not been heard for a day; the caller commits."""
    db.session.execute(delete(Heartbeat).where(Heartbeat.at < wall() - FORGOTTEN))
