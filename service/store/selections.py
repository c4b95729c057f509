"""Selections: changes that a person chose in a preview, against what is owed by now."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select

from rules.diff import Debt
from rules.owned import Owned
from service.store.outbox import BEFORE
from service.store.tables import account, outbox

# Accounts named in one statement.
_NAMED = 5_000
_AS_PREVIEWED = (Debt.OWED.value, Debt.HELD.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A change as it was previewed."""

    account_id: int
    external_id: str
    account: str
    field: Owned
    before: str | None
    after: str | None


class Cause(StrEnum):
    """Why a change is not what it was."""

    GONE = "gone"
    STATE = "state"
    AFTER = "after"
    BEFORE = "before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A change that is not what it was. `expected` is of the preview, `now` of the store.

    Both are states of the outbox where that is the cause, else values.
    """

    account: str
    external_id: str
    field: Owned
    cause: Cause
    expected: str | None
    now: str | None


def find_stale(
    connection: Connection, connection_id: int, wanted: Sequence[Wanted]
) -> list[tuple[Wanted, Stale]]:
    """The changes that a push would not do by now as they were previewed, and why."""
    found = []
    for start in range(0, len(wanted), _NAMED):
        some = wanted[start : start + _NAMED]
        known = _known(connection, connection_id, some)
        for each in some:
            stale = _judge(each, known.get((each.account_id, each.field.value)))
            if stale is not None:
                found.append((each, stale))
    return found


def _known(
    connection: Connection, connection_id: int, wanted: Sequence[Wanted]
) -> dict[tuple[int, str], Row[*tuple[Any, ...]]]:
    """The rows of the outbox, locked, of accounts that are still in this CRM."""
    rows = connection.execute(
        select(
            outbox.c.account_id, outbox.c.field, outbox.c.state, outbox.c.desired,
            BEFORE.label("before"), account.c.external_id,
        )
        .join(account, account.c.id == outbox.c.account_id)
        .where(
            outbox.c.account_id.in_({each.account_id for each in wanted}),
            account.c.connection_id == connection_id,
            account.c.archived_at.is_(None),
        )
        .with_for_update(of=outbox)
    )  # fmt: skip
    return {(row.account_id, row.field): row for row in rows}


def _judge(wanted: Wanted, row: Row[*tuple[Any, ...]] | None) -> Stale | None:
    if row is None:
        return _stale(wanted, Cause.GONE, wanted.external_id, None)
    if row.external_id != wanted.external_id:
        return _stale(wanted, Cause.GONE, wanted.external_id, row.external_id)
    if row.state not in _AS_PREVIEWED:
        return _stale(wanted, Cause.STATE, Debt.OWED.value, row.state)
    if row.desired != wanted.after:
        return _stale(wanted, Cause.AFTER, wanted.after, row.desired)
    if row.before != wanted.before:
        return _stale(wanted, Cause.BEFORE, wanted.before, row.before)
    return None


def _stale(wanted: Wanted, cause: Cause, expected: str | None, now: str | None) -> Stale:
    return Stale(
        account=wanted.account, external_id=wanted.external_id, field=wanted.field, cause=cause,
        expected=expected, now=now,
    )  # fmt: skip
