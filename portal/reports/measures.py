"""Every number there is: a name, the rows it sums, and how they are summed, grouped, listed.

A figure, the list behind it and its files all start from `narrowed()`, so they cannot differ.
Amounts in rupiah, signed: what takes away is negative, so that numbers add up by adding.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, Select, cast, func, select, union_all
from sqlalchemy.orm import aliased

from portal.accounts.models import Staff
from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.reports import rows, rows_collection, rows_credit, rows_invoices, rows_tax
from portal.reports.days import month_of
from portal.reports.scope import EMPTY, Scope

Rows = Callable[[Scope], Select[Any]]


@dataclass(frozen=True)
class Measure:
    """`label` is what the list behind the number is called. `as_of`: at the end of a day
    (`Scope.until`), not of a range. `parts`: the measures it is the sum of."""

    label: Any
    rows: Rows | None = None
    as_of: bool = False
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A sum in rupiah and how many rows it has."""

    amount: int = 0
    count: int = 0


MEASURES: Mapping[str, Measure] = {
    "received": Measure(_l("Uang masuk"), rows.received),
    "reversed": Measure(_l("Pembayaran dibalik"), rows.reversed_),
    "refunded": Measure(_l("Dikembalikan ke pelanggan"), rows.refunded),
    "receipts": Measure(_l("Uang masuk bersih"), parts=("received", "reversed", "refunded")),
    "payments": Measure(_l("Pembayaran bersih"), parts=("received", "reversed")),
    "invoiced": Measure(_l("Tagihan terbit"), rows_invoices.invoiced),
    "credit_notes": Measure(_l("Nota kredit"), rows_invoices.credit_notes),
    "voids": Measure(_l("Tagihan dibatalkan"), rows_invoices.voids),
    "write_offs": Measure(_l("Dihapusbukukan"), rows_invoices.write_offs),
    "revenue": Measure(
        _l("Tagihan bersih"), parts=("invoiced", "credit_notes", "voids", "write_offs")
    ),
    "corrections": Measure(_l("Koreksi"), parts=("credit_notes", "voids", "write_offs")),
    "allocated": Measure(_l("Dipakai untuk tagihan"), rows_invoices.allocated),
    "receivable": Measure(_l("Piutang"), rows_invoices.receivable, as_of=True),
    "credit": Measure(_l("Saldo pelanggan"), rows_credit.forward, as_of=True),
    "credit_rows": Measure(_l("Saldo menurut buku saldo"), rows_credit.back, as_of=True),
    "billed": Measure(_l("Tagihan terbit, tanpa yang batal"), rows_collection.billed),
    "credited": Measure(_l("Nota kreditnya"), rows_collection.credited),
    "claim": Measure(_l("Harus terkumpul"), parts=("billed", "credited")),
    "collected": Measure(_l("Terkumpul"), rows_collection.collected),
    "given_up": Measure(_l("Dihapusbukukan"), rows_collection.given_up),
    "owed": Measure(_l("Belum terkumpul"), rows_collection.owed),
    "tax_issued": Measure(_l("PPN tagihan terbit"), rows_tax.issued),
    "tax_credited": Measure(_l("PPN nota kredit"), rows_tax.credited),
    "tax": Measure(_l("PPN bersih"), parts=("tax_issued", "tax_credited")),
    "tax_received": Measure(_l("PPN diterima"), rows_tax.received),
}


def narrowed(name: str, scope: Scope) -> Select[Any]:
    """The rows behind a number, with every day and filter of the scope applied."""
    measure = MEASURES[name]
    if measure.rows is None:
        parts = [narrowed(part, scope) for part in measure.parts]
        whole = union_all(*parts).subquery()
        return select(*whole.c)
    found = measure.rows(scope).subquery()
    statement = select(*found.c)
    for column in ("source", "method", "bucket"):
        if wanted := getattr(scope, column):
            value = "" if wanted == EMPTY else wanted
            statement = statement.where(func.coalesce(found.c[column], "") == value)
    if scope.staff:
        statement = statement.where(_is(found.c.staff_id, scope.staff))
    if scope.area:
        theirs = select(Customer.id).where(_is(Customer.area_id, scope.area))
        statement = statement.where(found.c.customer_id.in_(theirs))
    return statement


def _is(column: Any, wanted: str) -> Any:
    return column.is_(None) if wanted == EMPTY else column == int(wanted)


def figure(name: str, scope: Scope) -> Figure:
    """The number itself."""
    return grouped(name, scope).get((), Figure())


def grouped(name: str, scope: Scope, *keys: str) -> dict[tuple[Any, ...], Figure]:
    """The number cut up by columns of its rows; also `month` and `area_id`."""
    found = narrowed(name, scope).subquery()
    by = [_key(found, key) for key in keys]
    statement: Any = select(*by, func.coalesce(func.sum(found.c.amount), 0), func.count())
    statement = statement.select_from(found)
    if "area_id" in keys:
        statement = statement.join(Customer, Customer.id == found.c.customer_id)
    if by:
        statement = statement.group_by(*by)
    return {tuple(row[:-2]): Figure(int(row[-2]), row[-1]) for row in db.session.execute(statement)}


def _key(found: Any, key: str) -> Any:
    if key == "month":
        return month_of(found.c.day)
    return Customer.area_id if key == "area_id" else found.c[key]


def listing(name: str, scope: Scope) -> Select[Any]:
    """The rows with customer, area and staff, the newest first."""
    found = narrowed(name, scope).subquery()
    person = aliased(Staff)
    return (
        select(
            *(column for column in found.c if column.name != "amount"),
            cast(found.c.amount, BigInteger).label("amount"),
            Customer.number.label("customer_number"),
            Customer.name.label("customer_name"),
            Area.name.label("area"),
            person.name.label("staff"),
        )
        .select_from(found)
        .join(Customer, Customer.id == found.c.customer_id)
        .outerjoin(Area, Area.id == Customer.area_id)
        .outerjoin(person, person.id == found.c.staff_id)
        .order_by(found.c.day.desc(), found.c.id.desc(), found.c.number)
    )


def names_of(model: Any, ids: Sequence[int | None]) -> dict[int, str]:
    """Names of areas or staff by id."""
    wanted = [one for one in ids if one is not None]
    return dict(db.session.execute(select(model.id, model.name).where(model.id.in_(wanted))).all())
