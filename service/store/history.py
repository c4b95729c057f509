"""What was true when: the tracked fields of a record, each value with its validity.

`field` is the column it follows: `stage_id` and `owner_id` hold our ids, `amount` minor units of
the record's own currency, all as text. A missing row and a NULL value both mean "none known".

Of a bound field, `bound.` and its name in the playbook (slots are used again by other fields),
only the values that it no longer has are here, each until the change that ended it; the present
one is in its slot. So the first reading of a field costs no row. Its history begins at the instant
at which it had been read in full (`field_binding.since_at`).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from rules.records import Kind, Value
from rules.time import Day, Instant, day_of
from service.store.bulk import bulk_delete, bulk_upsert, tuples_among
from service.store.tables import history

TRACKED = {Kind.ACCOUNT: ("owner_id",), Kind.OPPORTUNITY: ("owner_id", "amount", "stage_id")}
BOUND = "bound."
_KEY = ("kind", "entity_id", "field", "valid_from_at")
_COLUMNS = (*_KEY, "valid_to_at", "value")
_Row = tuple[str, int, str, Instant, Instant | None, str | None]


# A tracked field that took a value at an instant: entity, field, value, instant.
Change = tuple[int, str, str | None, Instant]


class Earlier(NamedTuple):
    """A value that a bound field had until an instant; nothing is known of it before `since`."""

    entity_id: int
    name: str
    value: Value
    since: Instant
    until: Instant


def keep(connection: Connection, kind: Kind, values: Sequence[Earlier]) -> None:
    """Keep the values that bound fields had, each from the change before it, or from `since`.

    One that did not last, since two changes have the same date, is not kept.
    """
    ended: dict[tuple[int, str], Instant] = {}
    for entity_id, field, _, until, _ in _stored(connection, kind, [each[0] for each in values]):
        if until is not None:
            ended[entity_id, field] = max(until, ended.get((entity_id, field), until))
    rows = []
    for each in values:
        field = f"{BOUND}{each.name}"
        since = max(each.since, ended.get((each.entity_id, field), each.since))
        if since < each.until:
            value = _text_of(each.value)
            rows.append((kind.value, each.entity_id, field, since, each.until, value))
    bulk_upsert(connection, history, _COLUMNS, rows)


def _text_of(value: Value) -> str | None:
    """A value as text; yes is 1 and no is 0, as a database that has no booleans gives them."""
    if isinstance(value, bool):
        return str(int(value))
    return None if value is None else str(value)


def follow(
    connection: Connection,
    kind: Kind,
    changes: Sequence[Change],
    known: Mapping[int, Instant],
    zone: ZoneInfo,
) -> None:
    """Close the open value of each changed field and open the new one, at the same instant.

    Only entities in `known` can have an open value; the others are new here. One that had none
    had none since the instant that stands there, when it was last changed before.
    """
    earlier = [change[0] for change in changes if change[0] in known]
    opened = {
        (entity_id, field): (since, value)
        for entity_id, field, since, until, value in _stored(connection, kind, earlier)
        if until is None
    }
    name = kind.value
    rows: list[_Row] = []
    # That there was nothing is no entry: these have no day on which they began.
    none: list[_Row] = []
    for entity_id, field, value, at in changes:
        before = opened.get((entity_id, field))
        if before is None:
            since = known.get(entity_id, at)
            if value is not None and since < at:
                none.append((name, entity_id, field, since, at, None))
            if value is not None:
                rows.append((name, entity_id, field, at, None, value))
            continue
        since, old = before
        if since < at:
            rows.append((name, entity_id, field, since, at, old))
        rows.append((name, entity_id, field, max(at, since), None, value))
    bulk_upsert(connection, history, _COLUMNS, none)
    _write(connection, rows, zone)


def _write(connection: Connection, rows: Sequence[_Row], zone: ZoneInfo) -> None:
    dated = [(*row, _began(row[3], zone)) for row in rows]
    bulk_upsert(connection, history, (*_COLUMNS, "valid_from_on"), dated)


def _began(at: Instant, zone: ZoneInfo) -> Day | None:
    """The day of an instant; a record that does not say when it changed has the instant 0."""
    try:
        return day_of(at, zone) if at > 0 else None
    except OverflowError:
        return None


def set_stages(
    connection: Connection,
    entries: Mapping[int, Sequence[tuple[Instant, str]]],
    known: Collection[int],
    zone: ZoneInfo,
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
    _write(connection, written, zone)
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
