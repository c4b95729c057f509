"""The challenges that the playbook's own condition grants, by the very rules that tag."""

from sqlalchemy import Connection, select
from sqlalchemy.sql.expression import FromClause

from rules.budget import WANTED
from rules.measures import measured
from rules.owned import Owned
from rules.rulebook import Rulebook
from rules.terms import Term
from rules.time import Day
from service.store import evaluations
from service.store.bindings import Slots
from service.store.challenges import OPEN, SUBMITTED_AGAIN
from service.store.circumstances import beside, with_circumstances
from service.store.facts import fact_slots, facts_relation
from service.store.tables import account, challenge


def grantable(
    connection: Connection, rulebook: Rulebook, condition: Term, slots: Slots, today: Day
) -> list[int]:
    """The open challenges that want a tier and for which a condition is true, by id.

    What an earlier decision had granted, before its rep left, is for a person to see.
    """
    asked = _asked()
    if connection.execute(select(asked.c.challenge_id).limit(1)).first() is None:
        return []
    tagging = rulebook.tagging
    rules = {rule.name for rule in tagging.segments.rules}
    read_too = [name for name in condition.uses if name in tagging.names and name not in rules]
    names = list(dict.fromkeys([*tagging.facts, *read_too]))
    challenged = select(asked.c.challenged_id)
    facts = facts_relation(
        names,
        fact_slots(slots),
        beside(connection, challenged) if tagging.has_caps else challenged,
        measures=measured(tagging.names[name] for name in names),
    )
    is_new = evaluations.has_new_rules(connection, rulebook)
    layers = tagging.layers(with_circumstances(connection, facts, tagging, today, is_new=is_new))
    query = (
        select(asked.c.challenge_id)
        .select_from(layers.join(asked, asked.c.challenged_id == layers.c.account_id))
        .where(layers.c.is_in_scope.is_(True), condition.sql.is_(True))
        .order_by(asked.c.challenge_id)
    )
    return list(connection.scalars(query, tagging.parameters(today)))


def _asked() -> FromClause:
    """The open challenges that want a tier, with the account and the tier."""
    return (
        select(
            challenge.c.id.label("challenge_id"),
            challenge.c.account_id.label("challenged_id"),
            challenge.c.wanted.label(WANTED),
        )
        .join(account, account.c.id == challenge.c.account_id)
        .where(
            challenge.c.state == OPEN,
            challenge.c.about == Owned.TIER.value,
            challenge.c.wanted.is_not(None),
            challenge.c.field != SUBMITTED_AGAIN,
            account.c.archived_at.is_(None),
        )
        .subquery("asked")
    )
