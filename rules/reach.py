"""What an account lacks for a better tier: the changes of its facts that are tried.

Nothing is guessed. The compiled rules compare facts with constants: just before, at and just after
each of them are the only values worth trying, with the values of a choice, and today for what
happens (a contact, a sale). `service.nearby` sends the changed accounts through the same SELECT as
all others, and what is told is what came out better.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Any

from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    ColumnClause,
    Grouping,
)

from rules.domains import COUNTS
from rules.records import FieldType
from rules.segments import Segments
from rules.terms import TODAY, Name
from rules.time import Day

# What the account is, and nobody changes for a tier.
GIVEN = ("name", "domain", "owner", "created")
# Days of what happens: they only move to today.
_HAPPENING = ("last_logged_contact", "last_won")
PAIR_LIMIT = 3_000
MOST_CHANGES = 2

_ORDERED = (FieldType.MONEY, FieldType.NUMBER, FieldType.DATE)
_OF_AN_EVENT = 0.1
"""The distance of a thing to do: shorter than any change of what an account is."""
_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A fact that would be otherwise.

    `lowest` and `highest` are how far the value can go with the same tier or a better one; None
    where it has no end there, both where it has none. `is_over` says that the value itself is the
    first one over a limit, which belongs to the other side.
    """

    name: str
    before: Any
    after: Any
    lowest: Any = None
    highest: Any = None
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Changes made together, and how far they are from the account; the shortest comes first."""

    changes: Sequence[Change]
    distance: tuple[int, float, float]

    def applied(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The facts after the changes."""
        return {**facts, **{each.name: each.after for each in self.changes}}


@dataclass(slots=True, kw_only=True)
class Reach:
    """The facts of one account that could be otherwise, and their values worth trying."""

    names: Mapping[str, Name]
    facts: Mapping[str, Any]
    today: Day
    cuts: dict[str, set[Any]] = field(default_factory=dict)
    values: dict[str, list[Any]] = field(default_factory=dict)

    def singles(self) -> list[Way]:
        """One change at a time, the nearest first."""
        ways = [self._way(change) for changes in self._changes().values() for change in changes]
        return sorted(ways, key=_distance)

    def pairs(self) -> list[Way]:
        """Two changes of two facts, the nearest first, and no more than are worth waiting for."""
        ways = [
            self._way(*pair)
            for one, other in combinations(self._changes().values(), MOST_CHANGES)
            for pair in product(one, other)
        ]
        return sorted(ways, key=_distance)[:PAIR_LIMIT]

    def around(self, way: Way) -> list[tuple[str, Any, Way]]:
        """A way with every value of each ordered fact in it, to see how far it holds."""
        return [
            (change.name, value, _with(way, change.name, value))
            for change in way.changes
            if self._is_ordered(change.name)
            for value in self._far(change.name)
        ]

    def widened(self, way: Way, holding: Mapping[str, Sequence[Any]]) -> Way:
        """A way with how far each of its values can go, from those that hold (of `around`)."""
        return replace(
            way, changes=[self._widened(each, holding.get(each.name, ())) for each in way.changes]
        )

    def _widened(self, change: Change, holding: Sequence[Any]) -> Change:
        if change.after not in holding:
            return change
        tried = self._far(change.name)
        low = high = tried.index(change.after)
        while low > 0 and tried[low - 1] in holding:
            low -= 1
        while high < len(tried) - 1 and tried[high + 1] in holding:
            high += 1
        before = _step(change.after, self.names[change.name].type, -1)
        cuts = self.cuts.get(change.name, set())
        return replace(
            change,
            lowest=tried[low] if low > 0 else None,
            highest=tried[high] if high < len(tried) - 1 else None,
            is_over=before in cuts and change.after not in cuts,
        )

    def _changes(self) -> dict[str, list[Change]]:
        return {
            name: [
                Change(name=name, before=self.facts.get(name), after=value)
                for value in values
                if value != self.facts.get(name)
            ]
            for name, values in self.values.items()
        }

    def _is_ordered(self, name: str) -> bool:
        return self.names[name].type in _ORDERED and not is_happening(self.names[name])

    def _far(self, name: str) -> list[Any]:
        """The values of an ordered fact, and one far past all of its limits."""
        values = self.values[name]
        far = 10 * _YEAR if self.names[name].type is FieldType.DATE else 10 * abs(values[-1]) + 10
        return [*values, values[-1] + far]

    def _way(self, *changes: Change) -> Way:
        distances = [self._distance(each) for each in changes]
        size = sum(abs(each.after - self._origin(each.name))
                   for each in changes if self._is_ordered(each.name))  # fmt: skip
        return Way(changes=changes, distance=(len(changes), round(sum(distances), 9), float(size)))

    def _origin(self, name: str) -> Any:  # noqa: ANN401 - of any fact
        """From where a value is measured: the one of today, else zero, else today."""
        if self.facts.get(name) is not None:
            return self.facts[name]
        return self.today if self.names[name].type is FieldType.DATE else 0

    def _distance(self, change: Change) -> float:
        """From 0 to 1: the relative change of a measure; whole for what is another kind."""
        if is_happening(self.names[change.name]):
            return _OF_AN_EVENT
        if change.before is None or not self._is_ordered(change.name):
            return 1.0
        away = abs(change.after - change.before)
        if self.names[change.name].type is FieldType.DATE:
            return float(away / (away + _YEAR))
        return float(away / max(abs(change.after), abs(change.before)))


