"""Which channel carries a message. Pure: the channels in force in, one of them out.

The first that can, in the owner's order: those of the customer's area first, then those for
everybody, then those of other areas. A resting channel is passed over, except for a short
wait its provider asked for: then its messages wait too, rather than leave from another number.
A message that may already be at a provider never changes its channel.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from portal.core import recipients
from portal.core.driverkit import Capability
from portal.messaging.channels import ActiveChannel
from portal.messaging.claims import Claimed

ONLY_BY_HAND = "Saluran manual tidak dapat mengirim pesan yang ditunggu; tambahkan saluran lain."
SHORT = timedelta(seconds=60)
WITHOUT_CHANNEL = 15.0
"""Seconds until a message that no channel takes now is looked at again."""


@dataclass(frozen=True)
class Route:
    """A channel; or a wait in seconds; or, with `state`, that it ends here. `split`: a group
    message that only persons can get."""

    channel: ActiveChannel | None = None
    wait: float = 0.0
    reason: str = ""
    state: str = ""
    split: bool = False


def reaches(channel: ActiveChannel, recipient: str) -> bool:
    """Whether the channel writes to that sort of recipient at all."""
    return channel.reach == recipients.reach_of(recipient)


def choose(
    message: Claimed,
    channels: Sequence[ActiveChannel],
    current: datetime,
    full: Collection[str] = (),
    refused: Mapping[str, str] = MappingProxyType({}),
    area: int | None = None,
) -> Route:
    """The way of a message. `full` are keys of channels whose day or circle is used up;
    `refused` are those that said no to it for good, with what they said; `area` is the
    customer's."""
    if message.bound_to:
        return _bound(message, channels)
    channels = [channel for channel in channels if reaches(channel, message.recipient)]
    channels = sorted(channels, key=lambda channel: _distance(channel, area))
    carrying = [c for c in channels if not c.problem and _carries(c, message)]
    if not carrying:
        return _nobody(message, channels)
    carrying = [channel for channel in carrying if channel.key not in refused]
    if not carrying:
        return Route(state="failed", reason=list(refused.values())[-1])
    for channel in carrying:
        if channel.paused:
            if _rests_shortly(channel, current) and not message.urgent:
                return Route(wait=_left(channel, current), reason=channel.pause_reason)
            continue
        if channel.key in full and not message.urgent:
            continue
        return Route(channel)
    resting = [_left(channel, current) for channel in carrying if channel.paused]
    wait = min(resting, default=WITHOUT_CHANNEL)
    return Route(wait=min(max(wait, 1.0), WITHOUT_CHANNEL), reason=carrying[0].pause_reason)


def _distance(channel: ActiveChannel, area: int | None) -> int:
    """0 for a channel of that area, 1 for one of everybody, 2 for one of other areas."""
    if not channel.areas:
        return 1
    return 0 if area in channel.areas else 2


def _bound(message: Claimed, channels: Sequence[ActiveChannel]) -> Route:
    """Only the channel, configured as it was, that may already have it."""
    found = next((channel for channel in channels if channel.identity == message.bound_to), None)
    if found is None:
        reason = "Hasil kiriman belum pasti, dan salurannya sudah diganti. Perlu dicek."
        return Route(state="unknown", reason=reason)
    if not found.usable:
        return Route(wait=WITHOUT_CHANNEL, reason=found.pause_reason or found.problem)
    return Route(found)


def _nobody(message: Claimed, channels: Sequence[ActiveChannel]) -> Route:
    if message.urgent and channels and all(c.problem or c.driver().by_hand for c in channels):
        return Route(wait=WITHOUT_CHANNEL, reason=ONLY_BY_HAND)
    if channels and recipients.is_group(message.recipient) and any(not c.problem for c in channels):
        return Route(split=True)
    return Route(wait=WITHOUT_CHANNEL)


def _carries(channel: ActiveChannel, message: Claimed) -> bool:
    driver = channel.driver()
    if driver.by_hand and message.urgent:
        return False  # somebody waits in front of a screen
    if recipients.is_group(message.recipient):
        return Capability.GROUP in driver.capabilities
    return True


def _rests_shortly(channel: ActiveChannel, current: datetime) -> bool:
    return (
        channel.pause_kind == "rate"
        and channel.paused_until is not None
        and channel.paused_until - current <= SHORT
    )


def _left(channel: ActiveChannel, current: datetime) -> float:
    if channel.paused_until is None:
        return 0.0
    return max((channel.paused_until - current).total_seconds(), 0.0)
