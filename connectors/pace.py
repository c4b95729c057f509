"""How often a CRM may be asked: an exact rolling window, and a reserve of the day's calls.

The window counts the moments of sending over all threads; a bucket that refills while it is
emptied would let twice the limit through.
"""

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from connectors.base import Retriable
from rules.language import Text
from rules.time import Instant

# Room between our clock at the send and the CRM's at the receipt, in seconds.
WINDOW_GUARD = 0.03
# Part of the CRM's limit that is used, so that clock drift never costs a refusal.
WINDOW_SHARE = 0.99
DAILY_RESERVE = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The clocks of a connector: seconds that only grow, UTC milliseconds, a pause, a dice.

    `jitter` draws from 0 (included) to 1; tests give their own.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], Instant] = lambda: time.time_ns() // 1_000_000
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = lambda: secrets.randbelow(1_000_000) / 1_000_000


class Governor:
    """Lets at most `limit` requests start in any `interval` seconds, over all threads.

    The turn is taken at the moment of the send, so bursts never exceed the window. The limit is
    the CRM's; a hundredth of it, and at least one request, is left unused.
    """

    def __init__(self, *, limit: int, interval: float, clock: Clock, margin: bool = True) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sends: deque[float] = deque()
        self._not_before = 0.0
        self._margin = margin
        self.resize(limit, interval)

    @property
    def limit(self) -> int:
        """How many requests may start in an interval."""
        return self._limit

    @property
    def told(self) -> tuple[int, float]:
        """The limit and the interval in seconds, as the CRM states them."""
        return self._told

    def resize(self, limit: int, interval: float) -> None:
        """Learn the CRM's limit, as its answers state it."""
        self._told = (limit, interval)
        kept = min(limit - 1, int(limit * WINDOW_SHARE)) if self._margin else limit
        self._limit = max(1, kept)
        self._interval = interval + WINDOW_GUARD

    def pause(self, seconds: float) -> None:
        """Let nobody start for a while: the CRM has asked us to wait."""
        with self._lock:
            self._not_before = max(self._not_before, self._clock.monotonic() + seconds)

    def acquire(self) -> None:
        """Wait for a turn, then take it."""
        while (wait := self._try()) > 0:
            self._clock.sleep(wait)

    def _try(self) -> float:
        """Take the turn and return 0, or return how long to wait before trying again."""
        with self._lock:
            now = self._clock.monotonic()
            if now < self._not_before:
                return self._not_before - now
            while self._sends and now - self._sends[0] >= self._interval:
                self._sends.popleft()
            if len(self._sends) < self._limit:
                self._sends.append(now)
                return 0.0
            oldest = self._sends[len(self._sends) - self._limit]
            return max(self._interval - (now - oldest), 0.001)


class DailyBudget:
    """Stops before the day's calls are used up, so that the customer's other tools can work."""

    def __init__(self, *, clock: Clock, reserve: float = DAILY_RESERVE) -> None:
        self._clock = clock
        self._reserve = reserve
        self._used_up_until: Instant | None = None
        self._is_all_used = False

    def observe(self, *, limit: int, remaining: int, resets_at: Instant) -> None:
        """Learn how many of the day's calls remain, and when they are given anew."""
        self._used_up_until = resets_at if remaining <= limit * self._reserve else None
        self._is_all_used = False

    def use_up(self, until: Instant) -> None:
        """The CRM says that the day's calls are used up, until they are given anew."""
        self._used_up_until = until
        self._is_all_used = True

    def check(self, when: Callable[[Instant], str]) -> None:
        """Raise `Retriable` while the reserve is reached; `when` writes the hour for people."""
        until = self._used_up_until
        if until is None:
            return
        now = self._clock.wall()
        if now >= until:
            self._used_up_until = None
            return
        told = _ALL_USED if self._is_all_used else _SHARE_USED
        hour = when(until)
        raise Retriable(
            Text(
                fr=f"{told.fr} La synchronisation reprend d'elle-même à {hour}.",
                en=f"{told.en} Syncing resumes by itself at {hour}.",
            ),
            retry_after=(until - now) / 1000,
        )


_SHARE_USED = Text(
    "La part d'Arpent dans les appels quotidiens du CRM est épuisée : le reste est laissé à vos "
    "autres outils.",
    "Arpent's share of the CRM's daily calls is used up: the rest is left to your other tools.",
)
_ALL_USED = Text(
    "Les appels quotidiens du CRM sont épuisés, tous outils confondus.",
    "The CRM's daily calls are used up, all tools together.",
)
