"""The facts that a playbook on disk would be evaluated on, as if it were published now.

Its bound fields may have no slot so far, or another meaning than what was read: these are unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, FromClause, cast, null, select

from rules.records import FieldType, Kind
from rules.rulebook import Rulebook
from service.store import bindings, connections, evaluations
from service.store.bindings import Slots
from service.store.facts import Sources, fact_slots, facts_relation
from service.store.rulebooks import bindings_of
from service.store.tables import account, opportunity


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A bound field whose values are not in the store as this playbook binds it.

    `is_known` says that the field itself was read, under other choices: its values so far count.
    """

    kind: Kind
    name: str
    vendor: str
    crm_field: str
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a playbook would be evaluated with: the slot of each bound field, as far as it has one.

    `unknown` are the types of the fields that have none that was read: they count as unknown.
    `has_new_rules` says that the rules are not those of the tags so far: no tier is kept then.
    """

    slots: Slots
    unknown: Mapping[Kind, Mapping[str, FieldType]]
    unread: Sequence[Unread]
    has_new_rules: bool


def of(connection: Connection, book: Rulebook) -> Inputs:
    """Where the values of a playbook's bound fields are."""
    unread = _unread(connection, book)
    slots = bindings.load_slots(connection)
    lost = {(each.kind, each.name) for each in unread if not each.is_known}
    bound = {Kind.ACCOUNT: book.fields.account, Kind.OPPORTUNITY: book.fields.opportunity}
    unknown = {
        kind: {
            name: entry.type
            for name, entry in entries.items()
            if (kind, name) in lost or name not in slots.get(kind, {})
        }
        for kind, entries in bound.items()
    }
    return Inputs(
        slots={
            kind: {name: slot for name, slot in own.items() if name not in unknown[kind]}
            for kind, own in slots.items()
        },
        unknown=unknown, unread=unread,
        has_new_rules=evaluations.has_new_rules(connection, book),
    )  # fmt: skip


def relation(book: Rulebook, found: Inputs) -> FromClause:
    """The facts of every live account, those unknown that were never read."""
    slots: dict[Kind, dict[str, str]] = {}
    stand_ins: dict[Kind, FromClause] = {}
    for kind, table in ((Kind.ACCOUNT, account), (Kind.OPPORTUNITY, opportunity)):
        lacking = found.unknown[kind]
        blanks = [
            cast(null(), table.c[_like(type_)].type).label(f"unread_{name}")
            for name, type_ in lacking.items()
        ]
        stand_ins[kind] = select(table, *blanks).subquery(f"all_{table.name}") if blanks else table
        slots[kind] = {**found.slots.get(kind, {}), **{name: f"unread_{name}" for name in lacking}}
    return facts_relation(
        book.tagging.facts,
        fact_slots(slots),
        sources=Sources(account=stand_ins[Kind.ACCOUNT], opportunity=stand_ins[Kind.OPPORTUNITY]),
        measures=book.tagging.measures,
    )


def _unread(connection: Connection, book: Rulebook) -> list[Unread]:
    """The bound fields of the CRMs that there are, where what was read is not what they mean."""
    stored = {
        crm.vendor: {
            (each.kind, each.name): each for each in bindings.load_bindings(connection, crm.vendor)
        }
        for crm in connections.find_all(connection)
    }
    waiting = {
        (vendor, each.kind, each.name)
        for vendor in stored
        for each in bindings.waiting(connection, vendor)
    }
    return [
        Unread(
            kind=each.kind, name=each.name, vendor=vendor, crm_field=each.crm_field,
            is_known=known is not None
            and (vendor, each.kind, each.name) not in waiting
            and (known.crm_field, known.type) == (each.crm_field, each.type),
        )
        for vendor, wanted in bindings_of(book).items()
        if vendor in stored
        for each in wanted
        for known in [stored[vendor].get((each.kind, each.name))]
        if known != each or (vendor, each.kind, each.name) in waiting
    ]  # fmt: skip


def _like(kind: FieldType) -> str:
    """A slot of a type."""
    return f"{(FieldType.TEXT if kind is FieldType.CHOICE else kind).value}_1"
