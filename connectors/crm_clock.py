"""The clock of a CRM, by the `Date` of its answers, and its zone by the name that it gives."""

import threading
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.base import Remark
from connectors.pace import Clock
from rules.language import Text
from rules.time import Instant, instant_of

# `Date` is cut to the second and answers take their time; a minute is a clock that is wrong.
MOST_APART = 60_000

_DATE_PRECISION = 1_000


class CrmClock:
    """How far a CRM's clock is from ours. Thread-safe. `offset` is in milliseconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.offset: int | None = None

    def now(self) -> Instant:
        """The CRM's clock, at most a second early; ours until it has answered."""
        return self._clock.wall() + (self.offset or 0)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take the `Date` of an answer, where it is one."""
        try:
            theirs = instant_of(parsedate_to_datetime(headers.get("Date") or ""))
        except (ValueError, TypeError, OverflowError):
            return
        offset = theirs - self._clock.wall()
        with self._lock:
            known = self.offset
            # `Date` is cut to the second: the greatest offset is the nearest, until a clock moves.
            if known is None or not -_DATE_PRECISION < offset - known <= 0:
                self.offset = offset


def remarks(offset: int | None, crm: str) -> Sequence[Remark]:
    """Whether this machine's clock agrees with a CRM's, which is `offset` milliseconds later."""
    if offset is None or abs(offset) <= MOST_APART:
        return ()
    minutes = max(1, round(abs(offset) / 60_000))
    way = Text("retarde", "is slow") if offset > 0 else Text("avance", "is fast")
    return (
        Remark(
            is_fine=False,
            text=Text(
                f"l'horloge de cette machine {way.fr} d'environ {minutes} min sur celle de "
                f"{crm} : les échéances et les semaines seront fausses. Activez la mise à "
                "l'heure automatique (NTP).",
                f"this machine's clock {way.en} by about {minutes} min against {crm}'s: due "
                "dates and weeks will be wrong. Turn automatic time (NTP) on.",
            ),
        ),
    )


def zone_of(name: str) -> ZoneInfo:
    """A zone by its name; UTC where the name is unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
