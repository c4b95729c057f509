"""The tasks that alerts want in a CRM: owed → sending → created, or rejected.

A task is *sending* from before the first call until the CRM's answer is known; whoever finds one
in that state looks for it in the CRM before creating it.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from connectors.base import Outcome, State
from rules.language import Language
from rules.time import Day
from service.store.alerts import TaskState
from service.store.tables import account, alert, owner


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTask:
    """A task to create: external ids of its owner and account, the alert rule that wants it."""

    key: str
    rule: str
    subject: str
    body: str
    updated_on: Day
    owner_id: str
    account_id: str


_UNSETTLED = (TaskState.OWED.value, TaskState.SENDING.value)


def claim(
    connection: Connection, connection_id: int, *, rep_key: str | None = None
) -> list[WantedTask]:
    """Mark the wanted tasks of a CRM as sending, and return them."""
    query = (
        select(
            alert,
            owner.c.external_id.label("owner_ref"),
            account.c.external_id.label("account_ref"),
        )
        .join(owner, owner.c.id == alert.c.owner_id)
        .join(account, account.c.id == alert.c.account_id)
        .where(alert.c.task_state.in_(_UNSETTLED), account.c.connection_id == connection_id)
        .order_by(alert.c.key)
    )
    if rep_key is not None:
        query = query.where(alert.c.subject == rep_key)
    rows = connection.execute(query).all()
    if rows:
        connection.execute(
            update(alert)
            .where(alert.c.key.in_([row.key for row in rows]))
            .values(task_state=TaskState.SENDING.value)
        )
    return [
        WantedTask(
            key=row.key, rule=row.rule, subject=row.subject_line, body=row.body,
            updated_on=row.updated_on, owner_id=row.owner_ref, account_id=row.account_ref,
        )
        for row in rows
    ]  # fmt: skip


def settle(connection: Connection, key: str, outcome: Outcome, language: Language) -> None:
    """Record what became of a task; of an unknown outcome nothing changes: it stays sending."""
    if outcome.state is State.UNKNOWN:
        return
    is_created = outcome.state is State.APPLIED
    remedy = outcome.remedy.to(language) if outcome.remedy else ""
    connection.execute(
        update(alert)
        .where(alert.c.key == key)
        .values(
            task_state=(TaskState.CREATED if is_created else TaskState.REJECTED).value,
            task_id=outcome.external_id if is_created else None,
            task_reason=None if is_created else f"{outcome.reason} – {remedy}".strip(" –"),
        )
    )
