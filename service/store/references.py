"""External ids to our own: a CRM's record keeps one small integer here for life.

Ids come in blocks from `sequence`, inside the caller's transaction. A merge in the CRM moves
references to the survivor; what hangs on our ids then follows by itself.
"""

import json
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from rules.records import Kind
from service.store.bulk import bulk_upsert, tuples_among
from service.store.tables import external_ref, sequence

_COLUMNS = ("connection_id", "kind", "external_id", "entity_id", "is_current")


class Reference(NamedTuple):
    """Our id of an external one; not current once the record was merged into another."""

    entity_id: int
    is_current: bool


class References(NamedTuple):
    """Our ids of external ones; `merged` are those of records merged into another."""

    ids: dict[str, int]
    merged: Collection[str]


class Merge(NamedTuple):
    """The entity that survives, and those whose records are no more."""

    survivor: int
    losers: tuple[int, ...]


def find(
    connection: Connection, connection_id: int, kind: Kind, external_ids: Sequence[str]
) -> dict[str, Reference]:
    """The references that exist among some external ids of a kind."""
    rows = _stored(connection, connection_id, kind, external_ids)
    return {
        external_id: Reference(entity_id, bool(is_current))
        for external_id, entity_id, is_current in rows
    }


def resolve(
    connection: Connection, connection_id: int, kind: Kind, external_ids: Collection[str]
) -> dict[str, int]:
    """Our ids of external ones; those never seen get the next free ids."""
    return refer(connection, connection_id, kind, external_ids).ids


def refer(
    connection: Connection, connection_id: int, kind: Kind, external_ids: Collection[str]
) -> References:
    """The references of external ids, made where there were none."""
    rows = _stored(connection, connection_id, kind, external_ids)
    ids = {external_id: entity_id for external_id, entity_id, _ in rows}
    merged = {external_id for external_id, _, is_current in rows if not is_current}
    missing = [each for each in dict.fromkeys(external_ids) if each not in ids]
    if missing:
        first = _take(connection, kind, len(missing))
        if _name(connection, connection_id, kind, missing, first=first) < len(missing):
            # Another process has named some of them since; its ids count.
            return refer(connection, connection_id, kind, external_ids)
        ids.update(zip(missing, range(first, first + len(missing)), strict=True))
    return References(ids, merged)


def _name(
    connection: Connection,
    connection_id: int,
    kind: Kind,
    external_ids: Sequence[str],
    *,
    first: int,
) -> int:
    """Give the ids from `first` on to external ones that have none; returns how many had none."""
    if connection.dialect.name == "sqlite":
        given: object = json.dumps(external_ids)
        source = "SELECT ?, ?, value, key + ?, true FROM json_each(?) WHERE true"
    else:
        given = external_ids
        source = (
            "SELECT %s, %s, value, place - 1 + %s, true"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS given (value, place)"
        )
    statement = f"INSERT INTO external_ref ({', '.join(_COLUMNS)}) {source} ON CONFLICT DO NOTHING"
    parameters = (connection_id, kind.value, first, given)
    return connection.exec_driver_sql(statement, parameters).rowcount


def _stored(
    connection: Connection, connection_id: int, kind: Kind, external_ids: Collection[str]
) -> list[tuple[str, int, bool]]:
    return tuples_among(
        connection,
        external_ref,
        ("external_id", "entity_id", "is_current"),
        "external_id",
        external_ids,
        equals={"connection_id": connection_id, "kind": kind.value},
    )


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
    rows = tuples_among(
        connection,
        external_ref,
        ("external_id",),
        "entity_id",
        entity_ids,
        equals={"connection_id": connection_id, "kind": kind.value},
    )
    return [external_id for (external_id,) in rows]


def _take(connection: Connection, kind: Kind, count: int) -> int:
    """The first of `count` ids that nobody else will get; on PostgreSQL, others wait meanwhile."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(sequence).values(kind=kind.value, next_id=1 + count)
    taken = insert.on_conflict_do_update(
        index_elements=[sequence.c.kind], set_={"next_id": sequence.c.next_id + count}
    ).returning(sequence.c.next_id)
    end: int = connection.execute(taken).scalar_one()
    return end - count
