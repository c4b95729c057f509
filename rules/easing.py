"""The tier that an account would have were one of its facts a little greater: the margin.

Every rule between that fact and the tier is computed once more, under a name of its own, beside
the rule as it is. A space in these names keeps them apart from all that a playbook can name.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Float, cast, column, func, literal
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause

from rules.owned import Owned
from rules.segments import Segments
from rules.shapes import Rule
from rules.terms import Sql

EASED_TIER = f"eased {Owned.TIER.value}"


def increased(value: Sql, share: float) -> Sql:
    """A value and so much of it more, in floating point; less far below zero where it is negative.

    Not a product with `1 + share`: 110 000 is to be as much as 100 000 and a tenth of it.
    """
    number: Sql = cast(value, Float)
    return number + func.abs(number) * literal(share, Float())


class Easing:
    """The rules between the fact of the margin and the tier; none where there is no margin."""

    def __init__(self, segments: Segments) -> None:
        self._fact = segments.budget.margin_fact
        self._share = segments.budget.margin
        self._names: dict[str, str] = {}
        if self._fact is None:
            return
        touched = {self._fact: f"eased {self._fact}"}
        for rule in segments.rules:
            if touched.keys() & set(rule.term.uses):
                touched[rule.name] = f"eased {rule.name}"
        needed = _needed(segments, Owned.TIER.value)
        if Owned.TIER in touched:
            self._names = {
                name: eased
                for name, eased in touched.items()
                if name in needed or name == self._fact
            }

    def __bool__(self) -> bool:
        return bool(self._names)

    def has(self, rule: Rule) -> bool:
        """Whether a rule is computed once more."""
        return rule.name in self._names

    def fact(self) -> Sql:
        """The fact of the margin, increased, under its other name."""
        name = self._fact or ""
        return increased(column(name, Float), self._share).label(self._names[name])

    def eased(self, sql: Sql) -> Sql:
        """An expression over the other names."""
        names = {**self._names, **_row_names(self._names)}

        def replaced(element: Any, **_: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's signature
            if isinstance(element, ColumnClause) and element.name in names:
                return column(names[element.name], element.type)
            return None

        return visitors.replacement_traverse(sql, {}, replaced)

    def name(self, rule: Rule) -> str:
        """The other name of a rule."""
        return self._names[rule.name]

    def row_name(self, rule: Rule) -> str:
        """The other name of the row that won."""
        return f"{self._names[rule.name]} row"


def _row_names(names: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}_row": f"{eased} row" for name, eased in names.items()}


def _needed(segments: Segments, name: str) -> set[str]:
    """A rule, and all that it depends on."""
    found, uses = {name}, {rule.name: rule.term.uses for rule in segments.rules}
    for rule in reversed(segments.rules):
        if rule.name in found:
            found |= set(uses[rule.name])
    return found
