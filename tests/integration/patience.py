"""A connector's clock on which waiting takes no time: the CRM's moves along instead."""

import threading
import time
from datetime import timedelta

from connectors.pace import Clock
from connectors.sandbox.emulated import Emulated
from connectors.sandbox.hubspot import HubSpotSandbox
from rules.time import instant_of


class Patience:
    """Counts the seconds that were waited. Thread-safe."""

    def __init__(self, emulated: Emulated) -> None:
        self.waited = 0.0
        self._emulated = emulated
        self._lock = threading.Lock()
        if isinstance(emulated, HubSpotSandbox):
            # Its limits are counted by the machine's clock, which does not move along.
            emulated.switches.ten_second_limit = 100_000
            emulated.switches.search_per_second = 100_000

    @property
    def clock(self) -> Clock:
        """The clocks of a connector."""
        return Clock(
            monotonic=lambda: time.monotonic() + self.waited,
            wall=lambda: instant_of(self._emulated.clock.now()),
            sleep=self._sleep,
            jitter=lambda: 0.5,
        )

    def _sleep(self, seconds: float) -> None:
        with self._lock:
            self.waited += seconds
            self._emulated.clock.advance(timedelta(seconds=seconds))
