"""External ids to our own: a CRM's record keeps one small integer here for life.

Ids come in blocks from `sequence`, inside the caller's transaction. A merge in the CRM moves
references to the survivor; what hangs on our ids then follows by itself.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from rules.records import Kind
from service.store.bulk import bulk_upsert, insert_missing, select_among
from service.store.tables import external_ref, sequence

_COLUMNS = ("connection_id", "kind", "external_id", "entity_id", "is_current")


class Reference(NamedTuple):
    """Our id of an external one; not current once the record was merged into another."""

    entity_id: int
    is_current: bool


class Merge(NamedTuple):
    """The entity that survives, and those whose records are no more."""

    survivor: int
    losers: tuple[int, ...]


def find(
    connection: Connection, connection_id: int, kind: Kind, external_ids: Sequence[str]
) -> dict[str, Reference]:
    """The references that exist among some external ids of a kind."""
    rows = select_among(
        connection,
        external_ref,
        ("external_id", "entity_id", "is_current"),
        "external_id",
        external_ids,
        equals={"connection_id": connection_id, "kind": kind.value},
    )
    return {
        external_id: Reference(entity_id, is_current) for external_id, entity_id, is_current in rows
    }


def resolve(
    connection: Connection, connection_id: int, kind: Kind, external_ids: Sequence[str]
) -> dict[str, int]:
    """Our ids of external ones; those never seen get the next free ids."""
    references = refer(connection, connection_id, kind, external_ids)
    return {external_id: reference.entity_id for external_id, reference in references.items()}


def refer(
    connection: Connection, connection_id: int, kind: Kind, external_ids: Sequence[str]
) -> dict[str, Reference]:
    """The references of external ids, made where there were none."""
    found = find(connection, connection_id, kind, external_ids)
    missing = [each for each in dict.fromkeys(external_ids) if each not in found]
    if not missing:
        return found
    name, first = kind.value, _take(connection, kind, len(missing))
    rows = [
        (connection_id, name, external_id, entity_id, True)
        for entity_id, external_id in enumerate(missing, start=first)
    ]
    if insert_missing(connection, external_ref, _COLUMNS, rows) < len(rows):
        # Another process has named some of them since; its ids count.
        return found | find(connection, connection_id, kind, missing)
    return found | {row[2]: Reference(row[3], is_current=True) for row in rows}


def merge(
    connection: Connection,
    connection_id: int,
    kind: Kind,
    survivor: str,
    merged_ids: Sequence[str],
) -> Merge:
    """Point the merged external ids to the survivor's entity; idempotent.

    A survivor that was never seen takes over the entity of the first merged id that was, and
    with it everything known about it. The losers are the entities left without a record.
    """
    merged = [each for each in dict.fromkeys(merged_ids) if each != survivor]
    found = find(connection, connection_id, kind, [survivor, *merged])
    heir = next((found[each].entity_id for each in [survivor, *merged] if each in found), None)
    entity = _take(connection, kind, 1) if heir is None else heir
    losers = {found[each].entity_id for each in merged if each in found} - {entity}
    is_current = found[survivor].is_current if survivor in found else True
    gone = [*merged, *_external_ids(connection, connection_id, kind, sorted(losers))]
    rows = [(connection_id, kind.value, each, entity, False) for each in gone]
    rows.append((connection_id, kind.value, survivor, entity, is_current))
    bulk_upsert(connection, external_ref, _COLUMNS, rows)
    return Merge(entity, tuple(sorted(losers)))


def _external_ids(
    connection: Connection, connection_id: int, kind: Kind, entity_ids: Sequence[int]
) -> list[str]:
    rows = select_among(
        connection,
        external_ref,
        ("external_id",),
        "entity_id",
        entity_ids,
        equals={"connection_id": connection_id, "kind": kind.value},
    )
    return [row.external_id for row in rows]


def _take(connection: Connection, kind: Kind, count: int) -> int:
    """The first of `count` ids that nobody else will get; on PostgreSQL, others wait meanwhile."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(sequence).values(kind=kind.value, next_id=1 + count)
    taken = insert.on_conflict_do_update(
        index_elements=[sequence.c.kind], set_={"next_id": sequence.c.next_id + count}
    ).returning(sequence.c.next_id)
    end: int = connection.execute(taken).scalar_one()
    return end - count
