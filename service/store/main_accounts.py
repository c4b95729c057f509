"""The main account of a record, when its accounts go and come back without the record changing.

A CRM shows no link to an archived account: the only one that is left is the main one. The links
themselves stay, so that the account finds them again when it is restored.
"""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import Connection

from service.store.bulk import bulk_upsert, select_among
from service.store.tables import account, link

_COLUMNS = ("relation", "from_id", "to_id", "is_primary")
_Link = tuple[str, int, int, bool]


def pass_on(connection: Connection, account_ids: Collection[int]) -> set[int]:
    """Some accounts are gone, or merged: an only one that is left becomes the main one.

    Returns the accounts that became it.
    """
    promoted = [
        (relation, from_id, present[0][2], True)
        for (relation, from_id), present in _present(connection, account_ids).items()
        if len(present) == 1 and not present[0][3]
    ]
    bulk_upsert(connection, link, _COLUMNS, promoted)
    return {row[2] for row in promoted}


def hand_back(connection: Connection, account_ids: Collection[int]) -> set[int]:
    """Some accounts are back: where one was the main one, no other is. Returns those others."""
    back = set(account_ids)
    demoted = [
        (*each[:3], False)
        for present in _present(connection, account_ids).values()
        if any(each[3] and each[2] in back for each in present)
        for each in present
        if each[3] and each[2] not in back
    ]
    bulk_upsert(connection, link, _COLUMNS, demoted)
    return {row[2] for row in demoted}


def archived(connection: Connection, account_ids: Collection[int]) -> set[int]:
    """Those of some accounts that are tombstones."""
    rows = select_among(connection, account, ("id", "archived_at"), "id", account_ids)
    return {row.id for row in rows if row.archived_at is not None}


def _present(
    connection: Connection, account_ids: Collection[int]
) -> dict[tuple[str, int], list[_Link]]:
    """The links, to accounts that are no tombstones, of the records that have one of these."""
    ends = select_among(connection, link, ("relation", "from_id"), "to_id", account_ids)
    keys = {(row.relation, row.from_id) for row in ends}
    rows = select_among(connection, link, _COLUMNS, "from_id", {from_id for _, from_id in keys})
    gone = archived(connection, {row.to_id for row in rows})
    present: defaultdict[tuple[str, int], list[_Link]] = defaultdict(list)
    for row in rows:
        if (row.relation, row.from_id) in keys and row.to_id not in gone:
            present[row.relation, row.from_id].append((*row[:3], bool(row.is_primary)))
    return present
