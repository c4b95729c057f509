"""Refusals: the values and tasks that a CRM refused of a run, with its own words and our remedy.

The words stay in the journal; whether a value is still refused, in the outbox.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, FromClause, and_, func, select, update

from connectors.base import State
from rules.diff import Debt
from rules.owned import Owned
from service.store.alerts import TaskState
from service.store.tables import account, alert, outbox, push_journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A value that was refused; `is_waiting`: it still is, and nothing newer is desired."""

    account: str
    external_id: str
    field: Owned
    value: str | None
    reason: str
    is_waiting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedTask:
    """A task that was refused and still is: the alert it is about, its account."""

    subject: str
    account: str
    external_id: str
    reason: str


_LINE = push_journal.c
_WAITS = and_(outbox.c.state == Debt.REJECTED.value, outbox.c.version == _LINE.version)


def written(connection: Connection, run_id: int) -> Mapping[Owned, int]:
    """How many values of each field a CRM acknowledged to a run."""
    rows = connection.execute(
        select(_LINE.field, func.count().label("total"))
        .where(_LINE.run_id == run_id, _LINE.outcome == State.APPLIED.value)
        .group_by(_LINE.field)
        .order_by(_LINE.field)
    )
    return {Owned(row.field): row.total for row in rows}


def count(connection: Connection, run_id: int) -> int:
    """How many values a run had refused."""
    return connection.execute(
        select(func.count()).select_from(push_journal).where(*_refused(run_id))
    ).scalar_one()


def of_run(connection: Connection, run_id: int, *, limit: int | None = None) -> Sequence[Refusal]:
    """The values that a run had refused, or the first of them, by account and field."""
    rows = connection.execute(
        select(
            account.c.name, account.c.external_id, _LINE.field, _LINE.after, _LINE.reason,
            _WAITS.label("is_waiting"),
        )
        .select_from(_journaled())
        .where(*_refused(run_id))
        .order_by(_LINE.account_id, _LINE.field)
        .limit(limit)
    )  # fmt: skip
    return [
        Refusal(
            account=row.name or row.external_id, external_id=row.external_id,
            field=Owned(row.field), value=row.after, reason=row.reason or "",
            is_waiting=bool(row.is_waiting),
        )
        for row in rows
    ]  # fmt: skip


def tasks_of_run(connection: Connection, run_id: int) -> Sequence[RefusedTask]:
    """The tasks that a run had refused and that still are."""
    rows = connection.execute(
        select(alert.c.subject_line, alert.c.task_reason, account.c.name, account.c.external_id)
        .join(account, account.c.id == alert.c.account_id)
        .where(*_refused_task(run_id))
        .order_by(alert.c.key)
    )
    return [
        RefusedTask(
            subject=row.subject_line, account=row.name or row.external_id,
            external_id=row.external_id, reason=row.task_reason or "",
        )
        for row in rows
    ]  # fmt: skip


def retry(connection: Connection, run_id: int) -> int:
    """Owe again, at once, what a run had refused and that still is; returns how many."""
    line = select(_LINE.id).where(
        _LINE.account_id == outbox.c.account_id,
        _LINE.field == outbox.c.field,
        _LINE.version == outbox.c.version,
        *_refused(run_id),
    )
    live = select(account.c.id).where(account.c.archived_at.is_(None))
    values = connection.execute(
        update(outbox)
        .where(
            outbox.c.state == Debt.REJECTED.value,
            outbox.c.account_id.in_(live),
            line.correlate(outbox).exists(),
        )
        .values(state=Debt.OWED.value, reason=None, attempts=0, not_before_at=None)
    ).rowcount
    tasks = connection.execute(
        update(alert).where(*_refused_task(run_id)).values(task_state=TaskState.OWED.value)
    ).rowcount
    return values + tasks


def _refused(run_id: int) -> list[ColumnElement[bool]]:
    return [_LINE.run_id == run_id, _LINE.outcome == State.REJECTED.value]


def _refused_task(run_id: int) -> list[ColumnElement[bool]]:
    return [alert.c.task_run_id == run_id, alert.c.task_state == TaskState.REJECTED.value]


def _journaled() -> FromClause:
    of_row = and_(outbox.c.account_id == _LINE.account_id, outbox.c.field == _LINE.field)
    joined = push_journal.join(account, account.c.id == _LINE.account_id)
    return joined.outerjoin(outbox, of_row)
