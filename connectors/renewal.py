"""One access token for all threads: renewed ahead of its end, and once for all who ask.

`current` gives what to send now; `after`, told of the header that was answered 401, finds another.
Once a CRM says that the access is over, nothing is asked any more: it locks out what keeps on
knocking.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from pydantic import SecretStr

from connectors.base import Fatal, Retriable
from connectors.pace import Clock

# A renewal that failed is tried again this many seconds later, while the old token is good.
SOON_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Token:
    """An access token as a header: best renewed from `renew_at` on, no good at `ends_at`.

    Both are by the clock that only grows.
    """

    header: SecretStr
    renew_at: float
    ends_at: float


T = TypeVar("T", bound=Token)


class Renewal(Generic[T]):
    """The token of all threads; `open_another` asks for one, told of the stale one."""

    def __init__(self, open_another: Callable[[T | None], T], clock: Clock) -> None:
        self._open_another = open_another
        self._clock = clock
        self._lock = threading.Lock()
        self._held: T | None = None
        self._rounds = 0
        self._failure: Retriable | None = None
        self._end: Fatal | None = None

    def current(self) -> T:
        """The token to use, renewed when its end is near.

        Raises:
            Retriable: There is none for now; the caller's own request was never sent.
            Fatal: There will be none without a person.
        """
        held, now = self._held, self._clock.monotonic
        if held is not None and now() < held.renew_at:
            return held
        try:
            return self._renewed(held)
        except Retriable:
            if held is None or now() >= held.ends_at:
                raise
            # It is good for a while: work goes on, and it is tried again soon.
            self._held = replace(held, renew_at=now() + SOON_SECONDS)
            return self._held

    def after(self, used: SecretStr) -> T:
        """Another token than the one used, unless somebody has just opened it."""
        held = self._held
        if held is not None and held.header is not used:
            return held
        return self._renewed(held)

    def _renewed(self, stale: T | None) -> T:
        """Renew; those who waited for somebody else's renewal share what came of it."""
        seen = self._rounds
        with self._lock:
            if self._end is not None:
                raise self._end
            if self._held is not None and self._held is not stale:
                return self._held
            if self._rounds != seen and self._failure is not None:
                raise self._failure
            try:
                self._held = self._open_another(stale)
                self._failure = None
            except Retriable as error:
                # The caller's own request was never sent, whatever became of the renewal.
                self._failure = Retriable(error.message, retry_after=error.retry_after)
                raise self._failure from error
            except Fatal as error:
                self._end = error
                raise
            finally:
                self._rounds += 1
            return self._held


def bearer(token: SecretStr) -> SecretStr:
    """The header of a token."""
    return SecretStr(f"Bearer {token.get_secret_value()}")
