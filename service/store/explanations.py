"""One account through the compiled rules: every fact, every result, the truth of every cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, literal, select

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
    """Live accounts with this CRM id, else this exact name, else this part of a name.

    Upper and lower case are the same, `É` and `é` too.
    """
    live = (
        select(account.c.id, account.c.external_id, account.c.name, owner.c.name.label("owner"))
        .select_from(account.outerjoin(owner, owner.c.id == account.c.owner_id))
        .where(account.c.archived_at.is_(None))
        .order_by(account.c.name)
    )
    by_id = select(external_ref.c.entity_id).where(
        external_ref.c.kind == Kind.ACCOUNT.value, external_ref.c.external_id == words
    )
    rows = connection.execute(live.where(account.c.id.in_(by_id))).all()
    if not rows:
        near = live.where(account.c.name.ilike(_pattern(words), escape=_ESCAPE))
        rows = [row for row in connection.execute(near) if words.casefold() in row.name.casefold()]
        rows = [row for row in rows if row.name.casefold() == words.casefold()] or rows
    return [
        Found(id=row.id, external_id=row.external_id, name=row.name or "–", owner=row.owner)
        for row in rows[:limit]
    ]


_ESCAPE = "/"


def _pattern(words: str) -> str:
    """A LIKE pattern that lets at least these words through, whatever the database's locale.

    Databases fold the case of ASCII letters only: any other letter is left open here.
    """
    letters = (f"{_ESCAPE}{each}" if each in f"%_{_ESCAPE}" else each for each in words)
    return f"%{''.join(each if each.isascii() else '_' for each in letters)}%"


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
