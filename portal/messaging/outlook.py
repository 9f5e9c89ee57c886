"""What a lane may do now: the channels in force, as read a moment ago, and their room."""

import time
from collections.abc import Sequence
from dataclasses import replace

from portal.core.recipients import PHONE
from portal.extensions import db
from portal.messaging import channels, limits
from portal.messaging.channels import ActiveChannel
from portal.messaging.limits import Room
from portal.messaging.preparing import Sendout

FRESH_SECONDS = 0.5
"""How long the channels are not read again: a driver chosen in the browser carries what is
claimed half a second later."""


class Outlook:
    """The channels a lane sees. `urgent` lanes pass the caps of the day.

    `only` is the key of the one channel to look at, in force or not, its rest ignored:
    a person tries it out.
    """

    def __init__(self, urgent: bool, only: str | None = None) -> None:
        self.urgent = urgent
        self.only = only
        self.channels: Sequence[ActiveChannel] = ()
        self.full: frozenset[str] = frozenset()
        self._enabled = True
        self._read_at = float("-inf")

    def refresh(self) -> None:
        """Read again when it is time."""
        if time.monotonic() - self._read_at < FRESH_SECONDS:
            return
        self._enabled = channels.sending_enabled()
        self.channels = self._in_view() if self._enabled else ()
        self.full = frozenset(
            channel.key for channel in self.channels if limits.full_today(channel)
        )
        db.session.rollback()
        self._read_at = time.monotonic()

    def _in_view(self) -> Sequence[ActiveChannel]:
        if self.only is None:
            return channels.everything()
        found = channels.by_key(self.only)
        return [replace(found, paused_until=None)] if found else []

    def outdate(self) -> None:
        """Something was learnt about a channel: read again at the next turn."""
        self._read_at = float("-inf")

    @property
    def open(self) -> bool:
        """Whether anything may leave at all."""
        return any(channel.usable for channel in self.channels)

    @property
    def main(self) -> ActiveChannel | None:
        """The channel most of the lane will use."""
        return next(iter(self._free), None)

    @property
    def _free(self) -> list[ActiveChannel]:
        """Those that take messages now."""
        usable = (channel for channel in self.channels if channel.usable)
        return [c for c in usable if self.urgent or c.key not in self.full]

    @property
    def only_beside(self) -> bool:
        """Whether nothing may leave now but what goes to others than phones."""
        return all(channel.reach != PHONE for channel in self.channels if channel.usable)

    @property
    def usable(self) -> set[str]:
        """The channels, as configured, through which a message may leave now."""
        return {channel.identity for channel in self.channels if channel.usable}

    def others(self, full: frozenset[str], sendout: Sendout) -> bool:
        """Whether another channel may have room for what its own has not."""
        if sendout.claimed.bound_to:
            return False
        taken = full | {sendout.channel.key}
        fitting = (c for c in self.channels if c.reach == sendout.channel.reach)
        return any(c.usable and c.key not in taken for c in fitting)

    @property
    def carriers(self) -> list[ActiveChannel]:
        """The main channel, those of areas, and the first of those for everybody: part of the lane
        is theirs, whatever the main one does."""
        main = self.main
        if main is None:
            return []
        general = next((c for c in self._free if not c.areas and c.reach == main.reach), None)
        return [main, *(c for c in self._free if c is not main and (c.areas or c is general))]

    def room(self) -> Room:
        """What the roomiest of them takes within the horizon; nothing is reserved."""
        rooms = [limits.room(channel, self.urgent) for channel in self.carriers]
        db.session.rollback()
        widest = (room for room in rooms if room.count is None)
        found = next(widest, None) or max(rooms, key=lambda room: room.count or 0, default=None)
        return found or Room(0)
