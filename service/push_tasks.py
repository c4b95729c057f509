"""Push, the tasks: claim, look for it in the CRM, create it only when it isn't there.

A task follows its alert: rewritten with its figures, completed once it recovers or the run that
caused it is undone, and left alone once a person has finished with it.
"""

from collections.abc import Callable
from dataclasses import replace

from connectors.base import Connector, Outcome, State, Task
from rules.alert.alerts import due_instant
from rules.language import Text
from rules.rulebook import Rulebook
from rules.time import day_of
from service import review_task
from service.app import Clock
from service.push_report import PushReport
from service.store import deliveries, tasks
from service.store.backlog import Rejection
from service.store.engine import Store
from service.store.tasks import WantedTask, Wish


class TaskPush:
    """The tasks of alerts in one CRM account."""

    def __init__(
        self,
        store: Store,
        connector: Connector,
        rulebook: Rulebook,
        connection_id: int,
        clock: Clock,
    ) -> None:
        self._store = store
        self._connector = connector
        self._rulebook = rulebook
        self._connection_id = connection_id
        self._clock = clock

    def run(
        self,
        report: PushReport,
        *,
        rep_key: str | None,
        undone_by: int | None,
        renew: Callable[[], None],
    ) -> None:
        """Write the tasks, all, or those of a rep, or those that an undoing closes."""
        with self._store.write() as connection:
            wanted = tasks.claim(
                connection,
                self._connection_id,
                rep_key=rep_key,
                undone_by=undone_by,
            )
        language = self._rulebook.team.language
        refused: dict[str, Rejection] = {}
        for each in wanted:
            renew()
            outcome = self._do(each, report.run_id)
            with self._store.write() as connection:
                today = day_of(self._clock(), self._rulebook.team.zone)
                tasks.settle(connection, each, outcome, language, today)
            report.tasks[_counted(each.wish, outcome.state)] += 1
            if outcome.state is State.REJECTED:
                reason = deliveries.reason_of(outcome, language)
                first = refused.get(reason) or Rejection(
                    reason=reason, count=0, account=each.account_id, external_id=each.account_id
                )
                refused[reason] = replace(first, count=first.count + 1)
                report.rejections = list(refused.values())

    def _do(self, wanted: WantedTask, run_id: int) -> Outcome:
        task = self._task(wanted)
        match wanted.wish:
            case Wish.CREATE:
                return self._create(wanted, task, run_id)
            case Wish.UPDATE:
                return self._connector.update_task(wanted.task_id or "", task)
            case Wish.COMPLETE:
                # Without an id, it is not known whether the task was ever created.
                task_id = wanted.task_id or self._connector.find_task(task)
                if task_id is None:
                    return Outcome(external_id="", state=State.UNCHANGED)
                return self._connector.complete_task(task_id)

    def _create(self, wanted: WantedTask, task: Task, run_id: int) -> Outcome:
        """A task that is in the CRM already, from a push that died, is not created again.

        Its alert may have news since.
        """
        found = self._connector.find_task(task)
        if found is not None:
            return self._connector.update_task(found, task)
        is_known = wanted.rule == review_task.RULE or self._rulebook.alerts.rule(wanted.rule)
        if not is_known:
            return Outcome(external_id="", state=State.REJECTED, reason=wanted.rule, remedy=_GONE)
        with self._store.write() as connection:
            tasks.attribute(connection, wanted.key, run_id, task.due_at)
        return self._connector.create_task(task)

    def _task(self, wanted: WantedTask) -> Task:
        alerts = self._rulebook.alerts
        rule = alerts.rule(wanted.rule)
        due_at = due_instant(
            wanted.updated_on, rule.due if rule else 0, self._rulebook.team.zone, alerts.quiet
        )
        return Task(
            key=wanted.key, subject=wanted.subject, body=wanted.body, due_at=due_at,
            owner_id=wanted.owner_id, account_id=wanted.account_id,
        )  # fmt: skip


_GONE = Text(
    "cette règle n'est plus dans alerts.yaml : la tâche n'est pas créée",
    "this rule is no longer in alerts.yaml: the task is not created",
)


def _counted(wish: Wish, state: State) -> str:
    """Under which name a task is counted."""
    if wish is Wish.CREATE or state is not State.APPLIED:
        return state.value
    return "updated" if wish is Wish.UPDATE else "completed"
