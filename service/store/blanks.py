"""Bound values that a CRM emptied: kept until it is known that not all of them went at once.

A value of a field that was read in full and is blank now stays in the mirror, and the record is
noted here, in the page's transaction. Once the streams are read, the blanks of a field are judged
together: a few are taken over, and the accounts they concern evaluated; a mass of them is held,
with the values as they were, until values come back or a person says that it was meant. So rules
never see a field that has suddenly lost most of its values.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from rules.language import Text
from rules.records import Kind, Value
from rules.time import Instant
from service.store import dirt, history, notices
from service.store.bulk import bulk_delete, bulk_update, insert_missing, select_among
from service.store.context import MirrorContext
from service.store.links import accounts_of
from service.store.notices import FieldState, Notice
from service.store.rows import TABLES, Row, shape_of
from service.store.tables import blank, field_binding, field_notice
from service.store.tables import connection as crm

# So many values must go, and more than this part of those there were, to be held.
LEAST = 50
PART = 0.3

_KEY = ("connection_id", "kind", "entity_id", "field")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The blanks of a field that wait: how many of how many records that had a value."""

    kind: Kind
    name: str
    blanks: int
    records: int

    @property
    def is_sudden(self) -> bool:
        """Whether so many at once are not to be believed."""
        return self.blanks >= LEAST and self.blanks > PART * self.records


def keep(
    kind: Kind,
    context: MirrorContext,
    rows: dict[int, Row],
    stored: Mapping[int, Sequence[Value]],
) -> dict[int, list[str]]:
    """Where a bound value that is stored is blank now, put it back; returns the names by record.

    Only for the fields of which the CRM was read in full.
    """
    columns, guarded = shape_of(kind, context).columns, context.guarded.get(kind, ())
    places = [
        (columns.index(slot), name)
        for name, slot in context.slots.get(kind, {}).items()
        if name in guarded
    ]
    blanked: dict[int, list[str]] = {}
    # The slots stand side by side: one look tells that a row has no blank.
    first, last = (places[0][0], places[-1][0] + 1) if places else (0, 0)
    for entity_id, before in stored.items() if places else ():
        row = rows.get(entity_id)
        if row is None or None not in row[first:last]:
            continue
        gone = [(at, name) for at, name in places if row[at] is None and before[at] is not None]
        if gone:
            kept = list(row)
            for at, _ in gone:
                kept[at] = before[at]
            rows[entity_id] = tuple(kept)
            blanked[entity_id] = [name for _, name in gone]
    return blanked


def follow(
    connection: Connection,
    context: MirrorContext,
    kind: Kind,
    read: Collection[int],
    blanked: Mapping[int, Collection[str]],
) -> None:
    """Note the blanks of a page in place of the earlier ones of the records that it read."""
    if kind not in context.guarded:
        return
    wanted = {(entity_id, name) for entity_id, names in blanked.items() for name in names}
    prefix = (context.connection_id, kind.value)
    if _has_any_of(connection, context.connection_id, kind):
        stored = select_among(
            connection,
            blank,
            ("entity_id", "field"),
            "entity_id",
            read,
            equals={"connection_id": context.connection_id, "kind": kind.value},
        )
        cured = {(row.entity_id, row.field) for row in stored} - wanted
        bulk_delete(connection, blank, _KEY, [(*prefix, *key) for key in sorted(cured)])
    insert_missing(connection, blank, _KEY, [(*prefix, *key) for key in sorted(wanted)])


def has_any(connection: Connection, connection_id: int) -> bool:
    """Whether a CRM account has blanks that wait, or had when it was last judged."""
    noted = (
        select(field_notice.c.name)
        .join(crm, crm.c.vendor == field_notice.c.vendor)
        .where(crm.c.id == connection_id, field_notice.c.state == FieldState.EMPTIED.value)
    )
    waits = select(blank.c.field).where(blank.c.connection_id == connection_id)
    return any(connection.execute(query.limit(1)).first() for query in (noted, waits))


def judge(connection: Connection, connection_id: int, vendor: str, now: Instant) -> list[Notice]:
    """Take over the blanks that are few, hold the others; returns the fields that are newly held.

    A field whose values came back is held no more.
    """
    noted = {
        (each.kind, each.name): each
        for each in notices.load(connection, vendor)
        if each.state is FieldState.EMPTIED
    }
    held: dict[tuple[str, str], Notice] = {}
    for each in waiting(connection, connection_id):
        key = (each.kind.value, each.name)
        if each.is_sudden:
            since = noted[key].since_at if key in noted else now
            held[key] = _notice(vendor, each, since)
        else:
            take_over(connection, connection_id, each.kind, each.name, now)
    notices.put(connection, vendor, list(held.values()))
    for kind, name in noted.keys() - held.keys():
        notices.remove(connection, vendor, kind, [name], FieldState.EMPTIED)
    return [each for key, each in held.items() if key not in noted]


