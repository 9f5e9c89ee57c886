"""Reports cut by something else than time: bands of an ageing, methods, areas, people."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _

from portal.accounts.models import Staff
from portal.customers.models import Area
from portal.infra.timekeeping import today
from portal.reports.measures import names_of
from portal.reports.rows_invoices import BANDS
from portal.reports.scope import EMPTY, Scope
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
    share,
    total_cells,
)
from portal.reports.words import band_words, method_words, source_words


def ageing(scope: Scope) -> Table:
    """What was owed at the end of a day, by how late; beside it the month's end before."""
    cut = Cut(scope, ("bucket",))
    whole = sum(one.amount for one in cut.groups("receivable").values())

    def pick(cut: Cut, key: Key, place: Scope) -> list[Cell]:
        found = cut.at("receivable", key)
        return [
            Cell(found.count, "count", "receivable", place),
            Cell(found.amount, "money", "receivable", place),
            Cell(share(found.amount, whole), "share"),
        ]

    names = ["0", *(name for name, _days in BANDS), "91"]
    lines = [Line(band_words(name), pick(cut, (name,), scope.with_(bucket=name))) for name in names]
    before = _month_ago(scope)
    old = Cut(before)
    old_cells = pick(old, (), before)
    columns = (
        Column("count", _("Lembar"), "count"),
        Column("amount", _("Piutang")),
        Column("share", _("Bagian"), "share"),
    )
    return _table(_("Lewat jatuh tempo"), columns, lines, cut, scope, pick, "amount", old_cells)


def _month_ago(scope: Scope) -> Scope:
    """As of the last day of the month before."""
    day: date = scope.until.replace(day=1) - timedelta(days=1)
    return scope.with_(since=day, until=day)


def methods(scope: Scope) -> Table:
    """Source and method of what came in; refunds leave by another door and are not here."""
    cut = Cut(scope, ("source", "method"))
    keys = cut.keys(("received", "reversed"))
    whole = sum(one.amount for one in cut.groups("received").values())

    def pick(cut: Cut, key: Key, place: Scope) -> list[Cell]:
        came = cut.at("received", key)
        return [
            Cell(came.count, "count", "received", place),
            Cell(came.amount, "money", "received", place),
            Cell(share(came.amount, whole), "share"),
            *money("reversed", "payments")(cut, key, place),
        ]

    keys.sort(key=lambda key: (-cut.at("received", key).amount, key))
    lines = [
        Line(
            " · ".join(part for part in (source_words(source), method_words(method)) if part),
            pick(
                cut, (source, method), scope.with_(source=source or EMPTY, method=method or EMPTY)
            ),
        )
        for source, method in keys
    ]
    columns = (
        Column("count", _("Pembayaran"), "count"),
        Column("received", _("Masuk")),
        Column("share", _("Bagian"), "share"),
        Column("reversed", _("Dibalik")),
        Column("payments", _("Bersih")),
    )
    return _compared(_("Cara bayar"), columns, lines, cut, scope, pick, "received")


def areas(scope: Scope) -> Table:
    """Each area (of the customer, as it is now): billed, money in, owed at the end."""
    names = ("invoiced", "corrections", "receipts", "receivable")
    cut = Cut(scope, ("area_id",))
    pick = money(*names)
    columns = (
        Column("invoiced", _("Terbit")),
        Column("corrections", _("Koreksi")),
        Column("receipts", _("Uang masuk bersih")),
        Column("receivable", _("Piutang akhir")),
    )
    keys = [key[0] for key in cut.keys(names)]
    known = names_of(Area, keys)
    lines = _people(cut, keys, known, "area", _("Tanpa area"), scope, pick)
    return _compared(_("Area"), columns, lines, cut, scope, pick, "receipts")


def staff(scope: Scope) -> Table:
    """Who took the money; what came by itself is named so."""
    cut = Cut(scope, ("staff_id",))
    keys = [key[0] for key in cut.keys(("received", "reversed", "refunded"))]

    def pick(cut: Cut, key: Key, place: Scope) -> list[Cell]:
        count = Cell(cut.at("received", key).count, "count", "received", place)
        return [count, *money("received", "reversed", "refunded", "receipts")(cut, key, place)]

    columns = (
        Column("count", _("Pembayaran"), "count"),
        Column("received", _("Masuk")),
        Column("reversed", _("Dibalik")),
        Column("refunded", _("Dikembalikan")),
        Column("receipts", _("Bersih")),
    )
    known = names_of(Staff, keys)
    alone = _("Tanpa petugas (online, transfer)")
    lines = _people(cut, keys, known, "staff", alone, scope, pick)
    return _compared(_("Petugas"), columns, lines, cut, scope, pick, "receipts")


def _people(
    cut: Cut,
    keys: Sequence[Any],
    known: dict[int, str],
    filter_name: str,
    nobody: str,
    scope: Scope,
    pick: Pick,
) -> list[Line]:
    """A line for each by name, those without one last."""
    ordered = sorted(keys, key=lambda one: (one is None, known.get(one, "").casefold(), one or 0))
    return [
        Line(
            nobody if one is None else known.get(one, f"#{one}"),
            pick(cut, (one,), scope.with_(**{filter_name: EMPTY if one is None else str(one)})),
        )
        for one in ordered
    ]


def _compared(
    head: str,
    columns: Sequence[Column],
    lines: Sequence[Line],
    cut: Cut,
    scope: Scope,
    pick: Pick,
    chart: str,
) -> Table:
    before = scope.previous(today())
    old = pick(Cut(before), (), before)
    return _table(head, columns, lines, cut, scope, pick, chart, old, before)


def _table(  # noqa: PLR0913 - the parts of a table
    head: str,
    columns: Sequence[Column],
    lines: Sequence[Line],
    cut: Cut,
    scope: Scope,
    pick: Pick,
    chart: str,
    old: Sequence[Cell],
    before: Scope | None = None,
) -> Table:
    total = total_cells(cut, scope, pick)
    # Shares of the period before are of another whole.
    plain = [Cell(None, "share") if one.kind == "share" else one for one in old]
    then = before or _month_ago(scope)
    return Table(
        head=head,
        columns=columns,
        lines=lines,
        foot=[Line(_("Jumlah"), total, "total"), *compared(total, plain, then)],
        chart=(chart,),
        empty=not any(cell.value for line in lines for cell in line.cells),
    )
