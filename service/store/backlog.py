"""The backlog: what waits in the outbox, and why, in figures and first examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from connectors.base import State
from rules.diff import Debt
from service.store.outbox import owed_source, owed_where
from service.store.tables import OWN_FIELDS, account, outbox, owner, push_journal

MOST_REASONS = 20
MOST_DRIFTING = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What is owed: values by field, accounts by the name of their owner (None: nobody's)."""

    by_field: Mapping[str, int]
    by_owner: Mapping[str | None, int]

    @property
    def values(self) -> int:
        """How many values."""
        return sum(self.by_field.values())

    @property
    def accounts(self) -> int:
        """How many accounts; each has one owner at most."""
        return sum(self.by_owner.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Refusals for the same reason: how many, and the first account that met with it."""

    reason: str
    count: int
    account: str
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A field that a person edited: what we want there, and what is there."""

    account: str
    external_id: str
    field: str
    desired: str | None
    observed: str | None


def totals(connection: Connection, connection_id: int, rep_key: str | None = None) -> Totals:
    """How much is owed to a CRM, or to the accounts of one rep."""
    conditions = owed_where(connection_id, rep_key=rep_key)
    accounts = func.count(outbox.c.account_id.distinct()).label("total")
    by_field = (
        select(outbox.c.field, func.count().label("total"))
        .select_from(owed_source())
        .where(*conditions)
        .group_by(outbox.c.field)
        .order_by(outbox.c.field)
    )
    by_owner = (
        select(owner.c.name, accounts)
        .select_from(owed_source())
        .where(*conditions)
        .group_by(owner.c.name)
        .order_by(accounts.desc(), owner.c.name)
    )
    return Totals(
        by_field={row.field: row.total for row in connection.execute(by_field)},
        by_owner={row.name: row.total for row in connection.execute(by_owner)},
    )


def debts(connection: Connection, connection_id: int) -> dict[str, int]:
    """How many values are in each state, of the accounts that are still in the CRM."""
    rows = connection.execute(
        select(outbox.c.state, func.count().label("total"))
        .join(account, account.c.id == outbox.c.account_id)
        .where(account.c.connection_id == connection_id, account.c.archived_at.is_(None))
        .group_by(outbox.c.state)
        .order_by(outbox.c.state)
    )
    return {row.state: row.total for row in rows}


def rejections_of(connection: Connection, connection_id: int, run_id: int) -> list[Rejection]:
    """Why a run had values refused, the most frequent reason first."""
    journal = push_journal.c
    lines = select(journal.reason, journal.account_id).where(
        journal.run_id == run_id, journal.outcome == State.REJECTED.value
    )
    return _grouped(connection, connection_id, lines)


def rejections(connection: Connection, connection_id: int) -> list[Rejection]:
    """Why values are refused that are not sent again by themselves."""
    rejected = outbox.c.state == Debt.REJECTED.value
    return _grouped(
        connection, connection_id, select(outbox.c.reason, outbox.c.account_id).where(rejected)
    )


def _grouped(
    connection: Connection, connection_id: int, refusals: Select[str | None, int]
) -> list[Rejection]:
    refused = refusals.subquery("refused")
    groups = (
        select(refused.c.reason, func.count().label("total"), func.min(account.c.id).label("first"))
        .join(account, account.c.id == refused.c.account_id)
        .where(account.c.connection_id == connection_id, account.c.archived_at.is_(None))
        .group_by(refused.c.reason)
        .subquery("groups")
    )
    rows = connection.execute(
        select(groups, account.c.name, account.c.external_id)
        .join(account, account.c.id == groups.c.first)
        .order_by(groups.c.total.desc(), groups.c.first)
        .limit(MOST_REASONS)
    )
    return [
        Rejection(
            reason=row.reason or "", count=row.total, account=row.name or row.external_id,
            external_id=row.external_id,
        )
        for row in rows
    ]  # fmt: skip


def drifting(connection: Connection, connection_id: int) -> Sequence[Drift]:
    """The first fields that wait because a person edited them."""
    rows: Sequence[Any] = connection.execute(
        select(
            outbox.c.field, outbox.c.desired, account.c.name, account.c.external_id,
            *[account.c[f"observed_{name}"] for name in OWN_FIELDS],
        )
        .join(account, account.c.id == outbox.c.account_id)
        .where(
            outbox.c.state == Debt.DRIFT.value,
            account.c.connection_id == connection_id,
            account.c.archived_at.is_(None),
        )
        .order_by(outbox.c.account_id, outbox.c.field)
        .limit(MOST_DRIFTING)
    ).all()  # fmt: skip
    return [
        Drift(
            account=row.name or row.external_id, external_id=row.external_id, field=row.field,
            desired=row.desired, observed=getattr(row, f"observed_{row.field}"),
        )
        for row in rows
    ]  # fmt: skip
