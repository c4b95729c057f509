"""The signs of life that this process has seen of others, and when, by its own monotonic clock.

The clocks of two machines may be hours apart, and any of them may jump: how long somebody has
been silent is only known to whoever looked twice.
"""

import time
from collections.abc import Callable
from threading import Lock

from service.store.leases import Lease

Seconds = Callable[[], float]


class Watch:
    """What was seen, by the name of the lease; any number of threads may look."""

    def __init__(self, monotonic: Seconds = time.monotonic) -> None:
        self.monotonic = monotonic
        self._seen: dict[str, tuple[Lease, float]] = {}
        self._lock = Lock()

    def silence(self, name: str, seen: Lease) -> float:
        """Seconds since this sign of life was first seen here: 0.0 for a new one."""
        now = self.monotonic()
        with self._lock:
            last, since = self._seen.get(name, (None, now))
            if last != seen:
                self._seen[name] = (seen, now)
                return 0.0
            return now - since
