"""What a report is made of: columns, lines, cells that lead to their rows.

The screen, the CSV and the XLSX all show the same `Table`. Amounts in rupiah, shares in
hundredths of a percent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _

from portal.core.money import divide_half_up
from portal.reports.measures import MEASURES, Figure, grouped
from portal.reports.scope import Scope
from portal.reports.words import range_words

Key = tuple[Any, ...]
Groups = Mapping[Key, Figure]


@dataclass(frozen=True)
class Column:
    """`kind`: money, count or share."""

    name: str
    label: Any
    kind: str = "money"


@dataclass(frozen=True)
class Cell:
    """A value, and the rows behind it when there are any: a measure in a scope."""

    value: int | None
    kind: str = "money"
    measure: str = ""
    scope: Scope | None = None

    @property
    def args(self) -> dict[str, str]:
        """The address of the rows."""
        return {"measure": self.measure, **(self.scope.args() if self.scope else {})}


@dataclass(frozen=True)
class Line:
    """`label`: a day, a month (`YYYY-MM`) or words. `level`: "", total, previous, change, check."""

    label: Any
    cells: Sequence[Cell]
    level: str = ""


@dataclass(frozen=True)
class Table:
    """`head` names the first column; `stands_for`: day, month or text."""

    head: Any
    columns: Sequence[Column]
    lines: Sequence[Line]
    foot: Sequence[Line] = ()
    stands_for: str = "text"
    chart: Sequence[str] = ()
    empty: bool = False

    def column(self, name: str) -> int:
        """Which column that is."""
        return [one.name for one in self.columns].index(name)


@dataclass
class Cut:
    """Measures cut up by the same columns, each asked for once; sums of parts are added here."""

    scope: Scope
    by: tuple[str, ...] = ()
    _known: dict[str, Groups] = field(default_factory=dict)

    def groups(self, name: str) -> Groups:
        """Each group's figure."""
        if name not in self._known:
            parts = MEASURES[name].parts
            if parts:
                self._known[name] = _added([self.groups(part) for part in parts])
            else:
                self._known[name] = grouped(name, self.scope, *self.by)
        return self._known[name]

    def at(self, name: str, key: Key = ()) -> Figure:
        """One group's figure; nothing when it has no rows."""
        return self.groups(name).get(key, Figure())

    def merged(self, keep: int) -> "Cut":
        """The same with all but the last `keep` columns taken together."""
        whole = Cut(self.scope, self.by[len(self.by) - keep :])
        for name, groups in self._known.items():
            whole._known[name] = _added(
                [{key[len(key) - keep :]: one} for key, one in groups.items()]
            )
        return whole

    def known(self) -> Sequence[str]:
        """The measures that were asked for."""
        return list(self._known)

    def keys(self, names: Sequence[str]) -> list[Key]:
        """Every group that has rows in one of these measures."""
        return list(dict.fromkeys(key for name in names for key in self.groups(name)))


def _added(parts: Sequence[Groups]) -> Groups:
    found: dict[Key, Figure] = {}
    for part in parts:
        for key, one in part.items():
            before = found.get(key, Figure())
            found[key] = Figure(before.amount + one.amount, before.count + one.count)
    return found


def share(part: int, whole: int) -> int | None:
    """Hundredths of a percent, rounded half up; none of nothing."""
    if not whole:
        return None
    sign = -1 if whole < 0 else 1
    return divide_half_up(sign * part * 10_000, abs(whole))


Pick = Callable[[Cut, Key, Scope], list[Cell]]


def money(*names: str) -> Pick:
    """A cell for the sum of each measure."""

    def pick(cut: Cut, key: Key, scope: Scope) -> list[Cell]:
        return [Cell(cut.at(name, key).amount, "money", name, scope) for name in names]

    return pick


def total_cells(cut: Cut, scope: Scope, pick: Pick, keep: int = 0) -> list[Cell]:
    """The same cells for all groups together; the last `keep` columns stay apart."""
    if len(cut.by) > keep:
        cut = cut.merged(keep)
    return pick(cut, (), scope)


def compared(now: Sequence[Cell], before: Sequence[Cell], then: Scope) -> list[Line]:
    """The lines under a total: the period before, and by how much it changed."""
    changes = [
        Cell(None, "share")
        if one.kind == "share"
        else Cell(share((one.value or 0) - (old.value or 0), abs(old.value or 0)), "share")
        for one, old in zip(now, before, strict=True)
    ]
    words = _("Sebelumnya, %(range)s", range=range_words(then))
    return [Line(words, before, "previous"), Line(_("Perubahan"), changes, "change")]


def month_days(scope: Scope) -> tuple[str, list[Any]]:
    """How to cut a range, and every key of it: by day up to two months, by month beyond."""
    if scope.by == "month" or (scope.by != "day" and scope.days > 62):
        return "month", list(scope.months())
    return "day", [date.fromordinal(scope.since.toordinal() + one) for one in range(scope.days)]
