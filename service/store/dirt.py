"""The accounts to evaluate again: marked in the transaction that changed what rules see."""

from collections.abc import Collection

from sqlalchemy import Connection

from rules.records import Kind
from service.store.bulk import bulk_upsert, select_among
from service.store.links import accounts_of
from service.store.tables import account, dirty, opportunity


def mark(connection: Connection, account_ids: Collection[int]) -> int:
    """Mark accounts; one that an evaluation has already taken is marked anew, and counts.

    Returns how many were not waiting already.
    """
    rows = [(account_id, None) for account_id in sorted(account_ids)]
    return bulk_upsert(connection, dirty, ("account_id", "claim"), rows)


def accounts_in_stages(connection: Connection, stage_ids: Collection[int]) -> set[int]:
    """The accounts with an opportunity in one of the stages."""
    rows = select_among(connection, opportunity, ("id",), "stage_id", stage_ids)
    return accounts_of(connection, Kind.OPPORTUNITY, {row.id for row in rows})


def accounts_owned_by(connection: Connection, owner_ids: Collection[int]) -> set[int]:
    """The accounts that one of the owners holds."""
    rows = select_among(connection, account, ("id",), "owner_id", owner_ids)
    return {row.id for row in rows}
