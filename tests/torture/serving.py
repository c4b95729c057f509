"""The portal in a process of its own: served over HTTP, and asked over a line what became of it."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

from tests.torture import checking
from tests.torture.portal import Portal
from tests.torture.processes import forked


class Served:
    """A portal that is served: `url` is where, the rest is asked over the line."""

    def __init__(self, portal: Portal, line: "Connection[Any, Any]") -> None:
        self.url: str = line.recv()
        # The same clock on both sides: this copy of the portal is the clock of Arpent.
        self.clock = portal.sandbox.clock
        self._line = line

    def ask(self, name: str, *given: Any) -> Any:
        """Have the serving process do one of `_Serving`'s methods."""
        self._line.send((name, given))
        return self._line.recv()

    def set_clock(self, instant: datetime) -> None:
        """Make this the present, for the portal and for whoever is made from now on."""
        self.clock.set(instant)
        self.ask("set_clock", self.clock._start, self.clock._origin)

    def picture(self, database: str, since: int) -> dict[str, Any]:
        """What the portal and a store hold now: see `checking`."""
        picture: dict[str, Any] = self.ask("picture", database, since)
        return picture


@contextmanager
def served(portal: Portal) -> Iterator[Served]:
    """A copy of this portal, served until the end of the block."""
    process = forked(lambda line: _Serving(portal).run(line))
    try:
        yield Served(portal, process.line)
    finally:
        process.kill()


class _Serving:
    """The serving process."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._sandbox = portal.sandbox

    def run(self, line: "Connection[Any, Any]") -> None:
        """Serve and answer until the other side is gone."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        line.send(self._sandbox.start())
        while True:
            try:
                name, given = line.recv()
            except EOFError:
                return
            line.send(getattr(self, name)(*given))

    def set_clock(self, start: datetime, origin: float) -> None:
        """Take over the clock of the other side."""
        self._sandbox.clock._start, self._sandbox.clock._origin = start, origin

    def disturb(self, rules: list[dict[str, Any]], seed: int, switches: Mapping[str, Any]) -> None:
        """Replace the faults, and turn switches."""
        self._sandbox.set_faults(*rules, seed=seed)
        self._portal.switches.change(dict(switches))

    def set_potential(self, company: str, potential: str) -> None:
        """Edit a company as a person does."""
        self._portal.set_potential(company, potential)

    def tier(self, company: str) -> str | None:
        """The tier that a company holds."""
        return self._portal.values()[company]["tier"]

    def fired(self) -> Mapping[str, int]:
        """How often each fault has fired, by its name, and all requests as `requests`."""
        rules = self._sandbox.faults.as_json()["rules"]
        counts = {str(rule["name"]): 0 for rule in rules} | {"requests": self._portal.requests()}
        for rule in rules:
            counts[str(rule["name"])] += rule["fired"]
        return counts

    def written(self) -> int:
        """How many writes the portal has seen."""
        return self._portal.written()

    def picture(self, database: str, since: int) -> dict[str, Any]:
        """What the portal and a store hold now."""
        return checking.picture(self._portal, database, since)

    def false_acknowledgements(self, database: str) -> list[str]:
        """Values that a store wrongly takes for settled."""
        return checking.false_acknowledgements(self._portal, database)

    def state(self) -> tuple[Any, ...]:
        """All that another portal needs to go on from here."""
        return self._portal.state()
