"""What opens an org: a session, by a login that can open another.

Salesforce doesn't say how long a session lasts (its default is two hours without use), so one is
renewed after half an hour.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from connectors.base import Remark
from connectors.http import Answer
from connectors.pace import Clock
from connectors.renewal import Token

# In seconds.
RENEW_AFTER = 1_800.0
USUAL_LIFE = 7_200.0

Post = Callable[[str, dict[str, str]], Answer]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Session(Token):
    """A session, and where it is good: scheme and host of the instance.

    `user_id` is whose it is, where the login said so.
    """

    home: str
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
