"""A CRM on a busy day: what its people, its administrators and its limits do beside the usual.

`Crm` has what every test of the contract needs; the tests of behaviours need a `BusyCrm`, whose
clock is the CRM's own and which waits for nothing.
"""

import threading
import time
from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from connectors.pace import Clock
from connectors.sandbox.clock import PortalClock
from rules.records import Kind
from rules.time import Instant, instant_of
from tests.contract.crm import Crm

# A Monday, 8:00 in Toronto: the look of the week is due since an hour.
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


class BusyCrm(Crm):
    """A CRM whose people are at work; ids of owners are those of the CRM."""

    # Under which name playbooks bind its fields.
    vendor: str
    # Whether a restored record is among what changed, or only at its next change.
    shows_restored = True

    @abstractmethod
    def now(self) -> Instant:
        """The present there."""

    @abstractmethod
    def put_owner(self, first: str, last: str, email: str) -> str: ...

    @abstractmethod
    def deactivate_owner(self, owner: str) -> None: ...

    @abstractmethod
    def reactivate_owner(self, owner: str) -> None: ...

    @abstractmethod
    def reassign(self, kind: Kind, external_id: str, owner: str) -> None:
        """Give an account or an opportunity to another owner."""

    @abstractmethod
    def restore(self, kind: Kind, external_id: str) -> None:
        """Take a record out of the recycle bin."""

    @abstractmethod
    def purge(self, kind: Kind, external_id: str) -> None:
        """Empty the recycle bin of a record."""

    @abstractmethod
    def set_potential(self, account: str, value: str) -> None:
        """Type another `potentiel`."""

    @abstractmethod
    def own_value(self, account: str, name: str) -> str | None:
        """What a field of ours holds in the CRM now."""

    @abstractmethod
    def edit_by(self, owner: str, account: str, name: str, value: str | None) -> None:
        """An owner edits a field of ours."""

    # Administrators.

    @abstractmethod
    def relabel_field(self, name: str, label: str) -> None:
        """Show a field of accounts (by its name in the CRM) under another label."""

    @abstractmethod
    def retype_field(self, name: str) -> None:
        """Make a field of accounts one of days."""

    @abstractmethod
    def remove_field(self, name: str) -> None:
        """Take a field of accounts away."""

    @abstractmethod
    def use_currencies(self, rates: Mapping[str, str]) -> None:
        """Use other currencies too; each rate is the worth of one unit in the home currency."""

    @abstractmethod
    def put_deal(
        self, amount: str, account: str, *, owner: str | None = None, currency: str | None = None
    ) -> str:
        """Create an open opportunity of an owner, in a currency."""

    @abstractmethod
    def refuse(self, account: str) -> str:
        """Make the CRM refuse a tier on an account, of accounts that have a `secteur`.

        Returns words of its reason.
        """

    @abstractmethod
    def accept(self, account: str, /) -> None:
        """Let an account be written again."""

    # Limits and sessions.

    @abstractmethod
    def storm(self, calls: int) -> None:
        """Refuse the next calls, because there are too many."""

    @abstractmethod
    def end_session(self) -> None:
        """End the session of the connector: it must log in anew."""

    @abstractmethod
    def withdraw(self) -> None:
        """Take the connector's access away for good."""

    @abstractmethod
    def logins(self) -> int:
        """How often the connector has logged in."""

    @abstractmethod
    def lose_the_next_batch(self) -> None:
        """The next values of ours are written, and the answer is lost."""

    @abstractmethod
    def lose_the_next_task(self) -> None:
        """The next task is created, and the answer is lost."""

    @abstractmethod
    def writes(self) -> int:
        """How many writes the CRM has taken, whoever's."""

    @abstractmethod
    def lower_caps(self, patch: pytest.MonkeyPatch) -> None:
        """Let an answer, and what can be paged through, have a few records at most."""


class Hurry:
    """Seconds that pass at once when the connector sleeps, there as here. Thread-safe."""

    def __init__(self, there: PortalClock) -> None:
        self._there = there
        self._lock = threading.Lock()
        self.slept = 0.0

    def clock(self) -> Clock:
        """The clocks of a connector."""
        return Clock(monotonic=self._monotonic, wall=self._wall, sleep=self._sleep)

    def _monotonic(self) -> float:
        return time.monotonic() + self.slept

    def _wall(self) -> Instant:
        return instant_of(self._there.now())

    def _sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept += seconds
            self._there.advance(timedelta(seconds=seconds))
