"""What Salesforce's answers tell besides what was asked: the day's calls, and its clock.

`Sforce-Limit-Info: api-usage=18/100000` counts the calls of the whole org over the last 24 hours,
every tool's. A share of them is left to the others.
"""

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from connectors import crm_clock
from connectors.base import Allowance, Remark
from connectors.http import Answer
from connectors.pace import Clock, DailyBudget
from rules.time import Instant, moment_of

# A fifth of the org's calls is never ours.
RESERVE = 0.20
# The 24 hours roll: some calls come back at any time. It is looked at again after an hour.
LOOK_AGAIN = 60 * 60 * 1000

_USAGE = re.compile(r"(?:^|[;,\s])api-usage=(\d+)/(\d+)")


class Limits:
    """The limits of one org, and its clock. Thread-safe. `zone` is that of the org."""

    def __init__(self, clock: Clock) -> None:
        self.zone = ZoneInfo("UTC")
        self._clock = clock
        self._budget = DailyBudget(clock=clock, reserve=RESERVE)
        self._day: tuple[int, int] | None = None
        self._told_at: Instant = 0
        self._crm_clock = crm_clock.CrmClock(clock)

    def now(self) -> Instant:
        """Salesforce's clock, at most a second early; ours until it has answered."""
        return self._crm_clock.now()

    def check(self) -> None:
        """Raise `Retriable` while our share of the day's calls is used up."""
        self._budget.check(self._hour)

    def use_up(self) -> None:
        """Salesforce says that the day's calls are used up."""
        self._budget.use_up(self._clock.wall() + LOOK_AGAIN)

    def learn(self, answer: Answer) -> None:
        """Take the clock and the day's calls from the headers of an answer."""
        self._crm_clock.learn(answer.headers)
        found = _USAGE.search(answer.headers.get("Sforce-Limit-Info") or "")
        if found is None or int(found[2]) == 0:
            return
        used, limit = int(found[1]), int(found[2])
        now = self._clock.wall()
        self._day = (limit, max(0, limit - used))
        self._told_at = now
        self._budget.observe(limit=limit, remaining=limit - used, resets_at=now + LOOK_AGAIN)

    def allowance(self, burst: int, window_seconds: float) -> Allowance | None:
        """The day's calls as last told; None before."""
        if self._day is None:
            return None
        limit, left = self._day
        return Allowance(
            seen_at=self._told_at,
            burst=burst,
            window_seconds=window_seconds,
            daily=limit,
            daily_left=left,
        )

    def remarks(self) -> Sequence[Remark]:
        """Whether this machine's clock agrees with Salesforce's."""
        return crm_clock.remarks(self._crm_clock.offset, "Salesforce")

    def _hour(self, instant: Instant) -> str:
        return f"{moment_of(instant, self.zone):%H:%M} ({self.zone.key})"
