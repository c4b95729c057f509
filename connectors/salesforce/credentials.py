"""The session that opens an org: asked for ahead of time, and once for all threads.

`session` gives what to send now; `renew`, told of the session that was answered 401, finds another
once for all who ask. Salesforce doesn't say how long a session lasts (its default is two hours
without use), so one is renewed after half an hour. Once Salesforce says that the access is over,
nothing is asked any more.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from connectors.base import Fatal, Remark, Retriable
from connectors.http import Answer
from connectors.pace import Clock

# In seconds.
RENEW_AFTER = 1_800.0
USUAL_LIFE = 7_200.0
SOON_SECONDS = 30.0

Post = Callable[[str, dict[str, str]], Answer]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Session:
    """A session as a header, and where it is good: scheme and host of the instance.

    `user_id` is whose it is, where the login said so.
    """

    header: SecretStr
    home: str
    renew_at: float
    ends_at: float
    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a login needs of the client.

    `address` is the org's, as the settings have it; `is_here` that it is on this machine, where
    every host is found. `post` sends a form to an address; `account` is the org that is pinned.
    """

    address: str
    is_here: bool
    post: Post
    account: Callable[[], str | None]
    clock: Clock


class Login(Protocol):
    """A way to a session."""

    def open(self, stale: Session | None) -> Session:
        """Another session than `stale`."""

    def remarks(self) -> Sequence[Remark]:
        """What an operator should know of this way."""


class Credentials:
    """The session of all threads, by a login."""

    def __init__(self, login: Login, clock: Clock) -> None:
        self._login = login
        self._clock = clock
        self._lock = threading.Lock()
        self._held: Session | None = None
        self._rounds = 0
        self._failure: Retriable | None = None
        self._end: Fatal | None = None

    def session(self) -> Session:
        """The session to use, renewed when its time is near."""
        held, now = self._held, self._clock.monotonic
        if held is not None and now() < held.renew_at:
            return held
        try:
            return self._renewed(held)
        except Retriable:
            if held is None or now() >= held.ends_at:
                raise
            # It is good for a while: work goes on, and it is tried again soon.
            self._held = Session(
                header=held.header,
                home=held.home,
                renew_at=now() + SOON_SECONDS,
                ends_at=held.ends_at,
                user_id=held.user_id,
            )
            return self._held

    def renew(self, used: Session) -> Session:
        """Another session than the one used, unless somebody has just opened it."""
        held = self._held
        if held is not None and held.header is not used.header:
            return held
        return self._renewed(held)

    def remarks(self) -> Sequence[Remark]:
        """What an operator should know of the login."""
        return self._login.remarks()

    def _renewed(self, stale: Session | None) -> Session:
        """Log in; those who waited for somebody else's login share what came of it."""
        seen = self._rounds
        with self._lock:
            if self._end is not None:
                raise self._end
            if self._held is not None and self._held is not stale:
                return self._held
            if self._rounds != seen and self._failure is not None:
                raise self._failure
            try:
                self._held = self._login.open(stale)
                self._failure = None
            except Retriable as error:
                # The caller's own request was never sent, whatever became of the login.
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
