"""A portal and an installation beside it, where nobody waits: the clocks of the pace are turned."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from pydantic import SecretStr

from connectors.hubspot.connector import HubSpot
from connectors.pace import Clock
from connectors.sandbox.hubspot import HubSpotSandbox
from rules.records import Kind
from rules.time import instant_of
from service import provision, pull
from service.app import open_app
from service.pull import PullReport
from service.push import Push
from service.settings import SHIPPED_PLAYBOOK, Settings
from service.store import rulebooks, runs
from tests.acceptance.territory import PEOPLE, Territory
from tests.scenarios.equality import assert_equal, differences

# More calls than any story makes.
_PLENTY = 10_000_000
# Longer than the hour after which the archived records are listed anew.
A_WHILE = timedelta(minutes=90)


class Hurried:
    """Seconds that pass at once when somebody sleeps. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slept = 0.0
        self._ticks = count()

    def monotonic(self) -> float:
        """The seconds slept so far, and a little more at each look."""
        with self._lock:
            return self._slept + next(self._ticks) * 1e-6

    def sleep(self, seconds: float) -> None:
        """Let them have passed."""
        with self._lock:
            self._slept += seconds


@dataclass(frozen=True, slots=True)
class World(Territory):
    """A portal, Arpent connected to it, and the question whether they hold the same."""

    def wait(self, span: timedelta = A_WHILE) -> None:
        """Let time pass, by default until the archived records are listed again."""
        Territory.wait(self, span)

    def pull(self, *kinds: Kind, full: bool = False) -> PullReport:
        """Read what changed, or everything, into the store."""
        crm = self.app.connect(self.connector)
        return pull.run(
            self.app.store,
            self.connector,
            connection_id=crm.id,
            run_id=None,
            now=self.app.clock,
            kinds=kinds or pull.ORDER,
            full=full,
        )

    def push(self) -> None:
        """Write what is owed, as a run of its own, from what the store knows."""
        store, rulebook = self.app.store, self.app.published().rulebook
        with store.write() as connection:
            run_id = runs.begin_run(connection, "push", self.app.clock())
        crm = self.app.connection(self.connector.vendor)
        Push(store, self.connector, rulebook, crm.id, self.app.clock).run(run_id)

    def check(self) -> None:
        """The store equals the CRM."""
        assert_equal(self.portal, self.app.store)

    def differences(self) -> list[str]:
        """What is not the same in the CRM and in the store."""
        return differences(self.portal, self.app.store)


@contextmanager
def opened(portal: HubSpotSandbox, database: str) -> Iterator[World]:
    """A served portal with a migrated store: the playbook published, its fields created."""
    portal.switches.change(
        {
            "ten_second_limit": _PLENTY,
            "search_per_second": _PLENTY,
            "daily_limit": _PLENTY,
            "property_delay_seconds": 0.0,
        }
    )
    portal.add_token(PEOPLE, name="Gestion")
    settings = Settings(database_url=database, playbook=SHIPPED_PLAYBOOK, hubspot_url=portal.url)
    app = open_app(settings, lambda: instant_of(portal.clock.now()))
    hurried = Hurried()
    connector = HubSpot(
        SecretStr(portal.token),
        base_url=portal.url,
        clock=Clock(monotonic=hurried.monotonic, sleep=hurried.sleep),
    )
    try:
        with app.store.write() as connection:
            rulebooks.publish(
                connection, app.compile(), author="ops", reason="essai", now=app.clock()
            )
        provision.run(connector, app.published().rulebook, dry_run=False)
        yield World(portal, app, connector)
    finally:
        connector.close()
        app.store.close()