def _notice(vendor: str, held: Held, since: Instant) -> Notice:
    where = f"fields.yaml, {held.kind.value}.{held.name}"
    return Notice(
        kind=held.kind.value,
        name=held.name,
        state=FieldState.EMPTIED,
        since_at=since,
        reason=Text(
            f"{where} : vidé d'un coup dans {vendor} pour {held.blanks} fiches sur "
            f"{held.records} ; leurs dernières valeurs restent. Rétablissez-les dans {vendor} ; "
            f"ou, si c'est voulu, lancez « arpent fields release {held.name} ».",
            f"{where}: emptied at once in {vendor} on {held.blanks} of {held.records} records; "
            f"their last values stay. Restore them in {vendor}; or, if it was meant, run `arpent "
            f"fields release {held.name}`.",
        ),
    )


def waiting(connection: Connection, connection_id: int) -> list[Held]:
    """The blanks of a CRM account that wait to be judged, by field."""
    fields = connection.execute(
        select(blank.c.kind, blank.c.field, field_binding.c.slot)
        .distinct()
        .join(
            field_binding,
            (field_binding.c.kind == blank.c.kind) & (field_binding.c.name == blank.c.field),
        )
        .where(blank.c.connection_id == connection_id)
        .order_by(blank.c.kind, blank.c.field)
    )
    # Where two CRMs bind a name, it sits in the same slot: one row of the two is enough.
    found = {(Kind(row.kind), row.field): row.slot for row in fields}
    return [
        Held(
            kind=kind,
            name=name,
            blanks=_blanks(connection, connection_id, kind, name),
            records=_filled(connection, connection_id, kind, slot),
        )
        for (kind, name), slot in found.items()
    ]


def take_over(
    connection: Connection, connection_id: int, kind: Kind, name: str, now: Instant
) -> int:
    """Empty the values that the CRM has emptied, and mark the accounts; returns how many."""
    slot, since = connection.execute(
        select(field_binding.c.slot, field_binding.c.since_at)
        .join(crm, crm.c.vendor == field_binding.c.vendor)
        .where(
            crm.c.id == connection_id,
            field_binding.c.kind == kind.value,
            field_binding.c.name == name,
        )
    ).one()
    is_of_field = (
        (blank.c.connection_id == connection_id)
        & (blank.c.kind == kind.value)
        & (blank.c.field == name)
    )
    ids = list(connection.execute(select(blank.c.entity_id).where(is_of_field)).scalars())
    values = select_among(connection, TABLES[kind], ("id", slot), "id", ids)
    since = now if since is None else since
    earlier = [history.Earlier(row[0], name, row[1], since, now) for row in values]
    history.keep(connection, kind, earlier)
    bulk_update(connection, TABLES[kind], slot, None, ids)
    dirt.mark(connection, ids if kind is Kind.ACCOUNT else accounts_of(connection, kind, ids))
    connection.execute(delete(blank).where(is_of_field))
    return len(ids)


def _blanks(connection: Connection, connection_id: int, kind: Kind, name: str) -> int:
    """The blanks of records that are there: one that was deleted since is no part of a mass."""
    table = TABLES[kind]
    return connection.execute(
        select(func.count())
        .select_from(blank.join(table, table.c.id == blank.c.entity_id))
        .where(
            blank.c.connection_id == connection_id,
            blank.c.kind == kind.value,
            blank.c.field == name,
            table.c.archived_at.is_(None),
        )
    ).scalar_one()


def _filled(connection: Connection, connection_id: int, kind: Kind, slot: str) -> int:
    table = TABLES[kind]
    return connection.execute(
        select(func.count()).where(
            table.c.connection_id == connection_id,
            table.c.archived_at.is_(None),
            table.c[slot].is_not(None),
        )
    ).scalar_one()


def _has_any_of(connection: Connection, connection_id: int, kind: Kind) -> bool:
    query = select(blank.c.field).where(
        blank.c.connection_id == connection_id, blank.c.kind == kind.value
    )
    return connection.execute(query.limit(1)).first() is not None
