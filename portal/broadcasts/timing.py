"""How long a broadcast takes under the channel's limits and sending hours, and how long its
messages stay worth sending. Estimates for people; what really holds is in the outbox."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.infra.timekeeping import now, wall, zone
from portal.messaging import channels, pacing, sending_hours
from portal.messaging.channels import ActiveChannel
from portal.messaging.hours import Hours
from portal.messaging.models_channels import ChannelMeter
from portal.messaging.pacing import Used

FREE_RATE = 20.0
"""Messages a second through a channel without limits: rather too few than too many."""
FARTHEST_DAYS = 60
SHELF_DAYS = 2
KIND = "broadcast"


@dataclass(frozen=True)
class Forecast:
    """`ends_at` is None when it takes longer than two months; `in_time` leave before they
    expire. `starts_at` later than now means waiting for the sending hours."""

    channel: ActiveChannel
    starts_at: datetime
    ends_at: datetime | None
    seconds: float
    in_time: int
    waits: bool


def hours_in_force() -> Hours:
    """The sending hours, or always when broadcasts do not wait for them."""
    if KIND in sending_hours.patient_kinds():
        return sending_hours.hours()
    return Hours(time(0), time(0))


def shelf(hours: Hours, local: datetime) -> datetime:
    """Two days on which sending is open after `local`: closed days do not count."""
    at = hours.opening(local)
    for _day in range(SHELF_DAYS):
        at = hours.opening(at + timedelta(days=1))
    return at


def fresh_until() -> datetime:
    """Until when a message queued now may wait, in machine time."""
    local = now().astimezone(zone())
    return wall() + (shelf(hours_in_force(), local) - local)


def closing(hours: Hours, at: datetime) -> datetime:
    """When the window closes that is open at `at`."""
    end = datetime.combine(at.date(), hours.closes, at.tzinfo)
    return end if end > at else end + timedelta(days=1)


def channel_in_force() -> ActiveChannel | None:
    """The channel the next message would use, if one can be used at all."""
    try:
        return channels.active()
    except Misconfigured:
        return None


def forecast(count: int) -> Forecast | None:
    """When so many messages would have left, starting now; None without a channel."""
    channel = channel_in_force()
    if channel is None:
        return None
    meter = db.session.get(ChannelMeter, channel.key)
    used = Used(day=meter.day, day_used=meter.day_used) if meter else Used()
    return simulate(count, channel, used, hours_in_force(), now().astimezone(zone()))


def simulate(
    count: int, channel: ActiveChannel, used: Used, hours: Hours, local: datetime
) -> Forecast:
    """The same, pure: window after window, each with its hours and its cap of the day."""
    each = pacing.seconds_for(1, channel.limits) or 1 / FREE_RATE
    expires = shelf(hours, local)
    start = at = hours.opening(local)
    left, in_time, ends = count, 0, None
    for _day in range(FARTHEST_DAYS):
        end = closing(hours, at)
        cap = _cap(channel, used, at)
        fits = int((end - at).total_seconds() / each) + 1
        number = min(left, fits, left if cap is None else cap)
        before = int(max((expires - at).total_seconds(), 0.0) / each)
        in_time += min(number, before)
        left -= number
        if left == 0:
            ends = at + timedelta(seconds=each * number)
            break
        at = hours.opening(end)
    return Forecast(channel, start, ends, each * count, in_time, start > local)


def _cap(channel: ActiveChannel, used: Used, at: datetime) -> int | None:
    """How many may leave on that day."""
    cap = pacing.day_cap(channel.limits, channel.warm_from, at.date())
    circle = channel.limits.recipients_per_day or None
    if circle is not None:
        cap = circle if cap is None else min(cap, circle)
    return pacing.left_today(used, cap, at.date())
