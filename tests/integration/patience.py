"""A connector's clock on which waiting takes no time: the portal's moves along instead."""

import threading
import time
from datetime import timedelta

from connectors.pace import Clock
from connectors.sandbox.hubspot import HubSpotSandbox
from rules.time import instant_of


class Patience:
    """Counts the seconds that were waited. Thread-safe."""

    def __init__(self, portal: HubSpotSandbox) -> None:
        self.waited = 0.0
        self._portal = portal
        self._lock = threading.Lock()
        # Limits of the portal are counted by the machine's clock, which does not move along.
        portal.switches.ten_second_limit = 100_000
        portal.switches.search_per_second = 100_000

    @property
    def clock(self) -> Clock:
        """The clocks of a connector."""
        return Clock(
            monotonic=lambda: time.monotonic() + self.waited,
            wall=lambda: instant_of(self._portal.clock.now()),
            sleep=self._sleep,
            jitter=lambda: 0.5,
        )

    def _sleep(self, seconds: float) -> None:
        with self._lock:
            self.waited += seconds
            self._portal.clock.advance(timedelta(seconds=seconds))
