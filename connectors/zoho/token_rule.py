"""Zoho's rule on tokens: ten in ten minutes for a refresh token, then none for a while.

The rule counts all processes that share the refresh token, so what this one knows travels with the
token that it leaves to the others: when tokens were asked for, and until when Zoho gives none.
"""

from connectors.base import Retriable
from connectors.pace import Clock
from connectors.zoho import credential_words as words
from rules.time import Instant

# Two of the ten are left to whoever else uses the refresh token. Milliseconds.
MOST_TOKENS, SPAN = 8, 600_000
THROTTLED = 600_000

_BETWEEN, _UNTIL = ",", "!"


class TokenRule:
    """When tokens were asked for, and until when there are none. Thread-safe under the turn."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked: set[Instant] = set()
        self._not_before: Instant = 0

    @property
    def written(self) -> str:
        """What the other processes should know, in visible ASCII."""
        asked = _BETWEEN.join(str(each) for each in sorted(self._asked))
        return f"{asked}{_UNTIL}{self._not_before}"

    def learn(self, written: str) -> None:
        """Take what another process knows; what is unreadable, or yet to come, tells nothing."""
        asked, _, until = written.partition(_UNTIL)
        now = self._clock.wall()
        told = {int(each) for each in asked.split(_BETWEEN) if _is_number(each)}
        self._asked |= {each for each in told if each <= now}
        if _is_number(until) and int(until) <= now + THROTTLED:
            self._not_before = max(self._not_before, int(until))

    def ask(self) -> None:
        """Enter one more; `Retriable` where it would break the rule, or is no use yet."""
        now = self._clock.wall()
        self._asked = {each for each in self._asked if 0 <= now - each < SPAN}
        wait = self._not_before - now
        if len(self._asked) >= MOST_TOKENS:
            wait = max(wait, SPAN - (now - min(self._asked)))
        if wait > 0:
            raise Retriable(words.THROTTLED, retry_after=wait / 1_000)
        while now in self._asked:
            now -= 1
        self._asked.add(now)

    def refused(self) -> Retriable:
        """Zoho says that it were too many."""
        self._not_before = self._clock.wall() + THROTTLED
        return Retriable(words.THROTTLED, retry_after=THROTTLED / 1_000)


def _is_number(written: str) -> bool:
    return written.isascii() and written.isdecimal() and len(written) <= len(str(1 << 62))
