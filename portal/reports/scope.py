"""What a report is asked for: days, filters. Read from an address, written into one."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

from portal.core.period import Period

LONGEST = 3700
"""Days; ten years."""
EMPTY = "-"
"""How an address says "those without"."""


@dataclass(frozen=True)
class Scope:
    """Both days are included; numbers as of a day take `until`. Filters that are empty let
    everything through, `-` only what has none.

    `basis` (collection): by day of issue or due day. `bucket`: one band of an ageing.
    """

    since: date
    until: date
    by: str = ""
    basis: str = ""
    area: str = ""
    source: str = ""
    method: str = ""
    staff: str = ""
    bucket: str = ""

    def with_(self, **changes: Any) -> "Scope":
        return replace(self, **changes)

    def args(self) -> dict[str, str]:
        """The query of an address; what is not asked for is left out."""
        found = {one.name: str(getattr(self, one.name)) for one in fields(self)}
        return {name: value for name, value in found.items() if value}

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def whole_months(self) -> bool:
        return self.since.day == 1 and self.until == Period.of(self.until).last_day

    @property
    def name(self) -> str:
        """For a file name: `2026-11`, `2026-01..2026-11` or days."""
        if not self.whole_months:
            return f"{self.since}_{self.until}"
        first, last = str(Period.of(self.since)), str(Period.of(self.until))
        return first if first == last else f"{first}_{last}"

    def previous(self, today: date) -> "Scope":
        """As many months before, when these are whole months; else as many days. Of a range
        that is not over yet only as much as has passed: the 1st to 21st with the 1st to 21st."""
        if self.whole_months:
            first, last = Period.of(self.since), Period.of(self.until)
            since = first.plus(first.index - last.index - 1).first_day
        else:
            since = self.since - timedelta(days=self.days)
        until = self.since - timedelta(days=1)
        if self.since <= today < self.until:
            until = min(until, since + (today - self.since))
        return replace(self, since=since, until=until)

    def months(self) -> list[str]:
        """Every month it touches."""
        found, period = [], Period.of(self.since)
        while period <= Period.of(self.until):
            found.append(str(period))
            period = period.next()
        return found


def read(args: Mapping[str, str], today: date, *, months: int = 1) -> Scope:
    """The scope an address asks for; by default the last `months` months, this one included.

    What makes no sense is left out: an address is nothing to quarrel about.
    """
    this = Period.of(today)
    since, until = _day(args.get("since")), _day(args.get("until"))
    if since is None:
        since = Period.of(until or today).plus(1 - months).first_day
    until = until or max(this.last_day, since)
    if until < since:
        since, until = until, since
    if (until - since).days > LONGEST:
        since = until - timedelta(days=LONGEST)
    words = {
        name: args.get(name, "").replace("\0", "")[:40]
        for name in ("by", "basis", "area", "source", "method", "staff", "bucket")
    }
    for name in ("area", "staff"):
        if words[name] != EMPTY and not (words[name].isascii() and words[name].isdigit()):
            words[name] = ""
        words[name] = words[name][:9]
    return Scope(since, until, **words)


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None
