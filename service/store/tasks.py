"""The tasks that alerts want in a CRM: owed → sending → created → done, or rejected.

A task is *sending* from before the first call until the CRM's answer is known; whoever finds one
in that state looks for it in the CRM before creating it. Once created it follows its alert: what
it says is compared by digest with what the alert says, so that a text that changes while it is on
its way is sent again.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, select, update

from connectors.base import Outcome, State
from rules.language import Language
from rules.time import Day
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
    def digest(self) -> str:
        """What the task is to say, as a digest."""
        return digest_of(self.subject, self.body)


_UNSETTLED = (TaskState.OWED.value, TaskState.SENDING.value)
_RECOVERED = "recovered"


def digest_of(subject: str, body: str) -> str:
    """The digest of what a task says."""
    return sha256(f"{subject}\0{body}".encode()).hexdigest()


def claim(
    connection: Connection, connection_id: int, *, rep_key: str | None = None
) -> list[WantedTask]:
    """The tasks of a CRM to write; those to create are marked as sending first."""
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
        .order_by(alert.c.key)
    )
    if rep_key is not None:
        query = query.where(alert.c.subject == rep_key)
    rows = connection.execute(query).all()
    unsettled = [row.key for row in rows if row.task_state in _UNSETTLED]
    if unsettled:
        connection.execute(
            update(alert)
            .where(alert.c.key.in_(unsettled))
            .values(task_state=TaskState.SENDING.value)
        )
    return [_wanted(row, wish) for row in rows if (wish := _wish(row)) is not None]


def _wish(row: Row[Any]) -> Wish | None:
    """What an alert wants of its task; None when the task is as it should be."""
    if row.state == _RECOVERED:
        return Wish.COMPLETE
    if row.task_state != TaskState.CREATED:
        return Wish.CREATE
    return None if row.task_digest == digest_of(row.subject_line, row.body) else Wish.UPDATE


def _wanted(row: Row[Any], wish: Wish) -> WantedTask:
    return WantedTask(
        wish=wish, key=row.key, rule=row.rule, subject=row.subject_line, body=row.body,
        updated_on=row.updated_on, owner_id=row.owner_ref, account_id=row.account_ref,
        task_id=row.task_id,
    )  # fmt: skip


def retry_rejected(
    connection: Connection, connection_id: int, *, rep_key: str | None = None
) -> int:
    """Owe again the tasks that a CRM refused, or those of a rep; returns how many."""
    accounts = select(account.c.id).where(account.c.connection_id == connection_id)
    rejected = update(alert).where(
        alert.c.task_state == TaskState.REJECTED.value, alert.c.account_id.in_(accounts)
    )
    if rep_key is not None:
        rejected = rejected.where(alert.c.subject == rep_key)
    return connection.execute(rejected.values(task_state=TaskState.OWED.value)).rowcount


def settle(
    connection: Connection, wanted: WantedTask, outcome: Outcome, language: Language
) -> None:
    """Record what became of a task; where that is not known, nothing changes: it is tried again.

    A task that could not be rewritten waits for the next news of its alert.
    """
    reason = reason_of(outcome, language) or None
    values: dict[str, str | None]
    match outcome.state, wanted.wish:
        case State.APPLIED, Wish.COMPLETE:
            values = {"task_state": TaskState.DONE, "task_reason": None}
        case State.APPLIED, _:
            values = {
                "task_state": TaskState.CREATED, "task_id": outcome.external_id,
                "task_digest": wanted.digest, "task_reason": None,
            }  # fmt: skip
        case State.UNCHANGED, _:
            values = {"task_state": TaskState.DONE, "task_reason": reason}
        case State.REJECTED, Wish.UPDATE:
            values = {"task_digest": wanted.digest, "task_reason": reason}
        case State.REJECTED, _:
            values = {"task_state": TaskState.REJECTED, "task_reason": reason}
        case _:
            return
    connection.execute(update(alert).where(alert.c.key == wanted.key).values(values))
