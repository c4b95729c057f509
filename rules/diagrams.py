"""Decision diagrams: functions of a few variables that each take a few values, shared and exact.

A node asks for one variable and has a child for each of its values; an end has a result. Nodes
ask for variables in one order, equal nodes are one node, and a node whose children are all the
same is that child: so two functions are equal exactly when they are the same node, and a table
of many criteria stays small.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_END = 1_000_000
"""The variable of an end: after all others."""


class TooLarge(Exception):  # noqa: N818 - of what is asked, which is no fault
    """More steps than were allowed."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A function of the variables from `variable` on; an end has a result and no children."""

    variable: int
    children: tuple["Node", ...] = ()
    result: Any = None


class Diagrams:
    """Makes nodes, each only once; `steps`, one for each child, are what is left of the work."""

    def __init__(self) -> None:
        self._ends: dict[Any, Node] = {}
        self._nodes: dict[tuple[int, tuple[int, ...]], Node] = {}
        self.steps = 0

    def end(self, result: Any) -> Node:  # noqa: ANN401 - of any kind that can be a key
        """The function that always has one result."""
        # In a dictionary 1, 1.0 and True are one key.
        key = (type(result), result)
        if key not in self._ends:
            self._ends[key] = Node(_END, result=result)
        return self._ends[key]

    def node(self, variable: int, children: Iterable[Node]) -> Node:
        """The function that asks for a variable, then goes on as the child for its value."""
        each = tuple(children)
        if all(child is each[0] for child in each):
            return each[0]
        key = (variable, tuple(map(id, each)))
        if key not in self._nodes:
            self._nodes[key] = Node(variable, each)
        return self._nodes[key]

    def choose(self, test: Node, then: Node, other: Node) -> Node:
        """Where `test` is true the one, elsewhere the other."""
        return self._choose(test, then, other, {})

    def _choose(self, test: Node, then: Node, other: Node, known: dict[Any, Node]) -> Node:
        if then is other or test.result is True:
            return then
        if test.result is False:
            return other
        key = (id(test), id(then), id(other))
        if key not in known:
            first = min(test.variable, then.variable, other.variable)
            width = max(len(_children(node, first)) for node in (test, then, other))
            self._step(width)
            tests, thens, others = (_cofactors(node, first, width) for node in (test, then, other))
            known[key] = self.node(
                first,
                [
                    self._choose(*each, known=known)
                    for each in zip(tests, thens, others, strict=True)
                ],
            )
        return known[key]

    def both(self, one: Node, other: Node) -> Node:
        """True where both are."""
        return self.choose(one, other, self.end(False))

    def inverse(self, test: Node) -> Node:
        """True where the test is false."""
        return self.choose(test, self.end(False), self.end(True))

    def mapped(self, node: Node, change: Callable[[Any], Any]) -> Node:
        """The same function with its results changed."""
        known: dict[int, Node] = {}

        def visit(each: Node) -> Node:
            if not each.children:
                return self.end(change(each.result))
            if id(each) not in known:
                self._step(len(each.children))
                known[id(each)] = self.node(each.variable, map(visit, each.children))
            return known[id(each)]

        return visit(node)

    def added(self, one: Node, other: Node) -> Node:
        """The sum; unknown (None) where either is."""
        known: dict[tuple[int, int], Node] = {}

        def visit(left: Node, right: Node) -> Node:
            if not left.children and not right.children:
                is_known = left.result is not None and right.result is not None
                return self.end(left.result + right.result if is_known else None)
            key = (id(left), id(right))
            if key not in known:
                first = min(left.variable, right.variable)
                width = max(len(_children(node, first)) for node in (left, right))
                self._step(width)
                pairs = zip(_cofactors(left, first, width), _cofactors(right, first, width),
                            strict=True)  # fmt: skip
                known[key] = self.node(first, [visit(*pair) for pair in pairs])
            return known[key]

        return visit(one, other)

    def fixed(self, node: Node, variable: int, value: int) -> Node:
        """The function once a variable has a value."""
        return self._eliminated(node, variable, lambda children: children[value])

    def always(self, node: Node, variable: int) -> Node:
        """True where the function is, whatever the variable may be."""

        def all_of(children: tuple[Node, ...]) -> Node:
            first, *others = children
            for child in others:
                first = self.both(first, child)
            return first

        return self._eliminated(node, variable, all_of)

    def _eliminated(
        self, node: Node, variable: int, merge: Callable[[tuple[Node, ...]], Node]
    ) -> Node:
        known: dict[int, Node] = {}

        def visit(each: Node) -> Node:
            if each.variable > variable:
                return each
            if id(each) not in known:
                self._step(len(each.children))
                known[id(each)] = (
                    merge(each.children)
                    if each.variable == variable
                    else self.node(each.variable, map(visit, each.children))
                )
            return known[id(each)]

        return visit(node)

    def _step(self, width: int) -> None:
        self.steps -= width
        if self.steps < 0:
            raise TooLarge


def _children(node: Node, variable: int) -> tuple[Node, ...]:
    return node.children if node.variable == variable else ()


def _cofactors(node: Node, variable: int, width: int) -> tuple[Node, ...]:
    return node.children if node.variable == variable else (node,) * width


def is_possible(test: Node) -> bool:
    """Whether a test is true for anything at all."""
    return test.result is not False


def first_way(test: Node) -> dict[int, int]:
    """Values that make a possible test true, the first of each variable where it can be."""
    way = {}
    while test.children:
        # Any node that is not False is true for something.
        value = next(n for n, child in enumerate(test.children) if is_possible(child))
        way[test.variable] = value
        test = test.children[value]
    return way


def result_at(node: Node, values: Mapping[int, int]) -> Any:  # noqa: ANN401 - of any kind
    """The result for these values of the variables; the first one for those left out."""
    while node.children:
        node = node.children[values.get(node.variable, 0)]
    return node.result


def variables_of(node: Node) -> set[int]:
    """The variables on which a function depends."""
    found, seen, waiting = set[int](), set[int](), [node]
    while waiting:
        each = waiting.pop()
        if each.children and id(each) not in seen:
            seen.add(id(each))
            found.add(each.variable)
            waiting.extend(each.children)
    return found
