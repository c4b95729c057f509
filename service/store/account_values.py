"""The live accounts with their rep and the values that KPIs ask of them, as one relation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import case, select
from sqlalchemy.sql.expression import FromClause

from rules.conditions import compile_condition
from rules.kpi.accounts import names_behind, rules_behind, with_rules
from rules.measures import measured
from rules.rulebook import Rulebook
from rules.segments import TAGS
from rules.terms import Sql, Term
from service.store.bindings import Slots
from service.store.facts import fact_slots, facts_relation
from service.store.tables import account, owner, tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of the accounts besides their rep, tier and scope.

    `segment` and `potential` name a fact or a rule; `flags` are conditions, by the name of the
    column that tells whether each holds.
    """

    segment: str | None = None
    potential: str | None = None
    flags: Mapping[str, str] = field(default_factory=dict)


def account_values(book: Rulebook, slots: Slots, wanted: Wanted) -> FromClause:
    """(id, rep_key, tier, is_in_scope), and what is asked for.

    One row for each account that is not archived; `today` is a bound parameter where a condition
    speaks of days.
    """
    terms = {
        name: compile_condition(text, book.tagging.names) for name, text in wanted.flags.items()
    }
    source: FromClause = account
    columns: list[Sql] = [account.c.id, owner.c.rep_key, tag.c.tier, tag.c.is_in_scope]
    if wanted.segment or wanted.potential or terms:
        values = _values(book, slots, wanted, terms)
        # It comes first, for it has no index, and accounts have theirs.
        source = values.join(account, account.c.id == values.c.account_id)
        columns += [each for each in values.c if each.key != "account_id"]
    source = source.outerjoin(owner, owner.c.id == account.c.owner_id)
    source = source.outerjoin(tag, tag.c.account_id == account.c.id)
    query = select(*columns).select_from(source).where(account.c.archived_at.is_(None))
    return query.subquery("account_values")


def _values(book: Rulebook, slots: Slots, wanted: Wanted, terms: Mapping[str, Term]) -> FromClause:
    """(account_id, segment, potential, a column for each flag): those that are asked for.

    A condition that is unknown does not hold.
    """
    named = {"segment": wanted.segment, "potential": wanted.potential}
    asked = {key: name for key, name in named.items() if name is not None}
    uses = [name for term in terms.values() for name in term.uses]
    layer = _layer(book, slots, list(dict.fromkeys([*asked.values(), *uses])))
    columns = [layer.c[name].label(key) for key, name in asked.items()]
    flags = [case((term.sql.is_(True), 1), else_=0).label(name) for name, term in terms.items()]
    return select(layer.c.account_id, *columns, *flags).select_from(layer).subquery("asked")


def _layer(book: Rulebook, slots: Slots, asked: Sequence[str]) -> FromClause:
    """(account_id, a column for each name)."""
    names, segments = book.tagging.names, book.segments
    behind = names_behind(segments, asked)
    facts = [name for name in behind if name not in TAGS]
    tags = [name for name in behind if name in TAGS]
    relation = facts_relation(
        facts, fact_slots(slots), measures=measured(names[name] for name in facts)
    )
    if tags:
        stored = [tag.c[name] for name in tags]
        joined = relation.outerjoin(tag, tag.c.account_id == relation.c.account_id)
        relation = select(*relation.c, *stored).select_from(joined).subquery("with_tags")
    return with_rules(relation, rules_behind(segments, asked), names, segments)
