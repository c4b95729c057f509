"""The portal's clock: it starts where it is told and runs forward in real time.

Every stamp that a client can see (created, modified, `Date`) comes from here. The windows of
the rate limits do not: they use the machine's monotonic clock.
"""

import re
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class PortalClock:
    """A clock that can be set and advanced; it never stands still by itself."""

    def __init__(self, start: datetime | None = None, zone: str = "America/Toronto") -> None:
        self.zone = ZoneInfo(zone)
        self.set(start or datetime.now(UTC))

    def now(self) -> datetime:
        """Return the portal's present instant, in UTC."""
        return self._start + timedelta(seconds=time.monotonic() - self._origin)

    def set(self, instant: datetime) -> None:
        """Make `instant` the present; an instant without a zone is in the portal's zone."""
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=self.zone)
        self._start = instant.astimezone(UTC)
        self._origin = time.monotonic()

    def advance(self, span: timedelta) -> None:
        """Move the present forward (or back, with a negative span)."""
        self.set(self.now() + span)

    def stamp(self) -> str:
        """Return the present as `stamp` prints instants."""
        return stamp(self.now())

    def midnight(self, day: date) -> datetime:
        """Return the instant at which `day` begins in the portal's zone, in UTC."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)


def stamp(instant: datetime) -> str:
    """Print an instant in UTC to the millisecond; a round second has no fraction."""
    instant = instant.astimezone(UTC)
    millisecond = instant.microsecond // 1000
    seconds = instant.isoformat()[:19]
    return f"{seconds}.{millisecond:03d}Z" if millisecond else f"{seconds}Z"


def epoch_milliseconds(text: str) -> int | None:
    """Read an instant (ISO 8601 or epoch milliseconds) as epoch milliseconds; None if neither.

    An ISO date alone, and an ISO instant without a zone, are in UTC.
    """
    try:
        if _ISO_DATE.match(text):
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is None:
                instant = instant.replace(tzinfo=UTC)
            return round(instant.timestamp() * 1000)
        return int(text)
    except (ValueError, OverflowError):
        return None


def from_milliseconds(milliseconds: int) -> datetime:
    """Turn epoch milliseconds into an instant; OverflowError or ValueError out of range."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
