"""The accounts to evaluate again: marked in the transaction that changed what rules see."""

import json
from collections.abc import Collection

from sqlalchemy import Connection

from rules.records import Kind
from service.store.bulk import select_among
from service.store.links import accounts_of
from service.store.tables import account, history, opportunity


def mark(connection: Connection, account_ids: Collection[int]) -> int:
    """Mark accounts; one that an evaluation has already taken is marked anew, and counts.

    Returns how many were not waiting already.
    """
    if not account_ids:
        return 0
    # In one order, so that two writers can't wait for each other.
    ids, is_sqlite = sorted(account_ids), connection.dialect.name == "sqlite"
    given = json.dumps(ids) if is_sqlite else ids
    return connection.exec_driver_sql(_MARK_SQLITE if is_sqlite else _MARK, (given,)).rowcount


_MARK_SQLITE, _MARK = (
    f"INSERT INTO dirty (account_id, claim) SELECT value, NULL FROM {given} WHERE true"  # noqa: S608 - constants
    " ON CONFLICT (account_id) DO UPDATE SET claim = NULL WHERE dirty.claim IS NOT NULL"
    for given in ("json_each(?)", "unnest(%s::bigint[]) AS given (value)")
)


def accounts_in_stages(connection: Connection, stage_ids: Collection[int]) -> set[int]:
    """The accounts with an opportunity in one of the stages."""
    rows = select_among(connection, opportunity, ("id",), "stage_id", stage_ids)
    return accounts_of(connection, Kind.OPPORTUNITY, {row.id for row in rows})


def accounts_with_past(connection: Connection, field: str, entity_ids: Collection[int]) -> set[int]:
    """The accounts in whose history, their opportunities included, a field had such a value."""
    values = {str(each) for each in entity_ids}
    rows = select_among(
        connection, history, ("kind", "entity_id"), "value", values, equals={"field": field}
    )
    accounts: set[int] = set()
    for kind in {row.kind for row in rows}:
        ids = {row.entity_id for row in rows if row.kind == kind}
        accounts |= accounts_of(connection, Kind(kind), ids)
    return accounts


def accounts_owned_by(connection: Connection, owner_ids: Collection[int]) -> set[int]:
    """The accounts that one of the owners holds."""
    rows = select_among(connection, account, ("id",), "owner_id", owner_ids)
    return {row.id for row in rows}
