"""The custom CRM fields that the playbook uses, and the typed slot that holds each.

A slot belongs to a (kind, name), whatever the CRM, and keeps it: facts and rules are compiled
against slots. A new or changed binding is *not backfilled* until its stream was read in full. One
that is parked (`store.notices`) is not read meanwhile, and keeps its slot as it is.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from connectors.base import Binding
from rules.language import Text
from rules.records import FieldType, Kind
from rules.time import Instant
from service.store import cursors, notices
from service.store.bulk import bulk_upsert
from service.store.engine import StoreError
from service.store.notices import FieldState
from service.store.tables import (
    ACCOUNT_SLOTS,
    OPPORTUNITY_SLOTS,
    account,
    field_binding,
    opportunity,
)
from service.store.tables import (
    connection as crm,
)

_SLOT_COUNTS = {Kind.ACCOUNT: ACCOUNT_SLOTS, Kind.OPPORTUNITY: OPPORTUNITY_SLOTS}
_TABLES = {Kind.ACCOUNT: account, Kind.OPPORTUNITY: opportunity}
_COLUMNS = ("kind", "name", "vendor", "crm_field", "choices", "type", "slot", "since_at")

Slots = Mapping[Kind, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """A binding as kept: which CRM it is for, where its values go, since when they are all there.

    The history of the field begins then; None while it was not read in full.
    """

    vendor: str
    binding: Binding
    slot: str
    since_at: Instant | None


def save_bindings(connection: Connection, bindings: Mapping[str, Sequence[Binding]]) -> Slots:
    """Make these the bindings of the workspace, by vendor; returns the slot of each name by kind.

    Names that are gone free their slots, which are emptied. Raises `StoreError` when a type has
    no slot left, or when two CRMs give the same name different types.
    """
    stored = _load(connection)
    wanted = {
        (vendor, each.kind, each.name): each for vendor in bindings for each in bindings[vendor]
    }
    types = _types(wanted.values())
    kept = {
        (each.binding.kind, each.binding.name): each.slot
        for each in stored
        if types.get((each.binding.kind, each.binding.name)) == each.binding.type
    }
    slots = _allocate(types, kept)
    for kind, slot in {(each.binding.kind, each.slot) for each in stored}:
        if slot not in {held for (owner, _), held in kept.items() if owner == kind}:
            _empty(connection, kind, slot)
    _replace(connection, stored, wanted, slots)
    return _by_kind(slots)


def load_bindings(connection: Connection, vendor: str) -> list[Binding]:
    """The bindings of a CRM, those that are parked among them."""
    return [each.binding for each in _load(connection) if each.vendor == vendor]


def readable(connection: Connection, vendor: str) -> list[Binding]:
    """The bindings to read from a CRM: all but those that are parked."""
    parked = _in_state(connection, vendor, FieldState.PARKED)
    return [each for each in load_bindings(connection, vendor) if _key(each) not in parked]


def load_slots(connection: Connection) -> Slots:
    """The slot column of each bound name, by kind."""
    return _by_kind(
        {(each.binding.kind, each.binding.name): each.slot for each in _load(connection)}
    )


def readable_slots(connection: Connection, vendor: str) -> Slots:
    """The slots that pages of a CRM may write: those of parked bindings stay as they are."""
    parked = _in_state(connection, vendor, FieldState.PARKED)
    slots = load_slots(connection)
    return {
        kind: {name: slot for name, slot in of_kind.items() if (kind, name) not in parked}
        for kind, of_kind in slots.items()
    }


def guarded(connection: Connection, vendor: str) -> Mapping[Kind, Mapping[str, Instant]]:
    """The names, by kind, of which a CRM was read in full, and since when.

    A value that goes is a loss, and every change is kept in their history.
    """
    names: dict[Kind, dict[str, Instant]] = {kind: {} for kind in _SLOT_COUNTS}
    for each in _load(connection):
        if each.vendor == vendor and each.since_at is not None:
            names[each.binding.kind][each.binding.name] = each.since_at
    return names


def waiting(connection: Connection, vendor: str) -> list[Binding]:
    """The bindings of a CRM whose values are not all here yet: rules must not rely on them."""
    return [
        each.binding
        for each in _load(connection)
        if each.vendor == vendor and each.since_at is None
    ]


def returning(connection: Connection, vendor: str) -> list[Binding]:
    """The bindings of a CRM that were parked and are read again: in full, to catch up."""
    back = _in_state(connection, vendor, FieldState.RETURNING)
    return [each for each in load_bindings(connection, vendor) if _key(each) in back]


def mark_backfilled(
    connection: Connection, vendor: str, read: Sequence[Binding], now: Instant
) -> None:
    """Record that the streams of these bindings were read in full, as they are bound now.

    Their history begins at the first time that this is so.
    """
    rows = [
        _row(
            each.vendor,
            each.binding,
            each.slot,
            since_at=now if each.since_at is None else each.since_at,
        )
        for each in _load(connection)
        if each.vendor == vendor and each.binding in read
    ]
    bulk_upsert(connection, field_binding, _COLUMNS, rows)
    for kind in _SLOT_COUNTS:
        names = [each.name for each in read if each.kind is kind]
        notices.remove(connection, vendor, kind.value, names, FieldState.RETURNING)


def _key(binding: Binding) -> tuple[Kind, str]:
    return binding.kind, binding.name


def _in_state(connection: Connection, vendor: str, state: FieldState) -> set[tuple[Kind, str]]:
    return {
        (Kind(each.kind), each.name)
        for each in notices.load(connection, vendor)
        if each.kind != notices.OWN and each.state is state
    }


def _load(connection: Connection) -> list[_Stored]:
    rows = connection.execute(
        select(field_binding).order_by(
            field_binding.c.kind, field_binding.c.name, field_binding.c.vendor
        )
    )
    return [
        _Stored(
            vendor=row.vendor,
            binding=Binding(
                kind=Kind(row.kind),
                name=row.name,
                crm_field=row.crm_field,
                type=FieldType(row.type),
                values=json.loads(row.choices),
            ),
            slot=row.slot,
            since_at=row.since_at,
        )
        for row in rows
    ]


def _types(bindings: Iterable[Binding]) -> dict[tuple[Kind, str], FieldType]:
    types: dict[tuple[Kind, str], FieldType] = {}
    for each in bindings:
        first = types.setdefault((each.kind, each.name), each.type)
        if first != each.type:
            raise StoreError(
                Text(
                    f"Le champ « {each.name} » est lié comme {first.value} dans un CRM et comme "
                    f"{each.type.value} dans un autre. Donnez-lui le même type dans fields.yaml, "
                    "ou deux noms.",
                    f'The field "{each.name}" is bound as {first.value} in one CRM and as '
                    f"{each.type.value} in another. Give it one type in fields.yaml, or two "
                    "names.",
                )
            )
    return types


def _allocate(
    types: Mapping[tuple[Kind, str], FieldType], kept: Mapping[tuple[Kind, str], str]
) -> dict[tuple[Kind, str], str]:
    """The slot of each name: the one it had, else the first free one of its type."""
    slots = dict(kept)
    for (kind, name), type_ in types.items():
        if (kind, name) in slots:
            continue
        column = FieldType.TEXT if type_ is FieldType.CHOICE else type_
        count = _SLOT_COUNTS[kind][column.value]
        taken = {slot for (owner, _), slot in slots.items() if owner == kind}
        every = [f"{column.value}_{number}" for number in range(1, count + 1)]
        free = next((slot for slot in every if slot not in taken), None)
        if free is None:
            raise StoreError(_no_room(kind, name, column, count))
        slots[kind, name] = free
    return slots


def _no_room(kind: Kind, name: str, type_: FieldType, count: int) -> Text:
    return Text(
        f"Il n'y a plus de place pour le champ « {name} » : {count} champs de type {type_.value} "
        f"({kind.value}) sont déjà liés, le maximum. Retirez de fields.yaml un champ "
        "qu'aucune règle n'utilise.",
        f'There is no room left for the field "{name}": {count} fields of type {type_.value} '
        f"({kind.value}) are bound already, the most there can be. Remove from fields.yaml a "
        "field that no rule uses.",
    )


def _replace(
    connection: Connection,
    stored: Sequence[_Stored],
    wanted: Mapping[tuple[str, Kind, str], Binding],
    slots: Mapping[tuple[Kind, str], str],
) -> None:
    full = {
        (each.vendor, each.binding.kind, each.slot): (each.binding, each.since_at)
        for each in stored
        if each.since_at is not None
    }
    before = [(each.vendor, each.binding, each.slot) for each in stored]
    rows, changed = [], set()
    for (vendor, kind, name), binding in wanted.items():
        slot = slots[kind, name]
        as_read, since_at = full.get((vendor, kind, slot), (None, None))
        since_at = since_at if as_read == binding else None
        rows.append(_row(vendor, binding, slot, since_at=since_at))
        if (vendor, binding, slot) not in before:
            changed.add((vendor, kind))
    connection.execute(delete(field_binding))
    bulk_upsert(connection, field_binding, _COLUMNS, rows)
    # Columns 0 to 2 name the binding, the last one tells that nothing of it has changed.
    notices.forget_unbound(connection, [row[:3] for row in rows if row[-1] is not None])
    for vendor, kind in sorted(changed):
        ids = connection.execute(select(crm.c.id).where(crm.c.vendor == vendor)).scalars().all()
        cursors.forget_unfinished(connection, ids, kind)


def _row(
    vendor: str, binding: Binding, slot: str, *, since_at: Instant | None
) -> tuple[str, str, str, str, str, str, str, Instant | None]:
    return (
        binding.kind.value,
        binding.name,
        vendor,
        binding.crm_field,
        json.dumps(dict(binding.values), ensure_ascii=False, sort_keys=True),
        binding.type.value,
        slot,
        since_at,
    )


def _empty(connection: Connection, kind: Kind, slot: str) -> None:
    table = _TABLES[kind]
    column = table.c[slot]
    connection.execute(update(table).where(column.is_not(None)).values({column: None}))


def _by_kind(slots: Mapping[tuple[Kind, str], str]) -> Slots:
    return {
        kind: {name: slot for (owner, name), slot in slots.items() if owner == kind}
        for kind in _SLOT_COUNTS
    }
