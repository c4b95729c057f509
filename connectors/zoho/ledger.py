"""The credits: what this process has spent in 24 hours, and what the organization has left.

Zoho sells calls as credits over rolling 24 hours, by edition and users (its page on API limits). It
tells what is left only once half is spent (`X-API-CREDITS-REMAINING`), so a ledger of our own is
kept until then. A fifth is never ours: the customer's other tools work too.
"""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from connectors.base import Allowance
from connectors.pace import Clock, DailyBudget
from rules.time import Instant, moment_of

RESERVE = 0.20
# The 24 hours roll: some credits come back at any time. It is looked at again after an hour.
LOOK_AGAIN = 60 * 60 * 1000
HEADER = "X-API-CREDITS-REMAINING"
FIELD_CREDITS, BULK_CREDITS, DELETED_CREDITS, PER_CREDIT = 10, 50, 2, 10

_DAY = 24 * 60 * 60 * 1000
_GRAIN = 60 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What an edition of Zoho CRM allows: credits a day, calls at once, custom fields a module.

    `base` and `fields` are None where they are not known.
    """

    name: str
    base: int | None
    per_user: int
    most: int | None
    calls: int
    fields: int | None

    def credits_of(self, users: int) -> int | None:
        """The credits of a day; None where they are not known."""
        if self.base is None:
            return None
        total = self.base + self.per_user * max(0, users)
        return total if self.most is None else min(total, self.most)


_FREE = Edition(name="Free", base=5_000, per_user=0, most=5_000, calls=5, fields=None)
# Of a name that is not known: the fewest calls at once, and credits as Zoho tells them.
_OTHER = Edition(name="?", base=None, per_user=0, most=None, calls=5, fields=None)
_STANDARD = Edition(
    name="Standard", base=50_000, per_user=250, most=100_000, calls=10, fields=10
)  # fmt: skip
_PROFESSIONAL = Edition(
    name="Professional", base=50_000, per_user=500, most=3_000_000, calls=15, fields=155
)  # fmt: skip
_ENTERPRISE = Edition(
    name="Enterprise", base=50_000, per_user=1_000, most=5_000_000, calls=20, fields=300
)  # fmt: skip
_ULTIMATE = Edition(
    name="Ultimate", base=50_000, per_user=2_000, most=None, calls=25, fields=500
)  # fmt: skip
_BY_WORD = (
    ("ultimate", _ULTIMATE),
    ("plus", _ULTIMATE),
    ("enterprise", _ENTERPRISE),
    ("zohoone", _ENTERPRISE),
    ("professional", _PROFESSIONAL),
    ("standard", _STANDARD),
    ("free", _FREE),
)


def edition_of(told: str) -> Edition:
    """The edition of a word of `license_details`."""
    written = told.lower().replace(" ", "").replace("_", "")
    return next((edition for word, edition in _BY_WORD if word in written), _OTHER)


class Ledger:
    """The credits of one organization, as this process knows them. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self.zone = ZoneInfo("UTC")
        self._clock = clock
        self._lock = threading.Lock()
        self._spent: deque[tuple[Instant, int]] = deque()
        self._total = 0
        self._limit: int | None = None
        self._left: int | None = None
        self._told_at: Instant = 0
        self._budget = DailyBudget(clock=clock, reserve=RESERVE)

    @property
    def total(self) -> int:
        """The credits spent since the process began."""
        return self._total

    def set_limit(self, limit: int | None) -> None:
        """Learn the credits of a day; None where they are not known."""
        self._limit = limit

    def check(self) -> None:
        """Raise `Retriable` while our share of the day's credits is used up."""
        self._budget.check(self._hour)

    def use_up(self) -> None:
        """Zoho says that the credits are used up."""
        self._budget.use_up(self._clock.wall() + LOOK_AGAIN)

    def spend(self, credits_: int) -> None:
        """Enter a call that was sent."""
        now = self._clock.wall()
        with self._lock:
            self._total += credits_
            if self._spent and now - self._spent[-1][0] < _GRAIN:
                self._spent[-1] = (self._spent[-1][0], self._spent[-1][1] + credits_)
            else:
                self._spent.append((now, credits_))
            while self._spent and now - self._spent[0][0] >= _DAY:
                self._spent.popleft()
            recent = sum(spent for _, spent in self._spent)
        if self._limit is not None and self._left is None:
            self._observe(self._limit - recent, now)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take what is left from the headers of an answer, where they tell it."""
        written = (headers.get(HEADER) or "").strip()
        if not written.lstrip("-").isdecimal():
            return
        now = self._clock.wall()
        self._left, self._told_at = max(0, int(written)), now
        # Told from half on: where the edition is not known yet, twice as much is a good guess.
        self._observe(self._left, now)

    def allowance(self, calls: int) -> Allowance | None:
        """The day's credits; None before the edition is known.

        What is left is told as Zoho tells it: our own ledger knows neither the other processes
        nor the customer's other tools.
        """
        if self._limit is None:
            return None
        return Allowance(
            seen_at=self._told_at or self._clock.wall(),
            burst=calls,
            window_seconds=1.0,
            daily=self._limit,
            daily_left=self._left,
        )

    def _observe(self, left: int, now: Instant) -> None:
        limit = self._limit if self._limit is not None else 2 * left
        self._budget.observe(limit=limit, remaining=left, resets_at=now + LOOK_AGAIN)

    def _hour(self, instant: Instant) -> str:
        return f"{moment_of(instant, self.zone):%H:%M} ({self.zone.key})"
