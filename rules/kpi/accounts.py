"""The values of accounts that KPIs need: facts, stored tags and rules, as columns of a relation.

A rule that is no tag is computed again, with the rules that it uses and nothing else; a tag is
what the store holds.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.sql.expression import FromClause

from rules.layers import fenced
from rules.segments import TAGS, Segments, result_of
from rules.shapes import Rule
from rules.terms import Name


def rules_behind(segments: Segments, wanted: Collection[str]) -> list[Rule]:
    """The rules that must be computed for some names, in their order; no stored tag."""
    needed, stack = set[str](), list(wanted)
    while stack:
        name = stack.pop()
        rule = segments.rule(name)
        if rule is not None and name not in TAGS and name not in needed:
            needed.add(name)
            stack.extend(rule.term.uses)
    return [rule for rule in segments.rules if rule.name in needed]


def names_behind(segments: Segments, wanted: Collection[str]) -> list[str]:
    """The facts and stored tags that some names come from."""
    rules = rules_behind(segments, wanted)
    computed = {rule.name for rule in rules}
    read = dict.fromkeys([*wanted, *(name for rule in rules for name in rule.term.uses)])
    return [name for name in read if name not in computed]


def with_rules(
    relation: FromClause, rules: Sequence[Rule], names: Mapping[str, Name], segments: Segments
) -> FromClause:
    """The relation with a column for each rule; each may use those before it."""
    layer = relation
    for rule in rules:
        if not rule.rows:
            layer = fenced(select(*layer.c, rule.term.sql.label(rule.name)).select_from(layer))
            continue
        numbered = select(*layer.c, rule.term.sql.label(rule.row_name)).select_from(layer)
        layer = fenced(numbered)
        found = result_of(rule, layer.c[rule.row_name], names, segments.language)
        kept = [each for each in layer.c if each.key != rule.row_name]
        layer = fenced(select(*kept, found.label(rule.name)).select_from(layer))
    return layer
