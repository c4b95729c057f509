"""Who belongs to whom: the links of a page replace the earlier links of its records."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from rules.records import Kind, Link, Relation
from service.store.bulk import bulk_delete, bulk_upsert, insert_missing, select_among
from service.store.tables import link

# The relation that starts at each kind; every relation ends at an account.
RELATIONS = {
    Kind.OPPORTUNITY: Relation.OPPORTUNITY_ACCOUNT,
    Kind.CONTACT: Relation.CONTACT_ACCOUNT,
    Kind.ACTIVITY: Relation.ACTIVITY_ACCOUNT,
}
STARTS = {relation: kind for kind, relation in RELATIONS.items()}
_NAMES = {relation: relation.value for relation in STARTS}
_KEY = ("relation", "from_id", "to_id")
_COLUMNS = (*_KEY, "is_primary")


@dataclass(frozen=True, slots=True)
class LinkChanges:
    """Accounts that gained, lost or changed a link; and the accounts that each record has now."""

    touched: set[int]
    accounts_of: Mapping[int, set[int]]


def replace(
    connection: Connection,
    kind: Kind,
    entity_ids: Collection[int],
    links: Sequence[Link],
    ids: Mapping[Kind, Mapping[str, int]],
) -> LinkChanges:
    """Make `links` the links of the records with `entity_ids`; other records' links only join."""
    wanted: dict[tuple[str, int, int], bool] = {}
    accounts = ids.get(Kind.ACCOUNT, {})
    for each in links:
        from_id = ids[STARTS[each.relation]][each.from_id]
        key = (_NAMES[each.relation], from_id, accounts[each.to_id])
        wanted[key] = wanted.get(key, False) or each.is_primary
    stored = _stored(connection, kind, entity_ids)
    own = RELATIONS.get(kind)
    other = [key for key in wanted if key[0] != own or key[1] not in entity_ids]
    for relation in {key[0] for key in other}:
        starts = [key[1] for key in other if key[0] == relation]
        stored |= {
            key: is_primary
            for key, is_primary in _stored(connection, STARTS[Relation(relation)], starts).items()
            if key in wanted
        }
    gone = [key for key in stored if key not in wanted]
    new = [(*key, wanted[key]) for key in wanted if stored.get(key) != wanted[key]]
    bulk_delete(connection, link, _KEY, gone)
    bulk_upsert(connection, link, _COLUMNS, new)
    accounts_of: defaultdict[int, set[int]] = defaultdict(set)
    for _, from_id, to_id in wanted:
        accounts_of[from_id].add(to_id)
    touched = {key[2] for key in gone} | {row[2] for row in new}
    return LinkChanges(touched, accounts_of)


def accounts_of(connection: Connection, kind: Kind, entity_ids: Collection[int]) -> set[int]:
    """The accounts that records of a kind belong to; those of accounts are themselves."""
    if kind is Kind.ACCOUNT:
        return set(entity_ids)
    return {to_id for _, _, to_id in _stored(connection, kind, entity_ids)}


def move(connection: Connection, loser: int, survivor: int) -> None:
    """Hand the links of a merged account to the survivor."""
    rows = connection.execute(
        select(link.c.relation, link.c.from_id, link.c.is_primary).where(link.c.to_id == loser)
    ).all()
    moved = [(row.relation, row.from_id, survivor, row.is_primary) for row in rows]
    insert_missing(connection, link, _COLUMNS, moved)
    connection.execute(delete(link).where(link.c.to_id == loser))


def _stored(
    connection: Connection, kind: Kind, entity_ids: Collection[int]
) -> dict[tuple[str, int, int], bool]:
    relation = RELATIONS.get(kind)
    if relation is None:
        return {}
    rows = select_among(
        connection,
        link,
        ("from_id", "to_id", "is_primary"),
        "from_id",
        entity_ids,
        equals={"relation": relation.value},
    )
    name = relation.value
    return {(name, from_id, to_id): is_primary for from_id, to_id, is_primary in rows}
