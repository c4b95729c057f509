"""The backlog: what waits in the outbox, and why, in figures and first examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from connectors.base import State
from rules.diff import Debt, PinKind
from rules.owned import Owned
from service.store.outbox import BEFORE, owed_source, owed_where
from service.store.tables import OWN_FIELDS, account, outbox, owner, push_journal, tag

MOST_REASONS = 20
MOST_DRIFTING = 50
MOST_GROUPS = 1_000
# The fields of which each value is told.
LISTED = (Owned.TIER, Owned.PRIORITY, Owned.SEGMENT, Owned.QUADRANT, Owned.CONTACT_STATUS)


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
class Group:
    """Values that are owed for the same reason on the accounts of one owner.

    `before` and `after` are those of a field that has few values (`LISTED`), None of the others.
    `row` is the row of the rule's table that decides, and `why` what it says, of one account at
    least. Of the values, `first` fill an empty field and `cleared` empty one.
    """

    owner: str | None
    field: Owned
    before: str | None
    after: str | None
    row: int | None
    why: str | None
    values: int
    first: int
    cleared: int


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


def groups(connection: Connection, connection_id: int, rep_key: str | None = None) -> list[Group]:
    """What is owed, old → new, by owner and reason, the largest first; at most `MOST_GROUPS`."""
    is_listed = outbox.c.field.in_([each.value for each in LISTED])
    row = case(
        (outbox.c.field == Owned.PRIORITY.value, tag.c.priority_row),
        (outbox.c.field.in_([Owned.TIER.value, Owned.WHY.value]), tag.c.tier_row),
    )
    changes = (
        select(
            owner.c.name.label("owner"), outbox.c.field,
            case((is_listed, BEFORE)).label("before"),
            case((is_listed, outbox.c.desired)).label("after"), row.label("row"),
            case((outbox.c.field != Owned.PRIORITY.value, tag.c.why)).label("why"),
            case((BEFORE.is_(None), 1), else_=0).label("is_first"),
            case((outbox.c.desired.is_(None), 1), else_=0).label("is_cleared"),
        )
        .select_from(owed_source())
        .where(*owed_where(connection_id, rep_key=rep_key))
        .subquery("changes")
    )  # fmt: skip
    each = changes.c
    key = (each.owner, each.field, each.before, each.after, each.row)
    total = func.count().label("total")
    rows = connection.execute(
        select(
            *key, total, func.min(each.why).label("why"), func.sum(each.is_first).label("first"),
            func.sum(each.is_cleared).label("cleared"),
        )
        .group_by(*key)
        .order_by(each.owner, total.desc(), *key[1:])
        .limit(MOST_GROUPS)
    )  # fmt: skip
    return [
        Group(
            owner=row.owner, field=Owned(row.field), before=row.before, after=row.after,
            row=row.row, why=row.why if row.row is not None else None, values=row.total,
            first=row.first, cleared=row.cleared,
        )
        for row in rows
    ]  # fmt: skip


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


def put_back(connection: Connection, connection_id: int) -> dict[int, int]:
    """How many values stay as the undoing of a run has put them back, by that run."""
    rows = connection.execute(
        select(outbox.c.pin_run_id, func.count().label("total"))
        .join(account, account.c.id == outbox.c.account_id)
        .where(
            outbox.c.pin == PinKind.UNDONE.value,
            account.c.connection_id == connection_id,
            account.c.archived_at.is_(None),
        )
        .group_by(outbox.c.pin_run_id)
        .order_by(outbox.c.pin_run_id)
    )
    return {row.pin_run_id: row.total for row in rows}


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
