"""When accounts were modified as they were last seen, where people write in fields of ours.

A write to such a field goes with `If-Unmodified-Since`: what somebody has typed meanwhile is not
overwritten. Kept for the time of a process, the latest ten thousand.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable

from rules.owned import BY_PEOPLE
from rules.records import Account, Record
from rules.time import Instant

_MOST = 10_000
PEOPLE_S = frozenset(field.value for field in BY_PEOPLE)


class Seen:
    """The moments by account. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moments: OrderedDict[str, Instant] = OrderedDict()

    def learn(self, external_id: str, modified_at: Instant) -> None:
        """An account was seen as it was last modified then."""
        with self._lock:
            self._moments[external_id] = modified_at
            self._moments.move_to_end(external_id)
            while len(self._moments) > _MOST:
                self._moments.popitem(last=False)

    def learn_all(self, records: Iterable[Record]) -> None:
        """Accounts on which people have written in fields of ours."""
        for record in records:
            if isinstance(record, Account) and any(
                value is not None for name, value in record.observed.items() if name in PEOPLE_S
            ):
                self.learn(record.external_id, record.modified_at)

    def update(self, external_id: str, modified_at: Instant | None) -> None:
        """We have modified it ourselves."""
        with self._lock:
            if external_id in self._moments and modified_at is not None:
                self._moments[external_id] = modified_at

    def of(self, external_id: str) -> Instant | None:
        """When an account was last modified as far as was seen; None where it was not."""
        with self._lock:
            return self._moments.get(external_id)
