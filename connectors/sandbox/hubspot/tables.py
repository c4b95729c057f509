"""The records of one object type, and the ways to find them."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from connectors.sandbox.hubspot.index import SearchIndex
from connectors.sandbox.hubspot.vocabulary import ObjectType


class Entry(NamedTuple):
    """One past or present value of a property."""

    value: str
    timestamp: str
    source_type: str
    source_id: str


@dataclass(slots=True)
class Record:
    """A record; an absent name in `values` is an empty property."""

    id: str
    values: dict[str, str]
    created_at: str
    updated_at: str
    archived: bool = False
    archived_at: str = ""
    history: dict[str, list[Entry]] = field(default_factory=dict)
    is_generated: bool = False

    def entries(self, name: str) -> list[Entry]:
        """Return the values that a property had, oldest first.

        A record that was generated keeps no history of what nobody has changed since.
        """
        if not self.is_generated or name in self.history or name not in self.values:
            return self.history.get(name, [])
        return [Entry(self.values[name], self.created_at, "IMPORT", "generated")]


class Table:
    """The records of one type, with their ids in numeric order for keyset paging."""

    def __init__(self, kind: ObjectType) -> None:
        self.records: dict[str, Record] = {}
        self.live: list[int] = []
        self.archived: list[int] = []
        # A merged record's old id → the id that survives.
        self.merged: dict[str, str] = {}
        self.index = SearchIndex(kind.modified)
        # Property → value → ids of the records that have it; made when first asked for.
        self._holders: dict[str, dict[str, set[str]]] = {}

    def insert(self, record: Record) -> None:
        """Add a new live record."""
        self.records[record.id] = record
        insort(self.live, int(record.id))
        self._hold(record.id, {}, record.values)
        self.index.put(int(record.id), record.values, record.updated_at)

    def extend(self, records: Iterable[Record]) -> None:
        """Add many live records that are old enough for search to know them."""
        fresh = {record.id: record for record in records}
        self.records |= fresh
        self.live = sorted([*self.live, *map(int, fresh)])
        self._holders.clear()
        self.index.fill((int(record.id), record.values) for record in fresh.values())

    def change(self, record: Record, values: dict[str, str], at: str) -> None:
        """Give a record another dictionary of values."""
        self._hold(record.id, record.values, values)
        record.values, record.updated_at = values, at
        self.index.put(int(record.id), values, at)

    def move(self, record: Record, *, archived: bool) -> None:
        """Put a record among the archived ones, or back."""
        source, target = (self.live, self.archived) if archived else (self.archived, self.live)
        del source[bisect_left(source, int(record.id))]
        insort(target, int(record.id))
        record.archived = archived
        (self.index.hide if archived else self.index.show)(int(record.id))

    def remove(self, record: Record) -> None:
        """Forget a record that was merged into another, or deleted for good."""
        ids = self.archived if record.archived else self.live
        del ids[bisect_left(ids, int(record.id))]
        del self.records[record.id]
        self._hold(record.id, record.values, {})
        self.index.hide(int(record.id))

    def page(self, after: int, limit: int, *, archived: bool) -> tuple[list[Record], bool]:
        """Return up to `limit` records with an id above `after`, and whether more follow."""
        ids = self.archived if archived else self.live
        start = bisect_right(ids, after)
        chosen = ids[start : start + limit]
        return [self.records[str(number)] for number in chosen], start + limit < len(ids)

    def get(self, record_id: str, *, follow_merges: bool = False) -> Record | None:
        """Return a record by id; a merged id leads to its survivor if asked."""
        record = self.records.get(record_id)
        while record is None and follow_merges and record_id in self.merged:
            record_id = self.merged[record_id]
            record = self.records.get(record_id)
        return record

    def holder(self, name: str, text: str) -> Record | None:
        """Find the oldest live record whose property has a value."""
        if name not in self._holders:
            self._holders[name] = {}
            for record in self.records.values():
                if name in record.values:
                    self._holders[name].setdefault(record.values[name], set()).add(record.id)
        held = self._holders[name].get(text, set())
        found = [one for one in held if not self.records[one].archived]
        return self.records[min(found, key=int)] if found else None

    def _hold(self, record_id: str, before: dict[str, str], after: dict[str, str]) -> None:
        for name, holders in self._holders.items():
            old, new = before.get(name), after.get(name)
            if old != new:
                if old is not None:
                    holders[old].discard(record_id)
                if new is not None:
                    holders.setdefault(new, set()).add(record_id)
