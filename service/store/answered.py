"""The tasks of alerts that are open in a CRM, as we know them, and the answers of people."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from rules.alert.lines import Answer
from rules.time import Day, Instant
from service.store.alerts import TaskState
from service.store.engine import Transaction
from service.store.tables import account, alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A task that is open as far as is known; `due_at` is when we said that it was due."""

    key: str
    rule: str
    task_id: str
    due_at: Instant | None
    snoozed_until: Day | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a person answered for an episode; put off, until which day."""

    key: str
    answer: Answer
    snoozed_until: Day | None = None


def open_tasks(connection: Transaction, connection_id: int) -> list[Asked]:
    """The tasks that we created in a CRM, whose episodes are open and that nobody undoes."""
    rows = connection.execute(
        select(
            alert.c.key, alert.c.rule, alert.c.task_id, alert.c.task_due_at,
            alert.c.snoozed_until_on,
        )
        .join(account, account.c.id == alert.c.account_id)
        .where(
            account.c.connection_id == connection_id,
            alert.c.state == "open",
            alert.c.task_state == TaskState.CREATED.value,
            alert.c.task_id.is_not(None),
            alert.c.task_undone_run_id.is_(None),
        )
        .order_by(alert.c.key)
    )  # fmt: skip
    return [
        Asked(
            key=row.key, rule=row.rule, task_id=row.task_id, due_at=row.task_due_at,
            snoozed_until=row.snoozed_until_on,
        )
        for row in rows
    ]  # fmt: skip


def keep(connection: Transaction, heard: Sequence[Heard], today: Day) -> None:
    """Keep the answers; a task that is finished with is not touched again.

    An episode that was answered meanwhile, or has recovered, stays as it is.
    """
    for each in heard:
        values: dict[str, str | int | None] = {
            "answer": each.answer.value,
            "answered_on": today,
            "snoozed_until_on": each.snoozed_until,
        }
        if each.answer is not Answer.LATER:
            values["task_state"] = TaskState.DONE.value
        connection.execute(
            update(alert)
            .where(
                alert.c.key == each.key,
                alert.c.state == "open",
                alert.c.task_state == TaskState.CREATED.value,
            )
            .values(values)
        )
