"""Time: UTC inside, the ISP's time zone at the edge.

A `Clock` is handed to whoever needs "now" or "today"; nobody calls `datetime.now()`
elsewhere. Indonesia has no daylight saving, but the zone is a setting all the same.
Leases and retries use `wall()`, which no demo time travel moves.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

JAKARTA = ZoneInfo("Asia/Jakarta")


class Clock(Protocol):
    """What the rest of the code may ask about time."""

    zone: ZoneInfo

    def now(self) -> datetime:
        """The business time, an aware UTC datetime."""
        ...

    def wall(self) -> datetime:
        """The machine's time, an aware UTC datetime; never moved by the demo."""
        ...

    def today(self) -> date:
        """The business date in the ISP's zone."""
        ...


def machine_time() -> datetime:
    """What this machine's clock says, aware UTC."""
    return datetime.now(UTC)


class SystemClock:
    """A real clock (`source`: this machine's, or the database server's that all machines share)
    plus an offset that only the demo sets."""

    def __init__(
        self,
        zone: ZoneInfo = JAKARTA,
        offset: Callable[[], timedelta] = timedelta,
        source: Callable[[], datetime] = machine_time,
    ) -> None:
        self.zone = zone
        self._offset = offset
        self._source = source

    def wall(self) -> datetime:
        return self._source()

    def now(self) -> datetime:
        return self.wall() + self._offset()

    def today(self) -> date:
        return self.now().astimezone(self.zone).date()


class FixedClock:
    """A clock for tests: stands still until it is moved."""

    def __init__(self, at: datetime, zone: ZoneInfo = JAKARTA) -> None:
        if at.tzinfo is None:
            raise ValueError("FixedClock needs an aware datetime")
        self.at = at.astimezone(UTC)
        self.zone = zone

    def wall(self) -> datetime:
        return self.at

    def now(self) -> datetime:
        return self.at

    def today(self) -> date:
        return self.at.astimezone(self.zone).date()

    def move(self, **delta: float) -> None:
        """Move by `timedelta(**delta)`, forwards or backwards."""
        self.at += timedelta(**delta)
