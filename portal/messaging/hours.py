"""Sending hours: when a patient message may leave. Pure; local times of the ISP's zone."""

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

FARTHEST = 60
"""Days looked ahead; a calendar without one open day in it counts as always open."""


@dataclass(frozen=True)
class Hours:
    """Open from `opens` to `closes` (local), never on `closed_weekdays` (0 = Monday) or
    `holidays`. Equal times mean all day; `closes` before `opens` runs past midnight."""

    opens: time = time(8)
    closes: time = time(20)
    closed_weekdays: Set[int] = field(default_factory=frozenset)
    holidays: Set[date] = field(default_factory=frozenset)

    def _open_day(self, day: date) -> bool:
        return day.weekday() not in self.closed_weekdays and day not in self.holidays

    def _window(self, day: date) -> tuple[datetime, datetime]:
        start = datetime.combine(day, self.opens)
        end = datetime.combine(day, self.closes)
        return start, end if end > start else end + timedelta(days=1)

    def opening(self, at: datetime) -> datetime:
        """`at` itself when it is open then, else the next opening. Keeps `at`'s zone."""
        local = at.replace(tzinfo=None)
        for ahead in range(-1, FARTHEST):
            day = local.date() + timedelta(days=ahead)
            start, end = self._window(day)
            if end > local and self._open_day(day):
                return at if start <= local else start.replace(tzinfo=at.tzinfo)
        return at
