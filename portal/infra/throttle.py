"""How often somebody may do something in a while.

For what must not wear the server out but is kept shut by something stronger (a signature of 128
bits and more). `Shared` counts in Redis for all web processes together, and in this process's
memory while Redis is away; `Throttle` always counts there. What guards a secret that could be
guessed is counted in the database instead (`accounts/otp.py`).
"""

import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from portal.infra import queue

log = logging.getLogger(__name__)
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


@dataclass
class Shared:
    """A `Throttle` that all processes spend from together. A key is kept as a hash of it."""

    name: str
    limit: int
    seconds: int
    _own: Throttle = field(init=False)

    def __post_init__(self) -> None:
        self._own = Throttle(self.limit, self.seconds)

    def spend(self, key: str) -> bool:
        """Count one; False when it is one too many."""
        bell = queue.bell()
        if time.monotonic() < bell.silent_until:
            return self._own.spend(key)
        name = f"loket:throttle:{self.name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"
        try:
            pipe = bell.redis.pipeline(transaction=True)
            pipe.set(name, 0, ex=self.seconds, nx=True)
            pipe.incr(name)
            count = int(pipe.execute()[1])
        except (RedisError, OSError) as error:
            bell.rest()
            log.warning("counting alone (%s)", type(error).__name__)
            return self._own.spend(key)
        return count <= self.limit
