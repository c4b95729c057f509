"""The challenges that the playbook's own condition grants, by the very rules that tag."""

from sqlalchemy import Connection, select

from rules.budget import WANTED
from rules.measures import measured
from rules.owned import Owned
from rules.tagging import Tagging
from rules.terms import Term
from rules.time import Day
from service.store.bindings import Slots
from service.store.challenges import OPEN
from service.store.circumstances import beside, with_circumstances
from service.store.facts import fact_slots, facts_relation
from service.store.overrides import SUBMITTED_AGAIN
from service.store.tables import account, challenge

_TIER = Owned.TIER.value


def grantable(
    connection: Connection, tagging: Tagging, condition: Term, slots: Slots, today: Day
) -> list[int]:
    """The open challenges that want a tier and for which a condition is true, by id.

    What an earlier decision had granted, before its rep left, is for a person to see.
    """
    asked = (
        select(
            challenge.c.id.label("challenge_id"),
            challenge.c.account_id.label("challenged_id"),
            challenge.c.wanted.label(WANTED),
        )
        .join(account, account.c.id == challenge.c.account_id)
        .where(
            challenge.c.state == OPEN,
            challenge.c.about == _TIER,
            challenge.c.wanted.is_not(None),
            challenge.c.field != SUBMITTED_AGAIN,
            account.c.archived_at.is_(None),
        )
        .subquery("asked")
    )
    if connection.execute(select(asked.c.challenge_id).limit(1)).first() is None:
        return []
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
    layers = tagging.layers(with_circumstances(connection, facts, tagging, today))
    query = (
        select(asked.c.challenge_id)
        .select_from(layers.join(asked, asked.c.challenged_id == layers.c.account_id))
        .where(layers.c.is_in_scope.is_(True), condition.sql.is_(True))
        .order_by(asked.c.challenge_id)
    )
    return list(connection.scalars(query, {"today": today}))
