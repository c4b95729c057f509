"""Preview: what a push would write, old → new, by rep and reason. It costs no API call."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from service.store import outbox
from service.store.engine import Store
from service.store.outbox import Pending

BATCH = 100
"""Accounts in one request to a CRM; a vendor with smaller batches cuts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The values that are owed; `calls` is how many requests a push would send."""

    changes: Sequence[Pending]
    accounts: int
    calls: int

    def by_field(self) -> Counter[str]:
        """How many values of each field."""
        return Counter(change.field for change in self.changes)

    def by_rep(self) -> Counter[str]:
        """How many accounts of each owner."""
        owners = {change.account_id: change.owner or "–" for change in self.changes}
        return Counter(owners.values())


def run(store: Store, connection_id: int, *, rep_key: str | None = None) -> Preview:
    """What the outbox owes; nothing is sent, and nothing changes."""
    with store.read() as connection:
        changes = outbox.pending(connection, connection_id, rep_key=rep_key)
    accounts = len({change.account_id for change in changes})
    return Preview(changes=changes, accounts=accounts, calls=ceil(accounts / BATCH))
