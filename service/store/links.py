"""Who belongs to whom: the links of a page replace the earlier links of its records."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, delete, select

from rules.records import Kind, Link, Relation
from service.store import main_accounts
from service.store.bulk import bulk_delete, bulk_upsert, insert_missing, tuples_among
from service.store.tables import link

# The relation that starts at each kind; every relation ends at an account.
RELATIONS = {
    Kind.OPPORTUNITY: Relation.OPPORTUNITY_ACCOUNT,
    Kind.CONTACT: Relation.CONTACT_ACCOUNT,
    Kind.ACTIVITY: Relation.ACTIVITY_ACCOUNT,
}
STARTS = {relation: kind for kind, relation in RELATIONS.items()}
_Key = tuple[str, int, int]
_KEY = ("relation", "from_id", "to_id")
_COLUMNS = (*_KEY, "is_primary")


@dataclass(frozen=True, slots=True)
class LinkChanges:
    """Accounts that gained, lost or changed a link; and the links that a page holds, by our ids."""

    touched: set[int]
    present: Collection[_Key]

    def accounts_of(self, entity_ids: Collection[int]) -> set[int]:
        """The accounts that some records of the page belong to now."""
        return {to_id for _, from_id, to_id in self.present if from_id in entity_ids}


def replace(
    connection: Connection,
    kind: Kind,
    entity_ids: Collection[int],
    links: Sequence[Link],
    ids: Mapping[Kind, Mapping[str, int]],
) -> LinkChanges:
    """Make `links` the links of the records with `entity_ids`; other records' links only join."""
    wanted = _wanted(links, ids)
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
    gone = _unlinked(connection, [key for key in stored if key not in wanted])
    new = [
        (*key, is_primary) for key, is_primary in wanted.items() if stored.get(key) != is_primary
    ]
    bulk_delete(connection, link, _KEY, gone)
    bulk_upsert(connection, link, _COLUMNS, new)
    touched = {key[2] for key in gone} | {row[2] for row in new}
    return LinkChanges(touched, wanted)


def _wanted(links: Sequence[Link], ids: Mapping[Kind, Mapping[str, int]]) -> dict[_Key, bool]:
    """Which links there are, and whether each is the primary one."""
    accounts = ids.get(Kind.ACCOUNT, {})
    wanted: dict[_Key, bool] = {}
    for relation, some in groupby(links, attrgetter("relation")):
        name, starts = relation.value, ids[STARTS[relation]]
        for each in some:
            key = (name, starts[each.from_id], accounts[each.to_id])
            wanted[key] = each.is_primary or wanted.get(key, False)
    return wanted


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
    # A record of both has the survivor for its main account where it had either.
    bulk_upsert(connection, link, _COLUMNS, [row for row in moved if row[3]])
    connection.execute(delete(link).where(link.c.to_id == loser))


def _unlinked(connection: Connection, keys: Sequence[_Key]) -> list[_Key]:
    """The links that are no more; one to a tombstone is not shown, and may come back with it."""
    hidden = main_accounts.archived(connection, {key[2] for key in keys})
    return [key for key in keys if key[2] not in hidden]


def _stored(connection: Connection, kind: Kind, entity_ids: Collection[int]) -> dict[_Key, bool]:
    relation = RELATIONS.get(kind)
    if relation is None:
        return {}
    rows = tuples_among(
        connection,
        link,
        ("from_id", "to_id", "is_primary"),
        "from_id",
        entity_ids,
        equals={"relation": relation.value},
    )
    name = relation.value
    return {(name, from_id, to_id): is_primary for from_id, to_id, is_primary in rows}
