"""A page on its way into the mirror: the records that count, their ids, and what is stored."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Row as StoredRow

from connectors.base import Page
from rules.records import (
    Account,
    Activity,
    Contact,
    Kind,
    Link,
    Opportunity,
    Owner,
    Quarantine,
    Record,
    Stage,
    Value,
)
from rules.time import Instant
from service.store import references
from service.store.bulk import select_among
from service.store.context import MirrorContext
from service.store.links import STARTS
from service.store.rows import Row, RowMaker, Shape, clean, shape_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What came, by our ids: `records` and their `rows` are those that are not older.

    `stored` are the rows there now, `seen` all the ids of the page, `dropped` the external ids of
    the records left out, `faults` the values that can't be read or can't be held.
    """

    kind: Kind
    shape: Shape
    ids: Mapping[Kind, Mapping[str, int]]
    seen: Collection[int]
    dropped: Collection[str]
    stored: Mapping[int, StoredRow[Any]]
    records: Mapping[int, Record]
    rows: Mapping[int, Row]
    links: Sequence[Link]
    faults: Sequence[Quarantine]

    def differing(self, columns: int) -> set[int]:
        """The records whose row is new, or differs in one of the first columns."""
        return {
            entity_id
            for entity_id, row in self.rows.items()
            if entity_id not in self.stored or self.stored[entity_id][:columns] != row[:columns]
        }

    def change(self, column: str, entity_ids: Collection[int]) -> dict[int, Value]:
        """The new value of a column, for those of the records where it is another one."""
        place = self.shape.columns.index(column)
        changed = {}
        for entity_id in entity_ids:
            before, value = self.stored.get(entity_id), self.rows[entity_id][place]
            if (None if before is None else before[place]) != value:
                changed[entity_id] = value
        return changed


def newest_of(page: Page) -> tuple[dict[str, Record], list[Quarantine]]:
    """The records by external id, each at its newest; and those whose id can't be used."""
    newest: dict[str, Record] = {}
    rejected: list[Quarantine] = []
    for record in page.records:
        name = record.external_id
        if not name or clean(name) != name:
            raw = clean(name) or ""
            rejected.append(
                Quarantine(
                    kind=page.kind,
                    external_id=raw,
                    field="external_id",
                    raw=raw,
                    reason="not a usable record id",
                )
            )
        elif name not in newest or modified_at(newest[name]) <= modified_at(record):
            newest[name] = record
    return newest, rejected


def prepare(
    connection: Connection, context: MirrorContext, page: Page, newest: Mapping[str, Record]
) -> Incoming:
    """Resolve the ids of a page, read what is stored, and make the rows that may be written."""
    named = _named(page, newest)
    # Always in the same order, so that two writers can't wait for each other.
    references_of = {
        kind: references.refer(connection, context.connection_id, kind, list(named[kind]))
        for kind in sorted(named)
    }
    ids = {
        kind: {external_id: reference.entity_id for external_id, reference in found.items()}
        for kind, found in references_of.items()
    }
    own, shape = references_of.get(page.kind, {}), shape_of(page.kind, context)
    seen = [own[external_id].entity_id for external_id in newest]
    stored = {
        row[0]: row
        for row in select_among(connection, shape.table, shape.columns, "id", seen, is_locked=True)
    }
    records = {
        own[external_id].entity_id: record
        for external_id, record in newest.items()
        if own[external_id].is_current and not _is_older(record, stored.get(own[external_id][0]))
    }
    maker = RowMaker(page.kind, context, ids)
    rows = {entity_id: maker.row(record) for entity_id, record in records.items()}
    dropped = newest.keys() - {record.external_id for record in records.values()}
    read = [each for each in page.quarantined if each.external_id not in dropped]
    links = [
        each
        for each in page.links
        if not (STARTS[each.relation] is page.kind and each.from_id in dropped)
    ]
    return Incoming(
        kind=page.kind,
        shape=shape,
        ids=ids,
        seen=seen,
        dropped=dropped,
        stored=stored,
        records=records,
        rows=rows,
        links=links,
        faults=[*read, *maker.faults],
    )


def modified_at(record: Record) -> Instant:
    """When the CRM last changed a record; owners and stages don't say: the last one counts."""
    return 0 if isinstance(record, Owner | Stage) else record.modified_at


def _is_older(record: Record, stored: StoredRow[Any] | None) -> bool:
    if stored is None or isinstance(record, Owner | Stage):
        return False
    # After a merge, the row is still the one of another record, whatever its age.
    is_same = bool(stored.external_id == record.external_id)
    return is_same and bool(stored.modified_at > record.modified_at)


def _named(page: Page, newest: Mapping[str, Record]) -> dict[Kind, dict[str, None]]:
    """The external ids that a page names, by kind, each once."""
    named: defaultdict[Kind, dict[str, None]] = defaultdict(dict)
    named[page.kind].update(dict.fromkeys(newest))
    for record in newest.values():
        for kind, external_id in _mentions(record):
            if external_id is not None:
                named[kind][external_id] = None
    for link in page.links:
        named[STARTS[link.relation]][link.from_id] = None
        named[Kind.ACCOUNT][link.to_id] = None
    return named


def _mentions(record: Record) -> Iterator[tuple[Kind, str | None]]:
    match record:
        case Account() | Activity():
            yield Kind.OWNER, record.owner_id
        case Opportunity():
            yield Kind.OWNER, record.owner_id
            yield Kind.STAGE, record.stage_id
            for entry in record.stage_entries:
                yield Kind.STAGE, entry.stage_id
        case Contact() | Owner() | Stage():
            pass
