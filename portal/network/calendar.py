"""On which days and at which hours lines may be walled off. Pure; times are local and naive."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

LOOK_AHEAD = 400
"""Days; a calendar that stays closed longer is closed for good."""


@dataclass(frozen=True)
class Calendar:
    """Closed weekdays (0 Monday), holidays, and the hours from `opens` up to `closes`; the same
    hour twice is the whole day, and a later one first runs over midnight."""

    closed_weekdays: frozenset[int] = frozenset()
    holidays: frozenset[date] = frozenset()
    opens: time = time.min
    closes: time = time.min

    def opening(self, at: datetime) -> datetime | None:
        """The first moment from `at` on that is inside; None when there is none."""
        for days in range(LOOK_AHEAD):
            start = at if days == 0 else datetime.combine(at + timedelta(days=days), time.min)
            if start.weekday() in self.closed_weekdays or start.date() in self.holidays:
                continue
            if self._inside(start.time()):
                return start
            opens = datetime.combine(start, self.opens)
            if opens > start:
                return opens
        return None

    def _inside(self, hour: time) -> bool:
        if self.opens < self.closes:
            return self.opens <= hour < self.closes
        return hour >= self.opens or hour < self.closes
