"""The search index: what search knows of the records, which may be older than the records.

Every version of a record waits here until its lag has passed. Documents are kept in the order of
their modified stamps, so that a search by that stamp looks at its window only.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable
from typing import NamedTuple

from connectors.sandbox.clock import epoch_milliseconds

# From here on, sorting everything again is cheaper than moving places one by one.
_MANY = 400

Values = dict[str, str]


class _Waiting(NamedTuple):
    at: int
    number: int
    record: int
    values: Values


class SearchIndex:
    """The documents of one type of record; `modified` names the stamp that orders them."""

    def __init__(self, modified: str) -> None:
        self._modified = modified
        self._documents: dict[int, Values] = {}
        self._numbers: dict[int, int] = {}
        self._places: dict[int, int] = {}
        self._order: list[tuple[int, int]] = []
        self._hidden: set[int] = set()
        self._waiting: list[_Waiting] = []
        self._count = 0

    def put(self, record: int, values: Values, at: str) -> None:
        """Take in a version of a record; it can be found once its lag has passed."""
        self._count += 1
        self._waiting.append(_Waiting(epoch_milliseconds(at) or 0, self._count, record, values))

    def fill(self, versions: Iterable[tuple[int, Values]]) -> None:
        """Take in many records that are old enough to be found."""
        for record, values in versions:
            self._documents[record] = values
            self._places[record] = self._stamp(values)
        self._sort()

    def hide(self, record: int) -> None:
        """Keep a record from being found: it was archived, or merged into another."""
        self._hidden.add(record)
        self._unplace(record)

    def show(self, record: int) -> None:
        """Let a restored record be found again."""
        self._hidden.discard(record)
        if record in self._documents:
            self._place(record)

    def catch_up(self, now: int, lag: Callable[[str], float] | None) -> None:
        """Apply the versions whose lag (in seconds, by their mark) has passed; None: all."""
        if lag is None:
            due, later = self._waiting, list[_Waiting]()
        else:
            due, later = [], []
            for version in self._waiting:
                wait = lag(f"{version.record}:{version.at}") * 1000
                (due if version.at + wait <= now else later).append(version)
        self._waiting = later
        changed = {version.record for version in due if self._apply(version)}
        if len(changed) > _MANY:
            for record in changed - self._hidden:
                self._places[record] = self._stamp(self._documents[record])
            self._sort()
            return
        for record in changed - self._hidden:
            self._unplace(record)
            self._place(record)

    def _apply(self, version: _Waiting) -> bool:
        # A version that was overtaken by a later one is dropped.
        if self._numbers.get(version.record, 0) > version.number:
            return False
        self._numbers[version.record] = version.number
        self._documents[version.record] = version.values
        return True

    def _stamp(self, values: Values) -> int:
        return epoch_milliseconds(values[self._modified]) or 0

    def _place(self, record: int) -> None:
        place = self._places[record] = self._stamp(self._documents[record])
        insort(self._order, (place, record))

    def _unplace(self, record: int) -> None:
        place = self._places.pop(record, None)
        if place is not None:
            del self._order[bisect_left(self._order, (place, record))]

    def _sort(self) -> None:
        self._order = sorted((place, record) for record, place in self._places.items())

    def between(self, low: int | None, high: int | None) -> list[int]:
        """Return records modified between two instants (milliseconds, both included), in order."""
        start = 0 if low is None else bisect_left(self._order, (low, 0))
        end = len(self._order) if high is None else bisect_right(self._order, (high + 1, 0))
        return [record for _, record in self._order[start:end]]

    def values(self, record: int) -> Values | None:
        """Return what the index holds of a record; None when it cannot be found."""
        return None if record in self._hidden else self._documents.get(record)
