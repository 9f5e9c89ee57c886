"""When the next message may leave a channel. Pure: a meter's state in, slots and state out.

Each limit is a gate that lets one message through per interval (GCRA): evenly spaced
messages never exceed "so many per minute" in any minute, wherever it begins, which counting
per clock minute would. A tenth is kept for urgent messages: they may go ahead of the
interval, as far as that tenth reaches, and so never wait behind bulk; bulk is slowed by as
much, and the limit holds for both together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from portal.messaging.drivers.base import Limits

SLACK = 1.02
"""Requests bunch up on their way; so much slower than allowed we leave."""
WARM_FIRST_DAY = 20
WARM_GROWTH = 1.3
WARM_DAYS = 21


@dataclass(frozen=True)
class Used:
    """What a channel has used up: when each gate opens again, and how many left today."""

    second_free_at: datetime | None = None
    minute_free_at: datetime | None = None
    gap_free_at: datetime | None = None
    day: date | None = None
    day_used: int = 0


@dataclass(frozen=True)
class Gate:
    """One message per `interval` seconds; urgent ones may run ahead by `ahead` intervals."""

    name: str
    interval: float
    ahead: int

    def opens(self, free_at: datetime | None, urgent: bool) -> datetime | None:
        """The earliest moment for the next message."""
        if free_at is None or not urgent:
            return free_at
        return free_at - timedelta(seconds=self.interval * self.ahead)

    def after(self, free_at: datetime | None, at: datetime) -> datetime:
        """When it opens again once a message left at `at`."""
        return max(free_at or at, at) + timedelta(seconds=self.interval)


def _paced(name: str, allowed: int, seconds: float) -> Gate:
    ahead = min(5, max(1, allowed // 10)) if allowed >= 3 else 0
    return Gate(name, seconds / (allowed - ahead) * SLACK, ahead)


def gates(limits: Limits, random: Random) -> Sequence[Gate]:
    """The gates of a channel; the gap between two messages is drawn anew each time."""
    found = []
    if limits.per_second:
        found.append(_paced("second_free_at", limits.per_second, 1.0))
    if limits.per_minute:
        found.append(_paced("minute_free_at", limits.per_minute, 60.0))
    if limits.spacing_max:
        low = min(limits.spacing_min, limits.spacing_max)
        found.append(Gate("gap_free_at", random.uniform(low, limits.spacing_max), 1))
    return found


def day_cap(limits: Limits, warm_from: date | None, today: date) -> int | None:
    """How many may leave today; None without a cap. A new number grows into its cap."""
    cap = limits.per_day or None
    if warm_from is None:
        return cap
    days = max((today - warm_from).days, 0)
    if days >= WARM_DAYS:
        return cap
    grown = int(WARM_FIRST_DAY * WARM_GROWTH**days)
    return grown if cap is None else min(grown, cap)


def left_today(used: Used, cap: int | None, today: date) -> int | None:
    """How many more may leave today; None without a cap."""
    if cap is None:
        return None
    return max(cap - (used.day_used if used.day == today else 0), 0)


def take(
    used: Used, limits: Limits, at: datetime, urgent: bool, random: Random
) -> tuple[datetime, Used]:
    """The slot of one more message, and the meter after it. Ignores the cap of the day."""
    slot = at
    passed = gates(limits, random)
    for gate in passed:
        slot = max(slot, gate.opens(getattr(used, gate.name), urgent) or slot)
    moved: dict[str, Any] = {
        gate.name: gate.after(getattr(used, gate.name), slot) for gate in passed
    }
    return slot, replace(used, **moved)


def count_one(used: Used, today: date) -> Used:
    """One more message today."""
    return replace(used, day=today, day_used=(used.day_used if used.day == today else 0) + 1)


def earliest(used: Used, limits: Limits, at: datetime, urgent: bool) -> datetime:
    """When one more message could leave, nothing reserved."""
    return take(used, limits, at, urgent, Random(0))[0]  # noqa: S311 - no secret


def pair_slot(
    free_at: datetime | None, limits: Limits, at: datetime
) -> tuple[datetime, datetime | None]:
    """When this number may get its next message, and when the one after that."""
    if not limits.pair_seconds:
        return at, None
    ahead = timedelta(seconds=limits.pair_seconds * (max(limits.pair_burst, 1) - 1))
    slot = max(at, (free_at or at) - ahead)
    return slot, max(free_at or slot, slot) + timedelta(seconds=limits.pair_seconds)


def seconds_for(count: int, limits: Limits) -> float:
    """How long so many messages take at least, for estimates. Caps of the day not counted."""
    per_message = [gate.interval for gate in gates(limits, Random(0)) if gate.name != "gap_free_at"]  # noqa: S311
    if limits.spacing_max:
        per_message.append((limits.spacing_min + limits.spacing_max) / 2)
    return max(per_message, default=0.0) * count
