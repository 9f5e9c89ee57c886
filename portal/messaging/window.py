"""How many requests a channel may have under way: a congestion window. Pure: answers in, a
size out; no clock, no threads.

A provider with few workers lets what it cannot serve yet wait until it times out, and then
nobody knows what arrived. So a window starts small, opens while answers stay about as quick as
the quickest one, and closes when they slow down or get lost. It belongs to one process: two
workers share a provider by each feeling the other's load.
"""

START = 16
SMALLEST = 4
USED = 0.75
"""The part of the window that has to be under way before a good answer says anything about
more."""
TOO_LONG = 4.0
"""Seconds for an answer, whatever this provider's pace: half of what a caller waits for."""
FORGET = 0.1
"""How fast the smallest window takes a slower pace for the provider's own."""


class Window:
    """The window of one channel; `size` is between SMALLEST and `most` (or `most` alone)."""

    def __init__(self, most: int) -> None:
        self._most = max(most, 1)
        self._least = min(SMALLEST, self._most)
        self._size = float(min(START, self._most))
        self._fastest: float | None = None
        self._unheard = START
        self._grace = 0
        self._worst = 1.0

    @property
    def size(self) -> int:
        """How many may be under way."""
        return int(self._size)

    def accepted(self, seconds: float, under_way: int) -> None:
        """A good answer after so many seconds, with so many under way when it came."""
        if self._fastest is None or seconds < self._fastest:
            self._fastest = seconds
        elif self.size == self._least and under_way <= self._least:
            # So few cannot hold each other up: this is how slow the provider is by itself.
            self._fastest += (seconds - self._fastest) * FORGET
        self.refused(seconds)
        # The first to come back waited for nobody; only the last of them tell about a crowd.
        if not self._unheard and under_way >= USED * self._size:
            self._size = min(self._size + self._more(seconds, self._fastest), self._most)

    def _more(self, seconds: float, fastest: float) -> float:
        """How much a good answer opens it. Less the later its consequences will be heard, and
        little once there is a queue, lest it overshoots."""
        if seconds <= 1.25 * fastest + 0.05:
            return min(1.0, 1.0 / seconds) if seconds else 1.0
        return 0.2 if seconds <= min(2 * fastest + 0.1, TOO_LONG) else 0.0

    def refused(self, seconds: float) -> None:
        """A definite no: often quicker than a yes, so only its slowness counts."""
        self._heard()
        fastest = self._fastest or 0.0
        if seconds > max(TOO_LONG, 1.3 * fastest):
            self._shrink(0.7)
        elif self._fastest is not None and seconds > 4 * fastest + 0.3:
            self._shrink(0.9)

    def lost(self) -> None:
        """No answer, or an excuse instead of one."""
        self._heard()
        self._shrink(0.5)

    def _heard(self) -> None:
        self._unheard = max(self._unheard - 1, 0)
        self._grace = max(self._grace - 1, 0)

    def _shrink(self, factor: float) -> None:
        """By the worst that one crowd has to say: as many answers as the window held felt it
        together."""
        if not self._grace:
            self._grace, self._worst = self.size, 1.0
        if factor < self._worst:
            self._size = max(self._size * factor / self._worst, self._least)
            self._worst = factor
