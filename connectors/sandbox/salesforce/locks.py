"""Rows that another transaction holds: a share of them by chance, and those that were named."""

import random
from collections import Counter

from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.switches import SalesforceSwitches


class RowLocks:
    """Decides which write meets a lock; the same seed gives the same decisions."""

    def __init__(self) -> None:
        self._seed: int | None = None
        self._chance = random.Random(0)  # noqa: S311 - a reproducible plan, not a secret

    def check(self, named: Counter[str], switches: SalesforceSwitches, record_id: str) -> None:
        """Refuse a write to a row that is held; a named lock is used up by it."""
        if self._seed != switches.lock_row_seed:
            self._seed = switches.lock_row_seed
            self._chance = random.Random(self._seed)  # noqa: S311 - as above
        is_named = named[record_id] > 0
        if is_named:
            named[record_id] -= 1
        share = switches.lock_row_percent / 100
        if is_named or (share > 0 and self._chance.random() < share):
            raise SalesforceError(
                "UNABLE_TO_LOCK_ROW",
                f"unable to obtain exclusive access to this record or 1 records: {record_id[:15]}",
                fields=[],
            )
