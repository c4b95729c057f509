"""What calls cost: the credits of a rolling day, and how many calls there may be at once.

Source: "API Limits" of the CRM API. Calls are answered one after another here, so a call keeps its
place for `call_seconds` of the machine's clock: several that come within are "at once".
"""

import time
from collections import Counter, deque
from http import HTTPStatus

from connectors.sandbox.rolling_day import RollingDay
from connectors.sandbox.zoho.errors import ZohoError
from connectors.sandbox.zoho.org import Org

# Edition → credits without users, with each user, at most; calls at once.
_EDITIONS: dict[str, tuple[int, int, int | None, int]] = {
    "free": (5_000, 0, 5_000, 5),
    "standard": (50_000, 250, 100_000, 10),
    "professional": (50_000, 500, 3_000_000, 15),
    "enterprise": (50_000, 1_000, 5_000_000, 20),
    "ultimate": (50_000, 2_000, None, 25),
}
_REFUSED = "You have exceeded the number of requests allowed. Please try again after some time."


class Credits:
    """Counts the credits of the last 24 hours and the calls under way."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._day = RollingDay(org.clock)
        self._running: deque[float] = deque()
        self._heavy: deque[float] = deque()
        # Calls by method and path's shape, answers by status, credits by path's shape.
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.spent: Counter[str] = Counter()
        self.most_at_once = 0

    @property
    def daily(self) -> int:
        """The credits of a day."""
        if self._org.switches.daily_credits:
            return self._org.switches.daily_credits
        base, each, most, _ = _EDITIONS[self._org.switches.edition]
        users = sum(user.status == "active" for user in self._org.users.values())
        total = base + each * users
        return total if most is None else min(total, most)

    @property
    def at_once(self) -> int:
        """How many calls of one client there may be at once."""
        return self._org.switches.concurrency or _EDITIONS[self._org.switches.edition][3]

    @property
    def used(self) -> int:
        """The credits of the last 24 hours."""
        return self._day.used

    def admit(self, *, is_heavy: bool) -> None:
        """Let a call begin; ZohoError 429."""
        switches, now = self._org.switches, time.monotonic()
        if switches.credits_exhausted or self.used >= self.daily:
            raise self._exceeded()
        for running in (self._running, self._heavy):
            while running and running[0] <= now:
                running.popleft()
        if len(self._running) >= self.at_once:
            raise self._exceeded()
        if is_heavy and len(self._heavy) >= switches.sub_concurrency:
            raise self._exceeded()
        if switches.call_seconds > 0:
            self._running.append(now + switches.call_seconds)
            if is_heavy:
                self._heavy.append(now + switches.call_seconds)
        self.most_at_once = max(self.most_at_once, len(self._running))

    def spend(self, number: int, reason: str) -> None:
        """Count the credits of a call, or of another application."""
        self._day.spend(number)
        self.spent[reason] += number

    def header(self) -> dict[str, str]:
        """The header that tells what is left, once half of a day's credits are used."""
        if 2 * self.used < self.daily:
            return {}
        return {"X-API-CREDITS-REMAINING": str(max(0, self.daily - self.used))}

    def waiting(self) -> dict[str, str]:
        """The header of a 429 that says when to come back, where there is one."""
        seconds = self._org.switches.retry_after_seconds
        return {"Retry-After": str(round(seconds))} if seconds > 0 else {}

    def _exceeded(self) -> ZohoError:
        code = self._org.switches.too_many_requests
        return ZohoError(code, _REFUSED, status=HTTPStatus.TOO_MANY_REQUESTS)
