"""What was true when: the tracked fields of a record, each value with its validity.

`field` is the column it follows: `stage_id` and `owner_id` hold our ids, `amount` minor units of
the record's own currency, all as text. A missing row and a NULL value both mean "none known".
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from rules.records import Kind
from rules.time import Instant
from service.store.bulk import bulk_delete, bulk_upsert, tuples_among
from service.store.tables import history

TRACKED = {Kind.ACCOUNT: ("owner_id",), Kind.OPPORTUNITY: ("owner_id", "amount", "stage_id")}
_KEY = ("kind", "entity_id", "field", "valid_from_at")
_COLUMNS = (*_KEY, "valid_to_at", "value")


# A tracked field that took a value at an instant: entity, field, value, instant.
Change = tuple[int, str, str | None, Instant]


def follow(
    connection: Connection, kind: Kind, changes: Sequence[Change], known: Collection[int]
) -> None:
    """Close the open value of each changed field and open the new one, at the same instant.

    Only entities in `known` can have an open value; the others are new here.
    """
    earlier = [change[0] for change in changes if change[0] in known]
    opened = {
        (entity_id, field): (since, value)
        for entity_id, field, since, until, value in _stored(connection, kind, earlier)
        if until is None
    }
    name = kind.value
    rows: list[tuple[str, int, str, Instant, Instant | None, str | None]] = []
    for entity_id, field, value, at in changes:
        before = opened.get((entity_id, field))
        if before is None:
            if value is not None:
                rows.append((name, entity_id, field, at, None, value))
            continue
        since, old = before
        if since < at:
            rows.append((name, entity_id, field, since, at, old))
        rows.append((name, entity_id, field, max(at, since), None, value))
    bulk_upsert(connection, history, _COLUMNS, rows)


def set_stages(
    connection: Connection,
    entries: Mapping[int, Sequence[tuple[Instant, str]]],
    known: Collection[int],
) -> set[int]:
    """Keep the stage entries that a CRM tells of opportunities; returns those that changed.

    What the CRM tells counts from its first entry on; what was seen before that stays. A stage is
    our id, as text. Only opportunities in `known` can have entries already.
    """
    kind, name = Kind.OPPORTUNITY.value, "stage_id"
    stored: dict[int, _Validity] = {}
    earlier = [entity_id for entity_id in entries if entity_id in known]
    for entity_id, field, since, until, value in _stored(connection, Kind.OPPORTUNITY, earlier):
        if field == name:
            stored.setdefault(entity_id, {})[since] = (until, value)
    written, obsolete, changed = [], [], set()
    for entity_id, told in entries.items():
        before = stored.get(entity_id, {})
        after = _validity(before, told)
        if before == after:
            continue
        changed.add(entity_id)
        obsolete += [(kind, entity_id, name, at) for at in before if at not in after]
        for at, held in after.items():
            if before.get(at) != held:
                written.append((kind, entity_id, name, at, *held))
    bulk_delete(connection, history, _KEY, obsolete)
    bulk_upsert(connection, history, _COLUMNS, written)
    return changed


# By the instant at which a value began: the one at which it ended, and the value.
_Validity = dict[Instant, tuple[Instant | None, str | None]]


def _validity(before: _Validity, told: Sequence[tuple[Instant, str]]) -> _Validity:
    """From each entry to the next; an entry to the same stage is no entry."""
    values: dict[Instant, str | None] = dict(told)
    if before:
        first = min(values)
        values |= {at: value for at, (_, value) in before.items() if at < first}
    since, *later = sorted(values)
    validity: _Validity = {}
    for at in later:
        if values[at] != values[since]:
            validity[since] = (at, values[since])
            since = at
    validity[since] = (None, values[since])
    return validity


def _stored(
    connection: Connection, kind: Kind, entity_ids: Sequence[int]
) -> list[tuple[int, str, Instant, Instant | None, str | None]]:
    columns = ("entity_id", "field", "valid_from_at", "valid_to_at", "value")
    return tuples_among(
        connection, history, columns, "entity_id", entity_ids, equals={"kind": kind.value}
    )