def is_happening(name: Name) -> bool:
    """Whether a fact is the day of what happens, as of a contact: it can only move to today."""
    is_past = name.is_past and name.name not in GIVEN
    return name.type is FieldType.DATE and (is_past or name.name in _HAPPENING)


def reach_of(
    segments: Segments,
    names: Mapping[str, Name],
    facts: Mapping[str, Any],
    today: Day,
) -> Reach:
    """What can be tried for the tier of an account, by its facts as columns hold them."""
    reach = Reach(names=names, facts=facts, today=today)
    used = _used(segments)
    for name, cut in _all_cuts(segments, used, facts, today):
        reach.cuts.setdefault(name, set()).add(cut)
    for name in used:
        is_lever = name in facts and name in names and name not in GIVEN
        if is_lever and (values := _values(reach, names[name])):
            reach.values[name] = values
    return reach


def _distance(way: Way) -> tuple[int, float, float]:
    return way.distance


def _with(way: Way, name: str, value: object) -> Way:
    changes = [replace(each, after=value) if each.name == name else each for each in way.changes]
    return replace(way, changes=changes)


def _used(segments: Segments) -> list[str]:
    """Every name on which the tier stands, in the order in which its rules are read."""
    found, waiting = dict[str, None](), list(segments.tier.term.uses)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            rule = segments.rule(name)
            waiting += rule.term.uses if rule else ()
    return list(found)


def _values(reach: Reach, name: Name) -> list[Any]:
    """The values worth trying of a fact: in their order where they have one."""
    cuts = reach.cuts.get(name.name, set())
    match name.type:
        case FieldType.YES_NO:
            return [True, False]
        case FieldType.CHOICE | FieldType.TEXT:
            return list(name.choices) or sorted(cuts)
        case FieldType.DATE if is_happening(name):
            return [reach.today]
    known = cuts or {0}
    is_count = name.is_count or name.name in COUNTS
    is_measure = name.type is not FieldType.DATE
    least = 0 if is_measure and (is_count or min(known) >= 0) else float("-inf")
    near = {_step(cut, name.type, way) for cut in known for way in (-1, 0, 1)}
    return sorted(each for each in near if each >= least)


def _step(value: Any, kind: FieldType, way: int) -> Any:  # noqa: ANN401 - of any fact
    """The value just before or after one: a cent, a day, a unit (a digit more of a fraction)."""
    if kind is not FieldType.NUMBER or value == int(value):
        return value + way
    digits = len(repr(float(value)).partition(".")[2])
    return round(value + way / 10**digits, digits)


def _all_cuts(
    segments: Segments, used: Sequence[str], facts: Mapping[str, Any], today: Day
) -> Iterator[tuple[str, Any]]:
    """Every fact with a value that a rule under the tier compares it with."""
    rules = [segments.tier, *(rule for name in used if (rule := segments.rule(name)))]
    for rule in rules:
        for node in visitors.iterate(rule.term.sql):
            if isinstance(node, BinaryExpression) and operators.is_comparison(node.operator):
                for side, other in ((node.left, node.right), (node.right, node.left)):
                    cut = _constant(other, facts, today)
                    if isinstance(side, ColumnClause) and side.name in facts and cut is not None:
                        yield side.name, cut


def _constant(sql: object, facts: Mapping[str, Any], today: Day) -> Any:  # noqa: ANN401 - of any fact
    """The value of what a fact is compared with, where it does not depend on a rule."""
    match sql:
        case Grouping():
            return _constant(sql.element, facts, today)
        case ColumnClause():
            return facts.get(sql.name)
        case BindParameter():
            return today if sql is TODAY or sql.key == "today" else sql.value
        case BinaryExpression() if sql.operator in {operators.add, operators.sub}:
            left, right = (_constant(each, facts, today) for each in (sql.left, sql.right))
            return None if left is None or right is None else sql.operator(left, right)
    return None
