"""What each rule can give, over everything that its facts can be, as decision diagrams.

Rules stand on facts through other rules, and a diagram follows them all the way down, so what
can't go together (an amount of 50 000 $ and the band of the great ones) is never put together.
A `when` is opaque: it is taken for a fact of its own, yes, no or unknown. So is a table that
writes texts, and one that is too large.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.cells import Limit, read_cell
from rules.diagrams import Diagrams, Node, variables_of
from rules.domains import Domain, domain_of
from rules.language import Text
from rules.numbers import read_number
from rules.owned import Owned
from rules.records import FieldType
from rules.segments import TAGS, Segments
from rules.shapes import Rule
from rules.terms import Name
from rules.time import Day

STEP_LIMIT = 300_000
_SCOPE = Name(name="", type=FieldType.YES_NO, label=Text("", ""), choices={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A row, a band or a cell of points: where it stands under its rule, and when it holds."""

    path: tuple[str | int, ...]
    cells: Sequence[tuple[str, str]]
    holds: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Rungs of which the first that holds counts; `names` are what they are about."""

    names: Sequence[str]
    rungs: Sequence[Rung]


class Outcomes:
    """The diagrams of the rules, built in their order.

    With `is_tier_free` the tier may be any of its values whatever its table says, as where a
    person imposes it.
    """

    def __init__(
        self, segments: Segments, facts: Mapping[str, Name], today: Day, *, is_tier_free: bool
    ) -> None:
        self.diagrams = Diagrams()
        self.domains: list[Domain] = []
        self.opaque: set[str] = set()
        self._names = {**facts, **{rule.name: rule.as_name for rule in segments.rules}}
        self._today = today
        self._is_tier_free = is_tier_free
        self._limits: dict[str, list[Limit]] = {}
        for rule in segments.rules:
            for name, text in _cells(rule):
                self._limits.setdefault(name, []).extend(self._read(name, text))
        self._variables: dict[str, int] = {}
        self._results: dict[str, Node] = {}
        self._in_scope = self._variable(_SCOPE)

    def ladders(self, rule: Rule) -> list[Ladder]:
        """The ladders of a rule: one of a table or of bands, one for each group of points."""
        body = rule.written
        match rule.shape:
            case "table":
                rows = [
                    ((index,), [(cell.name, cell.text) for cell in row.cells])
                    for index, row in enumerate(rule.rows)
                ]
                return [self._ladder(rule, rows)]
            case "bands":
                bands = [
                    ((value,), [(body["of"], text)])
                    for value, text in body.items()
                    if value != "of"
                ]
                return [self._ladder(rule, bands)]
            case "points":
                return [
                    self._ladder(rule, [((name, text), [(name, text)]) for text in cells])
                    for name, cells in body.items()
                ]
        return []

    def settle(self, rule: Rule, ladders: Sequence[Ladder]) -> None:
        """Let later rules see what a rule gives."""
        if rule.shape == "when" or rule.type is FieldType.TEXT:
            self.close(rule)
            return
        result = self._result(rule, ladders)
        if rule.name in TAGS:
            # Outside the scope there are no tags.
            in_scope = self.diagrams.mapped(self._in_scope, lambda value: value is True)
            result = self.diagrams.choose(in_scope, result, self.diagrams.end(None))
        if rule.name == Owned.TIER and self._is_tier_free:
            result = self._variable(rule.as_name)
        self._results[rule.name] = result

    def close(self, rule: Rule) -> None:
        """Take a rule for a fact of its own."""
        self.opaque.add(rule.name)
        self._results[rule.name] = self._variable(rule.as_name)

    def seen(self, name: str, rule: Rule) -> Node:
        """What a name can be where a rule uses it: a tag is only ever made in the scope."""
        if name not in self._results:
            self._results[name] = self._variable(self._names[name])
        result = self._results[name]
        return self.diagrams.fixed(result, 0, 0) if rule.name in TAGS else result

    def names_in(self, node: Node) -> set[str]:
        """The facts and the opaque rules on which a function depends."""
        return {self.domains[variable].name.name for variable in variables_of(node)}

    def variable(self, name: str) -> int:
        """The variable of a fact or an opaque rule."""
        return self._variables[name]

    def domain(self, name: str) -> Domain:
        """How the values of a name are spoken of."""
        if name in self._variables:
            return self.domains[self._variables[name]]
        return Domain(name=self._names[name], examples=())

    def account(self, way: Mapping[int, int]) -> dict[str, Any]:
        """What an account is that goes this way: a value for every fact and opaque rule."""
        return {
            domain.name.name: domain.examples[way.get(variable, 0)]
            for variable, domain in enumerate(self.domains)
            if domain.name is not _SCOPE
        }

    def cell(self, rule: Rule, name: str, text: str) -> Node:
        """Where a cell of a rule holds."""
        limits, today = self._read(name, text), self._today
        return self.diagrams.mapped(
            self.seen(name, rule),
            lambda value: any(limit.holds(value, today) for limit in limits),
        )

    def _ladder(
        self, rule: Rule, rungs: Sequence[tuple[tuple[str | int, ...], list[tuple[str, str]]]]
    ) -> Ladder:
        names = dict.fromkeys(name for _, cells in rungs for name, _ in cells)
        found = []
        for path, cells in rungs:
            holds = self.diagrams.end(True)
            for name, text in cells:
                holds = self.diagrams.both(holds, self.cell(rule, name, text))
            found.append(Rung(path=(rule.shape, *path), cells=cells, holds=holds))
        return Ladder(names=tuple(names), rungs=found)

    def _result(self, rule: Rule, ladders: Sequence[Ladder]) -> Node:
        if rule.shape != "points":
            results = [row.then.strip() for row in rule.rows] or [
                value for value in rule.written if value != "of"
            ]
            return self._first(ladders[0], results, self.diagrams.end(None))
        total = self.diagrams.end(0.0)
        for ladder, cells in zip(ladders, rule.written.values(), strict=True):
            # What is not listed counts for nothing, but an unknown makes the sum unknown.
            subject = self.seen(ladder.names[0], rule)
            unlisted = self.diagrams.mapped(subject, lambda value: None if value is None else 0.0)
            points = [read_number(each) for each in cells.values()]
            total = self.diagrams.added(total, self._first(ladder, points, unlisted))
        return total

    def _first(self, ladder: Ladder, results: Sequence[Any], otherwise: Node) -> Node:
        for rung, result in zip(reversed(ladder.rungs), reversed(results), strict=True):
            otherwise = self.diagrams.choose(rung.holds, self.diagrams.end(result), otherwise)
        return otherwise

    def _read(self, name: str, text: str) -> list[Limit]:
        return read_cell(text, self._names[name].term)

    def _variable(self, name: Name) -> Node:
        """A new variable of the diagrams, with the examples of a name as its values."""
        domain = domain_of(name, self._limits.get(name.name, ()), self._today)
        self._variables[name.name] = len(self.domains)
        self.domains.append(domain)
        ends = [self.diagrams.end(each) for each in domain.examples]
        return self.diagrams.node(self._variables[name.name], ends)


def _cells(rule: Rule) -> Iterator[tuple[str, str]]:
    """Every cell of a rule, with the name that it is about."""
    match rule.shape:
        case "table":
            yield from ((cell.name, cell.text) for row in rule.rows for cell in row.cells)
        case "bands":
            body = rule.written
            yield from ((body["of"], text) for value, text in body.items() if value != "of")
        case "points":
            yield from ((name, text) for name, cells in rule.written.items() for text in cells)
