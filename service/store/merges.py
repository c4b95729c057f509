"""Accounts merged in the CRM: the survivor inherits what hung on the others."""

from collections.abc import Iterable

from sqlalchemy import Connection, update

from rules.records import Account, Kind, Record
from service.store import links, references
from service.store.context import MirrorContext
from service.store.tables import account, challenge, override


def follow(connection: Connection, context: MirrorContext, records: Iterable[Record]) -> set[int]:
    """Carry out the merges that accounts of a page tell of; returns the accounts touched.

    A merge that is known already costs one look-up and changes nothing.
    """
    told = {
        each.external_id: each.merged_ids
        for each in records
        if isinstance(each, Account) and each.merged_ids
    }
    merged = [loser for losers in told.values() for loser in losers]
    known = references.find(connection, context.connection_id, Kind.ACCOUNT, merged)
    touched: set[int] = set()
    for survivor, losers in told.items():
        if all(each in known and not known[each].is_current for each in losers):
            continue
        merge = references.merge(connection, context.connection_id, Kind.ACCOUNT, survivor, losers)
        for loser in merge.losers:
            _hand_over(connection, loser, merge.survivor, context)
        touched |= {merge.survivor, *merge.losers} if merge.losers else set()
    return touched


def _hand_over(connection: Connection, loser: int, survivor: int, context: MirrorContext) -> None:
    links.move(connection, loser, survivor)
    for table in (override, challenge):
        connection.execute(
            update(table).where(table.c.account_id == loser).values(account_id=survivor)
        )
    connection.execute(
        update(account)
        .where(account.c.id == loser, account.c.archived_at.is_(None))
        .values(archived_at=context.now)
    )
