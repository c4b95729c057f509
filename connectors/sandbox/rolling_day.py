"""What was used of a limit within the last 24 hours of an emulated CRM's clock."""

from collections import deque
from datetime import datetime, timedelta

from connectors.sandbox.clock import PortalClock

_DAY = timedelta(hours=24)


class RollingDay:
    """Counts by the minute, so that a day of many calls stays small."""

    def __init__(self, clock: PortalClock) -> None:
        self._clock = clock
        self._minutes: deque[tuple[datetime, int]] = deque()
        self._used = 0

    @property
    def used(self) -> int:
        """How much was used in the last 24 hours."""
        horizon = self._clock.now() - _DAY
        while self._minutes and self._minutes[0][0] <= horizon:
            self._used -= self._minutes.popleft()[1]
        return self._used

    def spend(self, number: int) -> None:
        """Use so much now."""
        minute = self._clock.now().replace(second=0, microsecond=0)
        before = 0
        if self._minutes and self._minutes[-1][0] == minute:
            before = self._minutes.pop()[1]
        self._minutes.append((minute, before + number))
        self._used += number
