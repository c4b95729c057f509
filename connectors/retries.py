"""What is tried again, how often, and after which wait.

Reads are, at most five times. Writes never, but for a refusal of too many requests at once, after
which nothing was done.
"""

from collections.abc import Callable
from typing import TypeVar

from connectors.base import Retriable
from connectors.http import Oversized
from connectors.pace import Clock

TRIES = 5
# In seconds.
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0

T = TypeVar("T")


class RateLimited(Retriable):
    """Too many requests in a short window: this one was not carried out."""


class Retries:
    """The patience of one client. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def read(self, ask: Callable[[], T]) -> T:
        """What a reading gives, at most five times; a longer wait is the caller's affair."""
        for attempt in range(1, TRIES + 1):
            try:
                return ask()
            except Retriable as error:
                wait = self._wait(error, attempt)
                if attempt == TRIES or wait > LONGEST_WAIT or isinstance(error, Oversized):
                    raise
                self._clock.sleep(wait)
        raise AssertionError("unreachable")

    def write(self, send: Callable[[], T]) -> T:
        """What a write gives; the governor has paused after each refusal, for all threads."""
        for _ in range(1, TRIES):
            try:
                return send()
            except RateLimited as error:
                if (error.retry_after or 0) > LONGEST_WAIT:
                    raise
        return send()

    def _wait(self, error: Retriable, attempt: int) -> float:
        """The wait that the CRM asks for, else a full-jitter exponential one, in seconds."""
        if error.retry_after is not None:
            return error.retry_after
        return float(min(LONGEST_WAIT, FIRST_WAIT * 2**attempt) * self._clock.jitter())
