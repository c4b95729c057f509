"""What Salesforce's answers tell besides what was asked: the day's calls, and its clock.

`Sforce-Limit-Info: api-usage=18/100000` counts the calls of the whole org over the last 24 hours,
every tool's. A share of them is left to the others.
"""

import re
import threading
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from connectors.base import Allowance, Remark
from connectors.http import Answer
from connectors.pace import Clock, DailyBudget
from rules.language import Text
from rules.time import Instant, instant_of, moment_of

# A fifth of the org's calls is never ours.
RESERVE = 0.20
# The 24 hours roll: some calls come back at any time. It is looked at again after an hour.
LOOK_AGAIN = 60 * 60 * 1000
MOST_APART = 60_000

_USAGE = re.compile(r"(?:^|[;,\s])api-usage=(\d+)/(\d+)")
_DATE_PRECISION = 1_000


class Limits:
    """The limits of one org, and its clock. Thread-safe. `zone` is that of the org."""

    def __init__(self, clock: Clock) -> None:
        self.zone = ZoneInfo("UTC")
        self._clock = clock
        self._budget = DailyBudget(clock=clock, reserve=RESERVE)
        self._day: tuple[int, int] | None = None
        self._told_at: Instant = 0
        self._offset: int | None = None
        self._lock = threading.Lock()

    def now(self) -> Instant:
        """Salesforce's clock, at most a second early; ours until it has answered."""
        return self._clock.wall() + (self._offset or 0)

    def check(self) -> None:
        """Raise `Retriable` while our share of the day's calls is used up."""
        self._budget.check(self._hour)

    def use_up(self) -> None:
        """Salesforce says that the day's calls are used up."""
        self._budget.use_up(self._clock.wall() + LOOK_AGAIN)

    def learn(self, answer: Answer) -> None:
        """Take the clock and the day's calls from the headers of an answer."""
        if (date := answer.headers.get("Date")) is not None:
            self._set_clock(date)
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
        offset = self._offset
        if offset is None or abs(offset) <= MOST_APART:
            return ()
        minutes = max(1, round(abs(offset) / 60_000))
        way = Text("retarde", "is slow") if offset > 0 else Text("avance", "is fast")
        return (
            Remark(
                is_fine=False,
                text=Text(
                    f"l'horloge de cette machine {way.fr} d'environ {minutes} min sur celle de "
                    "Salesforce : les échéances et les semaines seront fausses. Activez la mise à "
                    "l'heure automatique (NTP).",
                    f"this machine's clock {way.en} by about {minutes} min against Salesforce's: "
                    "due dates and weeks will be wrong. Turn automatic time (NTP) on.",
                ),
            ),
        )

    def _set_clock(self, date: str) -> None:
        try:
            theirs = instant_of(parsedate_to_datetime(date))
        except (ValueError, TypeError):
            return
        offset = theirs - self._clock.wall()
        with self._lock:
            known = self._offset
            # `Date` is cut to the second: the greatest offset is the nearest, until a clock moves.
            if known is None or not -_DATE_PRECISION < offset - known <= 0:
                self._offset = offset

    def _hour(self, instant: Instant) -> str:
        return f"{moment_of(instant, self.zone):%H:%M} ({self.zone.key})"
