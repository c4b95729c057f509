"""Values that could not be read: kept for people to see until the record is read well."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, func, select

from rules.records import NAMELESS, Kind, Quarantine
from service.store.bulk import bulk_delete, bulk_upsert, select_among
from service.store.context import MirrorContext
from service.store.tables import quarantine

_KEY = ("connection_id", "kind", "external_id", "field")
_COLUMNS = (*_KEY, "raw", "reason", "run_id")


def replace(
    connection: Connection,
    context: MirrorContext,
    kind: Kind,
    read: Collection[str],
    faults: Sequence[Quarantine],
) -> int:
    """Keep the faults of a page in place of the earlier ones of the records that it read.

    Returns how many are new or say something new; a fault that stays keeps its first run.
    """
    if not faults and not _has_any(connection, context, kind):
        return 0
    ids = {*read, *(fault.external_id for fault in faults)}
    stored = {
        (row.external_id, row.field): (row.raw, row.reason)
        for row in select_among(
            connection,
            quarantine,
            ("external_id", "field", "raw", "reason"),
            "external_id",
            ids,
            equals={"connection_id": context.connection_id, "kind": kind.value},
        )
    }
    wanted = {(each.external_id, each.field): (each.raw, each.reason) for each in faults}
    cured = [key for key in stored if key[0] in read and key not in wanted]
    new = [key for key in wanted if stored.get(key) != wanted[key]]
    prefix = (context.connection_id, kind.value)
    bulk_delete(connection, quarantine, _KEY, [(*prefix, *key) for key in cured])
    rows = [(*prefix, *key, *wanted[key], context.run_id) for key in new]
    return bulk_upsert(connection, quarantine, _COLUMNS, rows)


def forget_nameless(connection: Connection, context: MirrorContext, kind: Kind) -> None:
    """Forget the records without an id: a full load has shown a usable id of every record."""
    connection.execute(
        delete(quarantine).where(
            quarantine.c.connection_id == context.connection_id,
            quarantine.c.kind == kind.value,
            quarantine.c.external_id.startswith(NAMELESS, autoescape=True),
        )
    )


def count(connection: Connection, connection_id: int) -> int:
    """How many values, and whole records, of a CRM can't be read at present."""
    query = select(func.count()).select_from(quarantine)
    return connection.execute(query.where(quarantine.c.connection_id == connection_id)).scalar_one()


def found(connection: Connection, connection_id: int, *, limit: int = 20) -> list[Quarantine]:
    """The values of a CRM that can't be read at present, by kind, record and field."""
    rows = connection.execute(
        select(quarantine)
        .where(quarantine.c.connection_id == connection_id)
        .order_by(*quarantine.primary_key)
        .limit(limit)
    )
    return [
        Quarantine(
            kind=Kind(row.kind), external_id=row.external_id, field=row.field, raw=row.raw,
            reason=row.reason,
        )
        for row in rows
    ]  # fmt: skip


def _has_any(connection: Connection, context: MirrorContext, kind: Kind) -> bool:
    query = select(quarantine.c.field).where(
        quarantine.c.connection_id == context.connection_id, quarantine.c.kind == kind.value
    )
    return connection.execute(query.limit(1)).first() is not None
