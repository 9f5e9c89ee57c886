"""How often somebody may do something in a while, counted in this process's memory.

For what must not wear the server out but is kept shut by something stronger (a signature of 128
bits and more). Several web processes each count for themselves; a restart forgets. What guards
a secret that could be guessed is counted in the database instead (`accounts/otp.py`).
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_KEYS = 10_000


@dataclass
class Throttle:
    """At most `limit` in `seconds` from the first one on, for each key."""

    limit: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    _seen: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, key: str) -> bool:
        """Count one; False when it is one too many."""
        at = self.clock()
        with self._lock:
            began, count = self._seen.pop(key, (at, 0))
            if at - began >= self.seconds:
                began, count = at, 0
            self._seen[key] = (began, count + 1)
            if len(self._seen) > MOST_KEYS:
                self._seen.popitem(last=False)
        return count < self.limit
