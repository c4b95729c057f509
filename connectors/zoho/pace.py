"""How many calls are under way at once: Zoho counts them per organization and application.

There are two limits, whatever the edition: all calls together (5 to 25), and ten of the heavy ones
(COQL, sorted or filtered lists, writes of more than ten records). A refusal halves what is used;
it grows back one call at a time.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.pace import Clock

HEAVY = 10
# Of the smallest edition; the organization's own is learnt from it.
FEWEST = 5
# In seconds.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
REGROWTH_SECONDS = 30.0
_LOOK_SECONDS = 0.05


class _Lane:
    """One limit: how many are under way, and how many may be."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.allowed = most
        self.under_way = 0
        self.shrunk_at = 0.0

    def has_room(self, now: float) -> bool:
        if self.allowed < self.most and now - self.shrunk_at >= REGROWTH_SECONDS:
            self.allowed += 1
            self.shrunk_at = now
        return self.under_way < self.allowed

    def shrink(self, now: float) -> None:
        self.allowed = max(1, self.allowed // 2)
        self.shrunk_at = now


class Concurrency:
    """The places of one organization, over all threads of a process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = threading.Condition()
        self._all = _Lane(FEWEST)
        self._heavy = _Lane(min(HEAVY, FEWEST))
        self._refusals = 0
        self._not_before = 0.0

    @property
    def most(self) -> int:
        """How many calls may be under way, as the edition has it."""
        return self._all.most

    def resize(self, most: int) -> None:
        """Learn the limit of the edition."""
        with self._turn:
            self._all = _grown(self._all, max(1, most))
            self._heavy = _grown(self._heavy, min(HEAVY, max(1, most)))
            self._turn.notify_all()

    def refused(self, asked: float | None = None) -> float:
        """Zoho says too many: use half, and let nobody start for a while, in seconds."""
        with self._turn:
            now = self._clock.monotonic()
            if now < self._not_before:
                # Of the calls that were under way together, the first has said it.
                self._not_before = max(self._not_before, now + (asked or 0.0))
                return self._not_before - now
            self._all.shrink(now)
            self._heavy.shrink(now)
            self._refusals += 1
            backoff = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self._refusals - 1))
            pause = backoff * (0.5 + self._clock.jitter() / 2) if asked is None else asked
            self._not_before = max(self._not_before, now + pause)
            return pause

    def accepted(self) -> None:
        """Zoho has answered: the next refusal is a first one again."""
        self._refusals = 0

    @contextmanager
    def place(self, *, is_heavy: bool) -> Iterator[None]:
        """Wait for a place, hold it for the time of a call."""
        self._take(is_heavy=is_heavy)
        try:
            yield
        finally:
            with self._turn:
                self._all.under_way -= 1
                self._heavy.under_way -= is_heavy
                self._turn.notify_all()

    def _take(self, *, is_heavy: bool) -> None:
        while True:
            with self._turn:
                now = self._clock.monotonic()
                wait = self._not_before - now
                if wait <= 0:
                    if self._all.has_room(now) and (not is_heavy or self._heavy.has_room(now)):
                        self._all.under_way += 1
                        self._heavy.under_way += is_heavy
                        return
                    self._turn.wait(_LOOK_SECONDS)
                    continue
            self._clock.sleep(wait)


def _grown(lane: _Lane, most: int) -> _Lane:
    """The same lane with another limit; calls under way go on being counted."""
    lane.allowed = most if lane.allowed == lane.most else min(lane.allowed, most)
    lane.most = most
    return lane
