"""Accounts merged in the CRM: the survivor inherits what hung on the others."""

from collections.abc import Iterable

from sqlalchemy import Connection, case, select, update

from rules.diff import Debt
from rules.records import Account, Kind, Record
from rules.time import day_of
from service.store import links, main_accounts, objections, overrides, references
from service.store.alerts import TaskState
from service.store.context import MirrorContext
from service.store.tables import account, alert, challenge, outbox, override, tag


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
        _owe_again(connection, merge.survivor)
        if merge.losers:
            touched |= {merge.survivor, *merge.losers}
            main_accounts.pass_on(connection, [merge.survivor])
    return touched


def _hand_over(connection: Connection, loser: int, survivor: int, context: MirrorContext) -> None:
    links.move(connection, loser, survivor)
    objections.part(connection, loser, context.now)
    _inherit_confirmed(connection, loser, survivor)
    for table in (override, challenge, alert):
        connection.execute(
            update(table).where(table.c.account_id == loser).values(account_id=survivor)
        )
    overrides.keep_latest(connection, survivor, day_of(context.now, context.zone))
    connection.execute(
        update(account)
        .where(account.c.id == loser, account.c.archived_at.is_(None))
        .values(archived_at=context.now)
    )


def _inherit_confirmed(connection: Connection, loser: int, survivor: int) -> None:
    """A CRM fills what is empty on the survivor with the loser's values: ours, no person's edit."""
    confirmed = connection.execute(
        select(outbox.c.field, outbox.c.confirmed).where(
            outbox.c.account_id == loser, outbox.c.confirmed.is_not(None)
        )
    )
    for field, value in confirmed.all():
        connection.execute(
            update(outbox)
            .where(
                outbox.c.account_id == survivor,
                outbox.c.field == field,
                outbox.c.confirmed.is_(None),
                outbox.c.confirmed_version > 0,
            )
            .values(
                confirmed=value,
                version=outbox.c.version + 1,
                state=case(
                    (outbox.c.state == Debt.SETTLED.value, Debt.OWED.value), else_=outbox.c.state
                ),
            )
        )


def _owe_again(connection: Connection, survivor: int) -> None:
    """What the survivor should hold is compared anew with what it holds.

    What the CRM refused because the record had gone is owed to the record that it became.
    """
    connection.execute(update(tag).where(tag.c.account_id == survivor).values(is_owed=True))
    connection.execute(
        update(outbox)
        .where(outbox.c.account_id == survivor, outbox.c.state == Debt.REJECTED.value)
        .values(state=Debt.OWED.value, reason=None, attempts=0, not_before_at=None)
    )
    connection.execute(
        update(alert)
        .where(alert.c.account_id == survivor, alert.c.task_state == TaskState.REJECTED.value)
        .values(task_state=TaskState.OWED.value, task_reason=None)
    )
