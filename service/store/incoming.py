"""A page on its way into the mirror: the records that count, their ids, and what is stored."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection

from connectors.base import Page
from rules.records import (
    Account,
    Activity,
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
from service.store import blanks, references
from service.store.bulk import tuples_among
from service.store.context import MirrorContext
from service.store.links import STARTS
from service.store.rows import Row, RowMaker, Shape, clean, shape_of

# Tuples: `isinstance` takes four times as long with a union.
_UNDATED = (Owner, Stage)
_OWNED = (Account, Opportunity, Activity)
# By how much a CRM's clock may be ahead of ours, at the very most.
_A_DAY = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What came, by our ids: `records` and their `rows` are those that are not older.

    `stored` are the rows there now, `seen` all the ids of the page, `dropped` the external ids of
    the records left out, `faults` the values that can't be read or can't be held. `blanked` names
    the bound fields that the CRM emptied, which the rows keep for now.
    """

    kind: Kind
    shape: Shape
    ids: Mapping[Kind, Mapping[str, int]]
    seen: Collection[int]
    dropped: Collection[str]
    stored: Mapping[int, tuple[Any, ...]]
    records: Mapping[int, Record]
    rows: Mapping[int, Row]
    links: Sequence[Link]
    faults: Sequence[Quarantine]
    blanked: Mapping[int, Sequence[str]]

    def differing(self) -> tuple[set[int], set[int]]:
        """The records whose row is new or differs; and those of them where rules can see it."""
        compared, relevant = self.shape.compared, len(self.shape.relevant)
        written, seen = set(), set()
        for entity_id, row in self.rows.items():
            before = self.stored.get(entity_id)
            if before is None or before[:compared] != row[:compared]:
                written.add(entity_id)
                if before is None or before[:relevant] != row[:relevant]:
                    seen.add(entity_id)
        return written, seen

    def change(self, column: str, entity_ids: Collection[int]) -> dict[int, Value]:
        """The new value of a column, for those of the records where it is another one."""
        place = self.shape.columns.index(column)
        changed = {}
        for entity_id in entity_ids:
            before, value = self.stored.get(entity_id), self.rows[entity_id][place]
            if (None if before is None else before[place]) != value:
                changed[entity_id] = value
        return changed

    def earlier(self, column: str, entity_ids: Collection[int]) -> dict[int, Value]:
        """The stored value of a column, for those of the records where it is another one now."""
        place = self.shape.columns.index(column)
        return {
            each: self.stored[each][place]
            for each in entity_ids
            if self.stored[each][place] != self.rows[each][place]
        }

    def last_changes(self, entity_ids: Collection[int]) -> dict[int, Instant]:
        """When the CRM last changed each of the records that were here before, until this page."""
        if not self.stored or "modified_at" not in self.shape.columns:
            return {}
        place = self.shape.columns.index("modified_at")
        return {each: self.stored[each][place] for each in entity_ids if each in self.stored}


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
        kind: references.refer(connection, context.connection_id, kind, named[kind])
        for kind in sorted(named)
    }
    ids = {kind: found.ids for kind, found in references_of.items()}
    own, shape = references_of[page.kind], shape_of(page.kind, context)
    seen = [own.ids[external_id] for external_id in newest]
    rows_there = tuples_among(connection, shape.table, shape.columns, "id", seen, is_locked=True)
    stored = {row[0]: row for row in rows_there}
    dropped = {each for each in newest if each in own.merged} | _older(
        shape, newest, own.ids, stored, believed_until=context.now + _A_DAY
    )
    records = {
        own.ids[external_id]: record
        for external_id, record in newest.items()
        if external_id not in dropped
    }
    maker = RowMaker(page.kind, context, ids)
    rows = {entity_id: maker.row(entity_id, record) for entity_id, record in records.items()}
    blanked = blanks.keep(page.kind, context, rows, stored)
    read = [each for each in page.quarantined if each.external_id not in dropped]
    links = page.links
    if dropped:
        kept = [
            STARTS[each.relation] is not page.kind or each.from_id not in dropped for each in links
        ]
        links = list(compress(links, kept))
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
        blanked=blanked,
    )


def modified_at(record: Record) -> Instant:
    """When the CRM last changed a record; owners and stages don't say: the last one counts."""
    return 0 if isinstance(record, _UNDATED) else record.modified_at


def _older(
    shape: Shape,
    newest: Mapping[str, Record],
    ids: Mapping[str, int],
    stored: Mapping[int, tuple[Any, ...]],
    *,
    believed_until: Instant,
) -> set[str]:
    """The external ids of the records that are older than what is stored of them.

    A record that does not say when it changed counts as new, and so does any after a change that
    was dated in the future: that date would keep everything else out for years.
    """
    if not stored or "modified_at" not in shape.columns:
        return set()
    modified, name = shape.columns.index("modified_at"), shape.columns.index("external_id")
    older = set()
    for external_id, record in newest.items():
        row, at = stored.get(ids[external_id]), modified_at(record)
        # After a merge, the row is still the one of another record, whatever its age.
        if row and at and at < row[modified] <= believed_until and row[name] == external_id:
            older.add(external_id)
    return older


def _named(page: Page, newest: Mapping[str, Record]) -> dict[Kind, dict[str, None]]:
    """The external ids that a page names, by kind, each once."""
    named: defaultdict[Kind, dict[str, None]] = defaultdict(dict)
    named[page.kind].update(dict.fromkeys(newest))
    owners, stages = named[Kind.OWNER], named[Kind.STAGE]
    for record in newest.values():
        if isinstance(record, _OWNED) and record.owner_id is not None:
            owners[record.owner_id] = None
        if isinstance(record, Opportunity):
            if record.stage_id is not None:
                stages[record.stage_id] = None
            for entry in record.stage_entries:
                stages[entry.stage_id] = None
    for relation, links in groupby(page.links, attrgetter("relation")):
        starts, ends = named[STARTS[relation]], named[Kind.ACCOUNT]
        for link in links:
            starts[link.from_id] = ends[link.to_id] = None
    return named
