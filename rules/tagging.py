"""The tags of accounts as one SELECT over the facts relation: the heart of Arpent.

Tagging, preview and explanation read this same SELECT, so they cannot disagree. It is built in
layers, each a query over the one below: facts and circumstances, then rules in the order of their
dependencies (a table first gives the number of the row that won, the next layer its result), then
the tags. The tier is settled (`rules.settling`) before the rules that use it. Days are bound
parameters (`Tagging.parameters`). `recheck_on` is the first later day on which the truth of any
clock-dependent condition can change: until then, and while the facts stay, so do the tags.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, Integer, and_, case, column, func, literal, null, or_, select
from sqlalchemy import Text as TextType
from sqlalchemy.sql.expression import FromClause, Select

from rules.calendar import end_of_quarter
from rules.circumstances import CIRCUMSTANCES, NOTICE
from rules.days_off import days_off
from rules.earliest import first_later
from rules.easing import Easing
from rules.language import Text
from rules.layers import fenced, nothing
from rules.measures import measured
from rules.owned import Owned
from rules.segments import TAGS, Segments, result_of
from rules.settling import FREEZE_FLIP_ON, IS_FROZEN, RATED_TIER, SINCE, Settling
from rules.shapes import Rule
from rules.team import Team
from rules.terms import TODAY, Name, Sql
from rules.time import Day, date_of
from rules.why import Reasons

TAG_COLUMNS = (
    "account_id", "is_in_scope", "tier", "tier_row", "priority", "priority_row", "segment",
    "quadrant", "next_contact_on", "contact_status", "why", "recheck_on", "rated_tier",
    "settled_by", "lower_since_on", "received_on", "rep",
)  # fmt: skip

CONTACT_STATUS: Mapping[str, Text] = {
    "up_to_date": Text("À jour", "Up to date"),
    "late": Text("En retard", "Late"),
    "never": Text("Jamais contacté", "Never contacted"),
}


class Tagging:
    """The compiled rules over a facts relation that has `account_id` and a column for each fact.

    The relation may bring circumstances (`rules.circumstances`) as well. `team` knows when quarters
    end; without it no tier is frozen.

    Attributes:
        names: every fact and rule, as rules refer to them.
        facts: the facts that the rules read.
        measures: those of them that are computed from the records of an account.
        flips: the columns of the relation with the days on which a fact changes by itself.
    """

    def __init__(
        self, segments: Segments, facts: Mapping[str, Name], team: Team | None = None
    ) -> None:
        self.segments = segments
        self._team = team
        self._settling = Settling(segments)
        self._easing = Easing(segments)
        self.names = {**facts, **{rule.name: rule.as_name for rule in segments.rules}}
        self.facts = segments.facts(facts)
        self.measures = measured(self.names[name] for name in self.facts)
        self.flips = tuple(flip for name in self.facts if (flip := self.names[name].flip))

    @property
    def has_caps(self) -> bool:
        """Whether the tier of an account depends on the other accounts of its rep."""
        return bool(self.segments.budget.caps)

    def parameters(self, today: Day) -> dict[str, Any]:
        """The bound parameters of the SELECT on a day."""
        count = self.segments.budget.freeze
        if not count or self._team is None:
            return {"today": today}
        start_month = self._team.fiscal_year
        off = self._days_off(today)
        found = end_of_quarter(today, count, start_month, off)
        is_frozen = today in found
        flip = found.last + 1 if is_frozen else found.first
        return {"today": today, IS_FROZEN.key: is_frozen, FREEZE_FLIP_ON.key: flip}

    def _days_off(self, today: Day) -> frozenset[Day]:
        """The holidays of the years that the quarter of a day may touch."""
        region, year = (self._team.holidays if self._team else None), date_of(today).year
        return days_off(region, year) | days_off(region, year + 1)

    def select(self, relation: FromClause) -> Select[Any]:
        """The tags: the columns of `TAG_COLUMNS`, one row for each row of the relation."""
        layer = self.layers(relation)
        has = {rule.name for rule in self.segments.rules}
        reasons = Reasons(self.segments, relation.c.keys())
        values: dict[str, Sql] = {
            "account_id": layer.c.account_id,
            "is_in_scope": func.coalesce(layer.c.is_in_scope, literal(value=False)),
            "tier_row": layer.c.tier_row,
            "priority_row": layer.c.priority_row if Owned.PRIORITY in has else nothing(Integer),
            "next_contact_on": layer.c.next_contact_on,
            "contact_status": self._contact_status(layer),
            "recheck_on": self._recheck_on(layer),
            RATED_TIER: layer.c[RATED_TIER],
            "settled_by": layer.c.settled_by,
            "lower_since_on": layer.c[SINCE],
            "received_on": layer.c.received_on,
            "rep": layer.c.rep,
            **{tag: layer.c[tag] if tag in has else nothing(TextType) for tag in TAGS},
        }
        columns = [sql.label(name) for name, sql in values.items()]
        told = fenced(select(*columns, *reasons.parts(layer)))
        found: dict[str, Sql] = {
            "why": reasons.why(told),
            **{name: told.c[name] for name in values},
        }
        return select(*(found[name].label(name) for name in TAG_COLUMNS))

    def layers(self, relation: FromClause) -> FromClause:
        """The relation with a column for each fact, each rule, each table's winning row."""
        scope = self.segments.scope.sql.label("is_in_scope")
        unknown = [
            nothing(kind).label(name)
            for name, kind in CIRCUMSTANCES.items()
            if name not in relation.c
        ]
        eased = [self._easing.fact()] if self._easing else []
        layer = fenced(select(*relation.c, *unknown, *eased, scope).select_from(relation))
        for rules in self._levels():
            layer = self._with_rules(layer, rules)
            if any(rule.name == Owned.TIER for rule in rules):
                layer = self._settling.settled(layer)
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
            sql = self._row_of(rule) if rule.rows else rule.term.sql
            columns.append(sql.label(rule.row_name if rule.rows else rule.name))
            if self._easing.has(rule):
                name = self._easing.row_name(rule) if rule.rows else self._easing.name(rule)
                columns.append(self._easing.eased(sql).label(name))
        numbered = fenced(select(*columns).select_from(layer))
        if not tables:
            return numbered
        results = [result for rule in tables for result in self._results(rule)]
        return fenced(select(*numbered.c, *results).select_from(numbered))

    def _results(self, rule: Rule) -> list[Sql]:
        """What a table gives by the row that won; the tier is only rated by it."""
        row = column(rule.row_name, Integer)
        found = result_of(rule, row, self.names, self.segments.language)
        eased = (
            [self._easing.eased(found).label(self._easing.name(rule))]
            if self._easing.has(rule)
            else []
        )
        if rule.name == Owned.PRIORITY:
            found = self._decided(rule, found)
        name = RATED_TIER if rule.name == Owned.TIER else rule.name
        return [found.label(name), *eased]

    @staticmethod
    def _decided(rule: Rule, found: Sql) -> Sql:
        """The priority that a person decided, where there is one; none outside the scope."""
        imposed, is_in_scope = column("imposed_priority", TextType), column("is_in_scope", Boolean)
        is_known = or_(*(imposed == value for value in rule.choices))
        return case((and_(is_in_scope.is_(True), is_known), imposed), else_=found)

    @staticmethod
    def _row_of(rule: Rule) -> Sql:
        """The number of the row that won; a tag has none outside the scope."""
        if rule.name not in TAGS:
            return rule.term.sql
        return case((column("is_in_scope", Boolean).is_(True), rule.term.sql))

    def _with_next_contact(self, layer: FromClause) -> FromClause:
        cadence = self.segments.tier.contact_every
        due = nothing(Integer)
        if cadence:
            tier = column("tier", TextType)
            days = case(*((tier == name, literal(days)) for name, days in cadence.items()))
            last: Sql = func.coalesce(column("last_logged_contact"), column("created"))
            due = last + days
        return fenced(select(*layer.c, due.label("next_contact_on")).select_from(layer))

    def _contact_status(self, layer: FromClause) -> Sql:
        if not self.segments.tier.contact_every:
            return nothing(TextType)
        due = layer.c.next_contact_on
        return case(
            (due.is_(None), null()),
            (layer.c.last_logged_contact.is_(None), literal("never")),
            (due < TODAY, literal("late")),
            else_=literal("up_to_date"),
        )

    def _recheck_on(self, layer: FromClause) -> Sql:
        flips: list[Sql] = [layer.c[flip] for flip in self.flips]
        terms = [self.segments.scope, *(rule.term for rule in self.segments.rules)]
        flips += [flip for term in terms for flip in term.flips]
        if self.segments.tier.contact_every:
            flips.append(layer.c.next_contact_on + 1)
        flips += [*self._settling.flips(layer), layer.c.refused_on + NOTICE]
        return first_later(flips)
