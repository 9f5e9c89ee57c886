"""A row in every table and a canary in every text column, told by the models' own metadata: a
table or column that is new is in it by itself."""

import io
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from PIL import Image
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Text,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapper

from portal.extensions import Base, db
from portal.infra.timekeeping import now, today
from portal.infra.types import EncryptedText, UtcDateTime
from tests.web.text_columns import ALSO, OURS, SAMPLES, STRICT, UNSEEN

LIMIT = 40
"""Columns that are longer hold the whole canary, shorter ones its beginning."""


def mappers() -> Iterator[Mapper[Any]]:
    """Of every table a page may show, parents before children."""
    by_table = {mapper.local_table: mapper for mapper in Base.registry.mappers}
    for table in db.metadata.sorted_tables:
        if table in by_table and not table.name.startswith(UNSEEN):
            yield by_table[table]


def filled(table: Table) -> list[Column[Any]]:
    """The text columns of a table that anybody but us could have written."""
    spared = (OURS | STRICT.get(table.name, set())) - ALSO.get(table.name, set())
    return [
        column
        for column in table.columns
        if isinstance(column.type, String | Text)
        and column.name not in spared
        and not column.foreign_keys
    ]


def a_row_in_every_table() -> None:
    """Whatever has no row yet gets one; a foreign key points to the first row there is."""
    for mapper in mappers():
        table = mapper.local_table
        assert isinstance(table, Table)
        if not db.session.scalar(select(func.count()).select_from(table)):
            values = {
                mapper.get_property_by_column(column).key: value
                for column in table.columns
                if (value := _value(table, column)) is not None
            }
            db.session.add(mapper.class_(**values))
            db.session.flush()


def _value(table: Table, column: Column[Any]) -> Any:
    """Something that fits; None to leave it to the default."""
    if column.name == "image":
        return _picture()
    for name in (f"{table.name}.{column.name}", column.name):
        if name in SAMPLES:
            return SAMPLES[name]
    for key in column.foreign_keys:
        if key.column.table is table:
            return None
        return db.session.scalar(select(func.min(key.column)))
    counted = column.primary_key and isinstance(column.type, Integer) and not _compound(table)
    if column.nullable or column.default is not None or counted:
        return None
    return _of_type(column)


def _picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (4, 4)).save(target, "PNG")
    return target.getvalue()


def first_ids(names: AbstractSet[str]) -> dict[str, int]:
    """`router_id` -> the first router, for each of these names that means a table."""
    tables = {f"{mapper.local_table.name}_id": mapper.local_table for mapper in mappers()}  # type: ignore[attr-defined]
    return {
        name: db.session.scalar(select(func.min(tables[name].c.id)))
        for name in names & tables.keys()
    }


def _compound(table: Table) -> bool:
    return len(table.primary_key.columns) > 1


def _of_type(column: Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return now()
    if isinstance(kind, EncryptedText):
        return "{}"
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, Integer | Numeric):
        return 1
    if isinstance(kind, JSON):
        return {}
    if isinstance(kind, LargeBinary):
        return b"x"
    if isinstance(kind, String | Text):
        return "x"
    return today()


def fill(canary: str, short: str) -> dict[str, int]:
    """The canary in every such column of every row; says table.column -> rows.

    Rows get a number behind it, for columns whose values are unique.
    """
    done = {}
    for mapper in mappers():
        table = mapper.local_table
        assert isinstance(table, Table)
        key = next(iter(table.primary_key.columns))
        for column in filled(table):
            if column is key:
                continue
            length = getattr(column.type, "length", None)
            keys = db.session.scalars(select(key).order_by(key)).all()
            for number, one in enumerate(keys):
                text = f"{canary}{number}" if length is None or length > LIMIT else short
                values = {column.name: text[:length]}
                db.session.execute(update(table).where(key == one).values(values))
            done[f"{table.name}.{column.name}"] = len(keys)
    return done
