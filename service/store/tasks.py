"""The tasks that alerts want in a CRM: owed → sending → created → done, or rejected.

A task is *sending* from before the first call until the CRM's answer is known; whoever finds one
in that state looks for it in the CRM before creating it. Once created it follows its alert: what
it says is compared by digest with what the alert says, so that a text that changes while it is on
its way is sent again. A task whose run is undone is completed, whatever its alert says.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from connectors.base import Outcome, State
from rules.alert.lines import Answer
from rules.language import Language
from rules.time import Day, Instant
from service.store.alerts import TaskState
from service.store.deliveries import reason_of
from service.store.tables import account, alert, owner


class Wish(StrEnum):
    """What a push is to do with a task."""

    CREATE = "create"
    UPDATE = "update"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTask:
    """A task to write: external ids of its owner and account, the alert rule that wants it.

    `task_id` is the CRM's; None where it is not known whether there is one.
    """

    wish: Wish
    key: str
    rule: str
    subject: str
    body: str
    updated_on: Day
    owner_id: str
    account_id: str
    task_id: str | None = None

    @property
    def hash(self) -> str:
        """The hash of what the task is to say."""
        return hash_of(self.subject, self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The tasks that a run created, or may have: open as far as is known, or finished with."""

    open: int
    finished: int


_UNSETTLED = (TaskState.OWED.value, TaskState.SENDING.value)
_PERHAPS_OPEN = (TaskState.SENDING.value, TaskState.CREATED.value)
_RECOVERED = "recovered"


def hash_of(subject: str, body: str) -> str:
    """The hash of what a task says."""
    return sha256(f"{subject}\0{body}".encode()).hexdigest()


def claim(
    connection: Connection,
    connection_id: int,
    *,
    rep_key: str | None = None,
    undone_by: int | None = None,
) -> list[WantedTask]:
    """The tasks of a CRM to write; those to create are marked as sending first.

    `rep_key` narrows to a rep, `undone_by` to what the undoing under this run is to close.
    """
    rows = _unwritten(connection, connection_id, rep_key=rep_key, undone_by=undone_by)
    unsettled = [row.key for row in rows if row.task_state in _UNSETTLED]
    if unsettled:
        connection.execute(
            update(alert)
            .where(alert.c.key.in_(unsettled))
            .values(task_state=TaskState.SENDING.value)
        )
    return [_wanted(row, wish) for row in rows if (wish := _wish(row)) is not None]


def wishes(
    connection: Connection, connection_id: int, *, rep_key: str | None = None
) -> Mapping[Wish, int]:
    """How many tasks of a CRM a push would write, by what it would do; nothing is claimed."""
    rows = _unwritten(connection, connection_id, rep_key=rep_key, undone_by=None)
    return Counter(wish for row in rows if (wish := _wish(row)) is not None)


def _unwritten(
    connection: Connection, connection_id: int, *, rep_key: str | None, undone_by: int | None
) -> Sequence[Row[Any]]:
    """The alerts whose task is, or may be, to be written."""
    query = (
        select(
            alert,
            owner.c.external_id.label("owner_ref"),
            account.c.external_id.label("account_ref"),
        )
        .join(owner, owner.c.id == alert.c.owner_id)
        .join(account, account.c.id == alert.c.account_id)
        .where(
            alert.c.task_state.in_((*_UNSETTLED, TaskState.CREATED.value)),
            account.c.connection_id == connection_id,
        )
        # What ends goes first: its place may be that of another.
        .order_by(alert.c.state.desc(), alert.c.key)
    )
    if rep_key is not None:
        query = query.where(alert.c.assignee == rep_key)
    if undone_by is not None:
        query = query.where(alert.c.task_undone_run_id == undone_by)
    return connection.execute(query).all()


