"""One emulated portal: its state, its clock, its switches, and the one way to change it."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import effects
from connectors.sandbox.hubspot.keys import Keyring
from connectors.sandbox.hubspot.state import State
from connectors.sandbox.hubspot.switches import HubSpotSwitches
from connectors.sandbox.hubspot.webhooks import Subscription
from connectors.sandbox.journal import Journal

DEFAULT_SCOPES = frozenset(
    {
        f"crm.{family}.{name}.{right}"
        for family in ("objects", "schemas")
        for name in ("companies", "contacts", "deals")
        for right in ("read", "write")
    }
    | {"crm.objects.owners.read", "oauth"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the portal says about itself."""

    portal_id: int
    zone: str
    currency: str


class Portal:
    """State behind a lock; every change is an event, journalled and then visible."""

    def __init__(self, *, account: Account, clock: PortalClock, journal: Journal | None) -> None:
        self.account = account
        self.clock = clock
        self.switches = HubSpotSwitches()
        self.keyring = Keyring(clock)
        # Access tokens granted and refused for refresh tokens.
        self.refreshes: Counter[str] = Counter(granted=0, refused=0)
        # Apps that are told of changes; what waits for them is not kept in the state file.
        self.subscriptions: list[Subscription] = []
        # (type, id) of records that another process holds → until when; None is until unlocked.
        self.locks: dict[tuple[str, str], datetime | None] = {}
        self.lock = threading.RLock()
        self._journal = journal
        self._pending: list[JsonObject] | None = None
        # Calls admitted since midnight in the portal's zone.
        self.used_today = 0
        self._actor: tuple[str, JsonObject] = _nobody()
        self.state = State()
        if journal is not None:
            for event in journal.replay():
                effects.apply(self.state, event)

    @contextmanager
    def acting(self, method: str, *, app: str, source_type: str, source_id: str) -> Iterator[None]:
        """Attribute what is committed inside to somebody, and journal it in one write."""
        with self.lock:
            before = self._actor
            source = {"app": app, "type": source_type, "id": source_id}
            self._actor = (method, source)
            outermost = self._pending is None
            if self._pending is None:
                self._pending = []
            try:
                yield
            finally:
                self._actor = before
                if outermost:
                    pending, self._pending = self._pending, None
                    if pending and self._journal is not None:
                        self._journal.append(pending)

    def commit(self, kind: str, **details: object) -> JsonObject:
        """Apply one event; the instant is the clock's unless `at` is given."""
        method, source = self._actor
        event: JsonObject = {
            "kind": kind,
            "at": self.clock.stamp(),
            "method": method,
            "source": source,
            **details,
        }
        effects.apply(self.state, event)
        for subscription in self.subscriptions:
            subscription.take(event)
        if self._pending is not None:
            if self._journal is not None:
                self._pending.append(event)
        elif self._journal is not None:
            self._journal.append([event])
        return event

    def is_locked(self, kind: str, record_id: str) -> bool:
        """Tell whether another process holds a record, so that the API answers 423."""
        if (kind, record_id) not in self.locks:
            return False
        until = self.locks[kind, record_id]
        return until is None or until > self.clock.now()


def _nobody() -> tuple[str, JsonObject]:
    return "POST", {"app": "portal", "type": "CRM_UI", "id": "portal"}
