"""Gapless document numbers from a counter row.

The row is locked by the UPDATE until the caller commits, so a rollback takes the number
back and two writers wait for each other: no gap, no reuse, no upper limit.
"""

from sqlalchemy import BigInteger, String, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import Model, db
from portal.infra.database import is_postgres


class NumberSequence(Model):
    """The last number given out under a name such as `INV-202611`."""

    __tablename__ = "number_sequence"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger, default=0)


def lock(name: str) -> int:
    """Lock the counter until the transaction ends; returns the last number given out."""
    insert = (postgresql if is_postgres() else sqlite).insert(NumberSequence)
    db.session.execute(insert.values(name=name, last=0).on_conflict_do_nothing())
    return db.session.execute(
        select(NumberSequence.last).where(NumberSequence.name == name).with_for_update()
    ).scalar_one()


def take(name: str, count: int = 1) -> range:
    """Reserve `count` consecutive numbers in this transaction."""
    last = lock(name)
    db.session.execute(
        update(NumberSequence).where(NumberSequence.name == name).values(last=last + count)
    )
    return range(last + 1, last + count + 1)


def document_number(name: str, value: int) -> str:
    """`INV-202611-00042`; grows past five digits instead of wrapping."""
    return f"{name}-{value:05d}"