def _wish(row: Row[Any]) -> Wish | None:
    """What an alert wants of its task; None when the task is as it should be."""
    if row.state == _RECOVERED or row.task_undone_run_id is not None:
        return Wish.COMPLETE
    if row.task_state != TaskState.CREATED:
        return Wish.CREATE
    return None if row.task_hash == hash_of(row.subject_line, row.body) else Wish.UPDATE


def _wanted(row: Row[Any], wish: Wish) -> WantedTask:
    return WantedTask(
        wish=wish, key=row.key, rule=row.rule, subject=row.subject_line, body=row.body,
        updated_on=row.updated_on, owner_id=row.owner_ref, account_id=row.account_ref,
        task_id=row.task_id,
    )  # fmt: skip


def attribute(connection: Connection, key: str, run_id: int, due_at: Instant) -> None:
    """Remember which run creates a task, due when; before it does, for it may not come back."""
    connection.execute(
        update(alert).where(alert.c.key == key).values(task_run_id=run_id, task_due_at=due_at)
    )


def created_by(connection: Connection, connection_id: int, run_id: int) -> Created:
    """The tasks that a run created in a CRM, or may have."""
    rows = connection.execute(
        select(alert.c.task_state, func.count().label("total"))
        .where(alert.c.task_run_id == run_id, _of_crm(connection_id))
        .group_by(alert.c.task_state)
    )
    totals: dict[str, int] = {row.task_state: row.total for row in rows}
    return Created(
        open=sum(totals.get(state, 0) for state in _PERHAPS_OPEN),
        finished=totals.get(TaskState.DONE, 0),
    )


def undo(connection: Connection, connection_id: int, run_id: int, *, by: int) -> None:
    """Have the push of the run `by` close the tasks that a run created; none comes back."""
    connection.execute(
        update(alert)
        .where(
            alert.c.task_run_id == run_id,
            alert.c.task_state.in_(_PERHAPS_OPEN),
            _of_crm(connection_id),
        )
        .values(task_undone_run_id=by)
    )


def _of_crm(connection_id: int) -> ColumnElement[bool]:
    return alert.c.account_id.in_(
        select(account.c.id).where(account.c.connection_id == connection_id)
    )


def retry_rejected(
    connection: Connection, connection_id: int, *, rep_key: str | None = None
) -> int:
    """Owe again the tasks that a CRM refused, or those of a rep; returns how many."""
    rejected = update(alert).where(
        alert.c.task_state == TaskState.REJECTED.value, _of_crm(connection_id)
    )
    if rep_key is not None:
        rejected = rejected.where(alert.c.assignee == rep_key)
    return connection.execute(rejected.values(task_state=TaskState.OWED.value)).rowcount


def settle(
    connection: Connection, wanted: WantedTask, outcome: Outcome, language: Language, today: Day
) -> None:
    """Record what became of a task; where that is not known, nothing changes: it is tried again.

    A task that could not be rewritten waits for the next news of its alert; one that a person has
    finished with is their answer.
    """
    reason = reason_of(outcome, language) or None
    values: dict[str, str | int | None]
    match outcome.state, wanted.wish:
        case State.APPLIED, Wish.COMPLETE:
            values = {"task_state": TaskState.DONE, "task_reason": None}
        case State.APPLIED, _:
            values = {
                "task_state": TaskState.CREATED, "task_id": outcome.external_id,
                "task_hash": wanted.hash, "task_reason": None,
            }  # fmt: skip
        case State.UNCHANGED, Wish.COMPLETE:
            values = {"task_state": TaskState.DONE, "task_reason": reason}
        case State.UNCHANGED, _:
            values = {
                "task_state": TaskState.DONE, "task_reason": reason, "answer": Answer.DONE.value,
                "answered_on": today,
            }  # fmt: skip
        case State.REJECTED, Wish.UPDATE:
            values = {"task_hash": wanted.hash, "task_reason": reason}
        case State.REJECTED, _:
            values = {"task_state": TaskState.REJECTED, "task_reason": reason}
        case _:
            return
    connection.execute(update(alert).where(alert.c.key == wanted.key).values(values))
