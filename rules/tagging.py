"""The tags of accounts as one SELECT over the facts relation: the heart of Arpent.

Tagging, preview and explanation read this same SELECT, so they cannot disagree. It is built in
layers, each a query over the one below: facts, then rules in the order of their dependencies
(a table first gives the number of the row that won, the next layer its result), then the tags.
`today` is a bound parameter. `recheck_on` is the first later day on which the truth of any
clock-dependent condition can change: until then, and while the facts stay, so do the tags.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, Integer, case, cast, column, func, literal, null, select
from sqlalchemy import Text as TextType
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FromClause, Select
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from rules.facts import FLIPPING
from rules.language import Language, Text
from rules.owned import WHY_LENGTH, Owned
from rules.segments import TAGS, Segments, result_of
from rules.shapes import Rule
from rules.terms import TODAY, Name, Sql

TAG_COLUMNS = (
    "account_id", "is_in_scope", "tier", "tier_row", "priority", "priority_row", "segment",
    "quadrant", "next_contact_on", "contact_status", "why", "recheck_on",
)  # fmt: skip

CONTACT_STATUS: Mapping[str, Text] = {
    "up_to_date": Text("À jour", "Up to date"),
    "late": Text("En retard", "Late"),
    "never": Text("Jamais contacté", "Never contacted"),
}

_SPACES = re.compile(r"[ \t\r\n]+")
_ARGUMENTS = 100  # a function of SQLite takes 127 at most
_NEVER = 2_000_000_000
"""A day far past any calendar: the identity of `_Earliest`."""


class _Earliest(FunctionElement[int]):
    """The smallest of at least two days; none may be NULL."""

    type = Integer()
    inherit_cache = True


@compiles(_Earliest)
def _earliest(element: _Earliest, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's signature
    return f"least({compiler.process(element.clauses, **options)})"


@compiles(_Earliest, "sqlite")
def _earliest_on_sqlite(element: _Earliest, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - same
    return f"min({compiler.process(element.clauses, **options)})"


def _fenced(query: Select[Any]) -> FromClause:
    """A layer that the databases compute once for each row, without storing it.

    Left to itself, their planner (SQLite's flattening, PostgreSQL's pull-up) writes the expression
    of a rule in the place of each of its uses: a chain of six rules that use each other three
    times then takes a thousand times longer. An offset, be it 0, stops both. Layers are named
    apart, since SQLite's parser gives up on subqueries that are nested some thirty times.
    """
    return query.offset(0).cte()


class Tagging:
    """The compiled rules over a facts relation that has `account_id` and a column for each fact.

    Attributes:
        names: every fact and rule, as rules refer to them.
    """

    def __init__(self, segments: Segments, facts: Mapping[str, Name]) -> None:
        self.segments = segments
        self.names = {**facts, **{rule.name: rule.as_name for rule in segments.rules}}
        self.facts = segments.facts(facts)

    def select(self, relation: FromClause) -> Select[Any]:
        """The tags: the columns of `TAG_COLUMNS`, one row for each row of the relation."""
        layer = self.layers(relation)
        tier = self.segments.tier
        has = {rule.name for rule in self.segments.rules}
        values: dict[str, Sql] = {
            "account_id": layer.c.account_id,
            "is_in_scope": func.coalesce(layer.c.is_in_scope, literal(value=False)),
            "tier_row": layer.c.tier_row,
            "priority_row": layer.c.priority_row if Owned.PRIORITY in has else _no(Integer),
            "next_contact_on": layer.c.next_contact_on,
            "contact_status": self._contact_status(layer),
            "why": self._why(tier, layer),
            "recheck_on": self._recheck_on(layer),
            **{tag: layer.c[tag] if tag in has else _no(TextType) for tag in TAGS},
        }
        return select(*(values[name].label(name) for name in TAG_COLUMNS))

    def layers(self, relation: FromClause) -> FromClause:
        """The relation with a column for each fact, each rule, each table's winning row."""
        base = select(*relation.c, self.segments.scope.sql.label("is_in_scope")).select_from(
            relation
        )
        layer = _fenced(base)
        for rules in self._levels():
            layer = self._with_rules(layer, rules)
        return self._with_next_contact(layer)

    def _levels(self) -> list[list[Rule]]:
        """The rules grouped so that each group only uses the groups before it."""
        level: dict[str, int] = {}
        for rule in self.segments.rules:
            level[rule.name] = 1 + max((level.get(name, 0) for name in rule.term.uses), default=0)
        return [
            [rule for rule in self.segments.rules if level[rule.name] == each]
            for each in sorted(set(level.values()))
        ]

    def _with_rules(self, layer: FromClause, rules: Sequence[Rule]) -> FromClause:
        tables = [rule for rule in rules if rule.rows]
        columns: list[Sql] = list(layer.c)
        for rule in rules:
            if rule.rows:
                columns.append(self._row_of(rule).label(rule.row_name))
            else:
                columns.append(rule.term.sql.label(rule.name))
        numbered = _fenced(select(*columns).select_from(layer))
        if not tables:
            return numbered
        results = [
            result_of(
                rule, column(rule.row_name, Integer), self.names, self.segments.language
            ).label(rule.name)
            for rule in tables
        ]
        return _fenced(select(*numbered.c, *results).select_from(numbered))

    @staticmethod
    def _row_of(rule: Rule) -> Sql:
        """The number of the row that won; a tag has none outside the scope."""
        if rule.name not in TAGS:
            return rule.term.sql
        return case((column("is_in_scope", Boolean).is_(True), rule.term.sql))

    def _with_next_contact(self, layer: FromClause) -> FromClause:
        cadence = self.segments.tier.contact_every
        due = _no(Integer)
        if cadence:
            tier = column("tier", TextType)
            days = case(*((tier == name, literal(days)) for name, days in cadence.items()))
            last: Sql = func.coalesce(column("last_logged_contact"), column("created"))
            due = last + days
        return _fenced(select(*layer.c, due.label("next_contact_on")).select_from(layer))

    def _contact_status(self, layer: FromClause) -> Sql:
        if not self.segments.tier.contact_every:
            return _no(TextType)
        due = layer.c.next_contact_on
        return case(
            (due.is_(None), null()),
            (layer.c.last_logged_contact.is_(None), literal("never")),
            (due < TODAY, literal("late")),
            else_=literal("up_to_date"),
        )

    def _why(self, tier: Rule, layer: FromClause) -> Sql:
        """The tier's label and the reason of the row that won, stable and at most 250 long."""
        language = self.segments.language
        reasons = [
            (layer.c.tier_row == index, literal(why_of(tier, index, language)))
            for index, _ in enumerate(tier.rows, 1)
        ]
        return case(*reasons)

    def _recheck_on(self, layer: FromClause) -> Sql:
        flips: list[Sql] = [layer.c[FLIPPING[name]] for name in self.facts if name in FLIPPING]
        terms = [self.segments.scope, *(rule.term for rule in self.segments.rules)]
        flips += [flip for term in terms for flip in term.flips]
        if self.segments.tier.contact_every:
            flips.append(layer.c.next_contact_on + 1)
        later = [case((flip > TODAY, flip), else_=literal(_NEVER)) for flip in flips]
        earliest: Sql = literal(_NEVER)
        for start in range(0, len(later), _ARGUMENTS):
            earliest = _Earliest(earliest, *later[start : start + _ARGUMENTS])
        return func.nullif(earliest, _NEVER)


def _no(kind: type[TypeEngine[Any]]) -> Sql:
    """NULL of a type, which PostgreSQL wants to know."""
    return cast(null(), kind)


def why_of(tier: Rule, row: int, language: Language) -> str:
    """`Or : client au potentiel …` for a row of the tier table (1 is the first)."""
    found = tier.rows[row - 1]
    label = tier.choices[found.then].to(language)
    colon = Text(" : ", ": ").to(language)
    # A CRM may fold line ends and spaces, and what it then holds would never equal ours.
    sentence = _SPACES.sub(" ", f"{label}{colon}{found.why.to(language)}").strip()
    return sentence if len(sentence) <= WHY_LENGTH else f"{sentence[: WHY_LENGTH - 1]}…"
