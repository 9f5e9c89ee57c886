"""The bridge from one balance to the next: what was owed, what was left as credit.

Each balance is read in another way than the moves between them. What they do not agree on is
the *selisih*: 0 to the rupiah, or the books are broken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _

from portal.reports.measures import MEASURES, figure
from portal.reports.scope import Scope
from portal.reports.tables import Cell, Column, Line, Table

OWED = ("invoiced", "credit_notes", "voids", "write_offs", "allocated")
HELD = ("received", "reversed", "refunded", "allocated")


def ledger(scope: Scope) -> Table:
    """Opening + moves = closing, for what customers owe and for what they have left."""
    lines = [
        *_bridge(scope, _owed_words(), "receivable", "receivable", OWED),
        *_bridge(scope, _held_words(), "credit", "credit_rows", HELD),
    ]
    return Table(
        head=_("Baris"),
        columns=(Column("count", _("Lembar"), "count"), Column("amount", _("Jumlah"))),
        lines=lines,
        empty=not any(cell.value for line in lines for cell in line.cells),
    )


@dataclass(frozen=True)
class Balance:
    """The bridge in a few numbers, in rupiah. `gaps`: both *selisih*, 0 each when all is well;
    `sums`: the lines by measure, of balances the closing one."""

    gaps: tuple[int, int]
    sums: Mapping[str, int]

    def of(self, name: str) -> int:
        """A number of the bridge, or one that is the sum of some of its lines."""
        return sum(self.sums[part] for part in MEASURES[name].parts or (name,))


def balance(scope: Scope) -> Balance:
    """The bridge, read once."""
    lines = ledger(scope).lines
    owed, held = [_amount(line) for line in lines if line.level == "check"]
    sums = {line.cells[-1].measure: _amount(line) for line in lines}
    return Balance((owed, held), sums)


def gaps(scope: Scope) -> list[int]:
    """Both *selisih* in rupiah."""
    return list(balance(scope).gaps)


def _owed_words() -> dict[str, str]:
    return {
        "opening": _("Piutang awal"),
        "invoiced": _("Tagihan terbit (+)"),
        "credit_notes": _("Nota kredit (−)"),
        "voids": _("Tagihan batal (−)"),
        "write_offs": _("Hapus buku (−)"),
        "allocated": _("Dibayar dengan uang atau saldo (−)"),
        "closing": _("Piutang akhir"),
        "gap": _("Selisih piutang"),
    }


def _held_words() -> dict[str, str]:
    return {
        "opening": _("Saldo pelanggan awal"),
        "received": _("Uang masuk (+)"),
        "reversed": _("Pembayaran dibalik (−)"),
        "refunded": _("Dikembalikan (−)"),
        "allocated": _("Dipakai untuk tagihan (−)"),
        "closing": _("Saldo pelanggan akhir"),
        "gap": _("Selisih saldo"),
    }


def _bridge(
    scope: Scope, words: dict[str, str], opening: str, closing: str, moves: Sequence[str]
) -> list[Line]:
    eve = scope.since - timedelta(days=1)
    before = _line(words["opening"], opening, scope.with_(since=eve, until=eve), "total")
    between = [_line(words[name], name, scope) for name in moves]
    after = _line(words["closing"], closing, scope, "total")
    gap = _amount(after) - _amount(before) - sum(_amount(line) for line in between)
    check = Line(words["gap"], [Cell(None, "count"), Cell(gap)], "check")
    return [before, *between, after, check]


def _line(label: Any, name: str, place: Scope, level: str = "") -> Line:
    found = figure(name, place)
    cells = [Cell(found.count, "count", name, place), Cell(found.amount, "money", name, place)]
    return Line(label, cells, level)


def _amount(line: Line) -> int:
    return line.cells[-1].value or 0
