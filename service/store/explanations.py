"""One account through the compiled rules: every fact, every result, the truth of every cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, literal, or_, select

from rules.records import Kind
from rules.tagging import Tagging
from rules.time import Day
from service.store.bindings import Slots
from service.store.facts import facts_relation
from service.store.tables import account, external_ref, owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An account by which somebody may be meant."""

    id: int
    external_id: str
    name: str
    owner: str | None


def find(connection: Connection, words: str, limit: int = 9) -> list[Found]:
    """Live accounts with this CRM id, else this exact name, else this part of a name."""
    columns = select(
        account.c.id, account.c.external_id, account.c.name, owner.c.name.label("owner")
    ).select_from(account.outerjoin(owner, owner.c.id == account.c.owner_id))
    by_id = select(external_ref.c.entity_id).where(
        external_ref.c.kind == Kind.ACCOUNT.value, external_ref.c.external_id == words
    )
    name = func.lower(account.c.name)
    for condition in (
        account.c.id.in_(by_id),
        or_(account.c.name == words, name == words.lower()),
        name.contains(words.lower(), autoescape=True),
    ):
        query = columns.where(condition, account.c.archived_at.is_(None)).order_by(account.c.name)
        rows = connection.execute(query.limit(limit)).all()
        if rows:
            return [
                Found(id=r.id, external_id=r.external_id, name=r.name or "–", owner=r.owner)
                for r in rows
            ]
    return []


def cell_name(rule: str, row: int, position: int) -> str:
    """The column that tells whether a cell of a row holds."""
    return f"{rule}__{row}__{position}"


def read(
    connection: Connection, tagging: Tagging, slots: Slots, account_id: int, today: Day
) -> Mapping[str, Any]:
    """The tags of an account, with every fact, rule and cell behind them, by name."""
    relation = facts_relation(
        tagging.facts, slots.get(Kind.ACCOUNT, {}), select(literal(account_id))
    )
    layer = tagging.layers(relation)
    cells = [
        cell.term.sql.label(cell_name(rule.name, number, position))
        for rule in tagging.segments.rules
        for number, row in enumerate(rule.rows, 1)
        for position, cell in enumerate(row.cells)
    ]
    parameters = {"today": today}
    inside = connection.execute(select(*layer.c, *cells), parameters).mappings().one()
    tags = connection.execute(tagging.select(relation), parameters).mappings().one()
    return {**inside, **tags}
