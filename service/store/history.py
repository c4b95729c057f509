"""What was true when: the tracked fields of a record, each value with its validity.

`field` is the column it follows: `stage_id` and `owner_id` hold our ids, `amount` minor units of
the record's own currency, all as text. A missing row and a NULL value both mean "none known".
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from rules.records import Kind
from rules.time import Instant
from service.store.bulk import bulk_delete, bulk_upsert, select_among
from service.store.tables import history

TRACKED = {Kind.ACCOUNT: ("owner_id",), Kind.OPPORTUNITY: ("owner_id", "amount", "stage_id")}
_KEY = ("kind", "entity_id", "field", "valid_from_at")
_COLUMNS = (*_KEY, "valid_to_at", "value")


class Change(NamedTuple):
    """A tracked field that took a value at an instant."""

    entity_id: int
    field: str
    value: str | None
    at: Instant


def follow(
    connection: Connection, kind: Kind, changes: Sequence[Change], known: Collection[int]
) -> None:
    """Close the open value of each changed field and open the new one, at the same instant.

    Only entities in `known` can have an open value; the others are new here.
    """
    earlier = [change.entity_id for change in changes if change.entity_id in known]
    opened = {
        (row.entity_id, row.field): row
        for row in _stored(connection, kind, earlier)
        if row.valid_to_at is None
    }
    name = kind.value
    rows: list[tuple[str, int, str, Instant, Instant | None, str | None]] = []
    for entity_id, field, value, at in changes:
        before = opened.get((entity_id, field))
        if before is None:
            if value is not None:
                rows.append((name, entity_id, field, at, None, value))
            continue
        since = before.valid_from_at
        if since < at:
            rows.append((name, entity_id, field, since, at, before.value))
        rows.append((name, entity_id, field, max(at, since), None, value))
    bulk_upsert(connection, history, _COLUMNS, rows)


def set_stages(
    connection: Connection, entries: Mapping[int, Sequence[tuple[Instant, int]]]
) -> set[int]:
    """Keep the stage entries that a CRM tells of opportunities; returns those that changed.

    What the CRM tells counts from its first entry on; what was seen before that stays.
    """
    kind, field = Kind.OPPORTUNITY.value, "stage_id"
    stored: dict[int, dict[Instant, tuple[Instant | None, str | None]]] = {}
    for row in _stored(connection, Kind.OPPORTUNITY, list(entries)):
        if row.field == field:
            validity = (row.valid_to_at, row.value)
            stored.setdefault(row.entity_id, {})[row.valid_from_at] = validity
    written, obsolete, changed = [], [], set()
    for entity_id, told in entries.items():
        before = stored.get(entity_id, {})
        after = _validity(before, told)
        if before == after:
            continue
        changed.add(entity_id)
        obsolete += [(kind, entity_id, field, at) for at in before if at not in after]
        for at, (until, value) in after.items():
            if before.get(at) != (until, value):
                written.append((kind, entity_id, field, at, until, value))
    bulk_delete(connection, history, _KEY, obsolete)
    bulk_upsert(connection, history, _COLUMNS, written)
    return changed


def _validity(
    before: Mapping[Instant, tuple[Instant | None, str | None]],
    told: Sequence[tuple[Instant, int]],
) -> dict[Instant, tuple[Instant | None, str | None]]:
    """From each entry to the next; an entry to the same stage is no entry."""
    values: dict[Instant, str | None] = {at: str(stage_id) for at, stage_id in told}
    first = min(values)
    values |= {at: value for at, (_, value) in before.items() if at < first}
    entries: list[tuple[Instant, str | None]] = []
    for at in sorted(values):
        if not entries or entries[-1][1] != values[at]:
            entries.append((at, values[at]))
    ends = [at for at, _ in entries[1:]]
    return {at: (end, value) for (at, value), end in zip(entries, [*ends, None], strict=True)}


def _stored(connection: Connection, kind: Kind, entity_ids: Sequence[int]) -> Sequence[Row[Any]]:
    columns = ("entity_id", "field", "valid_from_at", "valid_to_at", "value")
    return select_among(
        connection, history, columns, "entity_id", entity_ids, equals={"kind": kind.value}
    )
