"""What a search can tell from its filters before it looks at a record.

The index knows the records by modified stamp and by id: bounds on these cut the work down, so that
a search for what changed lately is quick whatever the portal holds.
"""

from collections.abc import Callable
from typing import NamedTuple

from connectors.sandbox.clock import epoch_milliseconds
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.filters import Filter
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.vocabulary import ObjectType
from connectors.sandbox.hubspot.wire import is_whole


class Bounds(NamedTuple):
    """A range of whole numbers, both ends included; None is open."""

    low: int | None = None
    high: int | None = None

    def narrowed(self, operator: str, values: tuple[int, int]) -> "Bounds":
        """Return the part of this range that one more filter leaves."""
        low, high = _RANGES[operator](*values)
        lows = [end for end in (self.low, low) if end is not None]
        highs = [end for end in (self.high, high) if end is not None]
        return Bounds(max(lows, default=None), min(highs, default=None))


_RANGES: dict[str, Callable[[int, int], tuple[int | None, int | None]]] = {
    "GT": lambda value, _: (value + 1, None),
    "GTE": lambda value, _: (value, None),
    "LT": lambda value, _: (None, value - 1),
    "LTE": lambda value, _: (None, value),
    "EQ": lambda value, _: (value, value),
    "BETWEEN": lambda value, high: (value, high),
}


class Criterion(NamedTuple):
    """One filter: what it looks at, as it was sent, and the test that it became."""

    name: str
    row: JsonObject
    test: Filter

    @property
    def operator(self) -> str:
        """The operator, which is a known one."""
        return str(self.row.get("operator"))

    def is_whole_number(self, portal: Portal) -> bool:
        """Tell whether the ids are compared as the whole numbers that the filter names."""
        sent = [self.row.get("value"), self.row.get("highValue", "0")]
        return not portal.switches.lexicographic_ids and all(is_whole(str(one)) for one in sent)

    def read(self, reader: Callable[[str], int | None]) -> tuple[int, int]:
        """Return value and high value as numbers; what is absent is 0."""
        value, high = self.row.get("value"), self.row.get("highValue", "0")
        return reader(str(value)) or 0, reader(str(high)) or 0


class Window(NamedTuple):
    """Which records can match at all, and the filters that each has still to pass."""

    stamps: Bounds
    ids: Bounds
    rest: list[list[Criterion]]


def window_of(portal: Portal, kind: ObjectType, groups: list[list[Criterion]]) -> Window:
    """Return the bounds that one group sets to the modified stamp and the id, and what is left.

    The index is in the order of both, so these filters cost nothing; several groups are tried on
    every record.
    """
    stamps, ids, rest = Bounds(), Bounds(), list[Criterion]()
    if len(groups) != 1:
        return Window(stamps, ids, groups)
    for one in groups[0]:
        if one.name == kind.modified and one.operator in _RANGES:
            stamps = stamps.narrowed(one.operator, one.read(epoch_milliseconds))
        elif one.name == "hs_object_id" and one.operator in _RANGES and one.is_whole_number(portal):
            ids = ids.narrowed(one.operator, one.read(int))
        else:
            rest.append(one)
    return Window(stamps, ids, [rest] if rest else [])
