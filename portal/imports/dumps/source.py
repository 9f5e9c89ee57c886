"""What a mapping of another system's tables gives: rows of ours, who is left out and why, and
what they say of each customer, to compare with. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from portal.imports.dumps.reader import Dump
from portal.imports.rows import Extra

COLUMNS = (
    "number", "name", "phone", "address", "area", "plan", "price", "login", "billing_day",
    "started_on",
)  # fmt: skip


@dataclass
class Reading:
    """`lines` are cells in the order of COLUMNS, numbered as the dump counts customers.

    `people` is what they say of everybody: number, name, state, plan, price, owes, credit,
    phone, and `why` one is left out (empty for who is taken). Amounts in rupiah.
    """

    lines: list[tuple[int, list[str]]] = field(default_factory=list)
    extras: dict[int, Extra] = field(default_factory=dict)
    people: list[dict[str, Any]] = field(default_factory=list)
    plans: list[dict[str, Any]] = field(default_factory=list)
    routers: list[str] = field(default_factory=list)
    not_taken: dict[str, int] = field(default_factory=dict)
    notes: list[tuple[int, str, str]] = field(default_factory=list)
    received: dict[str, int] = field(default_factory=dict)


def whole(text: str | None) -> int:
    """Rupiah of a DECIMAL or of what somebody typed; sen are rounded, nothing is 0."""
    try:
        return int(Decimal((text or "0").strip() or "0").to_integral_value())
    except (InvalidOperation, ValueError):
        digits = "".join(char for char in text or "" if char.isdigit())
        return int(digits or 0)


def day(text: str | None) -> date | None:
    """The date of a DATE, DATETIME or TIMESTAMP; None for none, and for MySQL's zero date."""
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None


def joined(*parts: str | None) -> str:
    """An address of what there is of it."""
    return ", ".join(part.strip() for part in parts if part and part.strip())


def by_id(rows: Sequence[Mapping[str, str | None]]) -> dict[str, Mapping[str, str | None]]:
    """Rows by their `id`."""
    return {row["id"] or "": row for row in rows}


def left(dump: Dump, used: Sequence[str]) -> dict[str, int]:
    """Tables with rows that nothing is taken from, and how many rows."""
    return {
        table: count for table, count in sorted(dump.counts.items()) if count and table not in used
    }
