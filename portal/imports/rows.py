"""Rows that are good, as they are kept between checking and writing; pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class OldInvoice:
    """An invoice another system still wants paid: its own number, `period` YYYY-MM, what is
    left in rupiah."""

    number: str
    period: str
    due_on: date
    amount: int


@dataclass(frozen=True)
class Extra:
    """What only a database dump knows of a line.

    `credit`: rupiah paid ahead. `bill_from`: nothing before this day is billed here.
    """

    invoices: tuple[OldInvoice, ...] = ()
    credit: int = 0
    bill_from: date | None = None


@dataclass(frozen=True)
class CustomerRow:
    """One good line: phones in E.164, `price` in rupiah a month; `started_on` None = today."""

    line: int
    number: str
    name: str
    phone: str
    phone_alt: str | None
    address: str
    area: str
    plan: str
    price: int
    login: str
    billing_day: int
    started_on: date | None
    extra: Extra | None = None


def packed(row: CustomerRow) -> dict[str, Any]:
    """For JSON."""
    found = asdict(row)
    found["started_on"] = _iso(row.started_on)
    if row.extra is not None:
        found["extra"]["bill_from"] = _iso(row.extra.bill_from)
        for one in found["extra"]["invoices"]:
            one["due_on"] = one["due_on"].isoformat()
    return found


def unpacked(found: Mapping[str, Any]) -> CustomerRow:
    """What `packed` made."""
    values = dict(found)
    values["started_on"] = _day(values["started_on"])
    if values["extra"] is not None:
        extra = dict(values["extra"])
        extra["bill_from"] = _day(extra["bill_from"])
        extra["invoices"] = tuple(
            OldInvoice(**{**one, "due_on": date.fromisoformat(one["due_on"])})
            for one in extra["invoices"]
        )
        values["extra"] = Extra(**extra)
    return CustomerRow(**values)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
