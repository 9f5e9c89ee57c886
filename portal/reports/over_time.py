"""Reports cut by day or month: money in, invoices, how they are collected, tax."""

from typing import Any

from flask_babel import gettext as _

from portal.core.period import Period
from portal.infra.timekeeping import today
from portal.reports.rows_collection import SPEEDS
from portal.reports.scope import Scope
from portal.reports.tables import (
    Cell,
    Column,
    Cut,
    Key,
    Line,
    Pick,
    Table,
    compared,
    money,
    month_days,
    share,
    total_cells,
)

RECEIPTS = ("received", "reversed", "refunded", "receipts")
INVOICED = ("invoiced", "credit_notes", "voids", "write_offs", "revenue")


def receipts(scope: Scope) -> Table:
    """Money in, by day or month."""
    by, keys = month_days(scope)
    columns = (
        Column("received", _("Masuk")),
        Column("reversed", _("Dibalik")),
        Column("refunded", _("Dikembalikan")),
        Column("receipts", _("Bersih")),
    )
    return _table(scope, by, keys, columns, money(*RECEIPTS), ("receipts",))


def invoiced(scope: Scope) -> Table:
    """Billed and taken off, by month."""
    columns = (
        Column("count", _("Lembar"), "count"),
        Column("invoiced", _("Terbit")),
        Column("credit_notes", _("Nota kredit")),
        Column("voids", _("Batal")),
        Column("write_offs", _("Hapus buku")),
        Column("revenue", _("Bersih")),
    )

    def pick(cut: Cut, key: Key, place: Scope) -> list[Cell]:
        sheets = Cell(cut.at("invoiced", key).count, "count", "invoiced", place)
        return [sheets, *money(*INVOICED)(cut, key, place)]

    return _table(scope, "month", scope.months(), columns, pick, ("revenue",))


def collection(scope: Scope) -> Table:
    """What became of a month's invoices until now."""
    columns = (
        Column("claim", _("Ditagih")),
        Column("collected", _("Terkumpul")),
        Column("rate", _("Tingkat"), "share"),
        Column("speed0", _("Tepat waktu")),
        Column("rate0", _("Tepat waktu %"), "share"),
        Column("speed7", _("1–7 hari")),
        Column("speed30", _("8–30 hari")),
        Column("speed31", _("Lebih lama")),
        Column("given_up", _("Hapus buku")),
        Column("owed", _("Belum")),
    )
    return _table(
        scope, "month", scope.months(), columns, _collection, ("claim", "collected"), ("bucket",)
    )


def _collection(cut: Cut, key: Key, place: Scope) -> list[Cell]:
    claim = _all(cut, "claim", key)
    paid = {name: cut.at("collected", (*key, name)).amount for name in SPEEDS}
    collected = sum(paid.values())
    speeds = {
        name: Cell(amount, "money", "collected", place.with_(bucket=name))
        for name, amount in paid.items()
    }
    return [
        Cell(claim, "money", "claim", place),
        Cell(collected, "money", "collected", place),
        Cell(share(collected, claim), "share"),
        speeds["0"],
        Cell(share(paid["0"], claim), "share"),
        *(speeds[name] for name in SPEEDS[1:]),
        Cell(_all(cut, "given_up", key), "money", "given_up", place),
        Cell(_all(cut, "owed", key), "money", "owed", place),
    ]


def _all(cut: Cut, name: str, key: Key) -> int:
    """The sum of the groups that begin with the key."""
    found = cut.groups(name).items()
    return sum(one.amount for group, one in found if group[: len(key)] == key)


def tax(scope: Scope) -> Table:
    """PPN by month; with `basis=received` also what was received of it."""
    names = ["tax_issued", "tax_credited", "tax"]
    columns = [
        Column("tax_issued", _("Terbit")),
        Column("tax_credited", _("Nota kredit")),
        Column("tax", _("PPN bersih")),
    ]
    if scope.basis == "received":
        names.append("tax_received")
        columns.append(Column("tax_received", _("PPN diterima")))
    return _table(scope, "month", scope.months(), columns, money(*names), ("tax",))


def _table(
    scope: Scope,
    by: str,
    keys: list[Any],
    columns: Any,
    pick: Pick,
    chart: tuple[str, ...],
    also: tuple[str, ...] = (),
) -> Table:
    cut = Cut(scope, (by, *also))
    lines = [Line(key, pick(cut, (key,), _place(scope, by, key))) for key in keys]
    if by == "day":  # days to come are no news
        lines = [line for line in lines if line.label <= today() or any(_values(line))]
    total = _total(cut, scope, pick, also)
    before = scope.previous(today())
    old = _total(Cut(before, also), before, pick, also)
    found = cut.keys(list(cut.known()))
    return Table(
        head=_("Bulan") if by == "month" else _("Hari"),
        columns=columns,
        lines=lines,
        foot=[Line(_("Jumlah"), total, "total"), *compared(total, old, before)],
        stands_for=by,
        chart=chart,
        empty=not found,
    )


def _values(line: Line) -> list[int | None]:
    return [cell.value for cell in line.cells]


def _total(cut: Cut, scope: Scope, pick: Pick, also: tuple[str, ...]) -> list[Cell]:
    """All months together; what is cut further stays cut."""
    return total_cells(cut, scope, pick, keep=len(also))


def _place(scope: Scope, by: str, key: Any) -> Scope:
    """The days a line stands for."""
    if by == "day":
        return scope.with_(since=key, until=key)
    period = Period.parse(key)
    return scope.with_(
        since=max(scope.since, period.first_day), until=min(scope.until, period.last_day)
    )
