"""The to-dos of the CRM in dictionaries, and what people do with them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from connectors.base import Outcome, State, Task, TaskRead, TaskStatus
from connectors.memory_faults import LOST, Faulty, refusal, unknown_account
from rules.records import Kind
from rules.time import Instant


class Tasked(Faulty):
    """A CRM with tasks; `finished` are those that are done, `waiting` those that were put off."""

    def __init__(self, clock: Callable[[], Instant] | None, page_size: int) -> None:
        super().__init__(clock, page_size)
        self.tasks: dict[str, Task] = {}
        self.finished: set[str] = set()
        self.waiting: set[str] = set()

    # What people do.

    def finish_task(self, task_id: str) -> None:
        """A person completes a task."""
        self.finished.add(task_id)

    def put_off_task(self, task_id: str) -> None:
        """A person says of a task that it waits."""
        self.waiting.add(task_id)

    def move_task(self, task_id: str, due_at: Instant) -> None:
        """A person gives a task another date."""
        self.tasks[task_id] = replace(self.tasks[task_id], due_at=due_at)

    def delete_task(self, task_id: str) -> None:
        """A person deletes a task."""
        del self.tasks[task_id]

    # The contract.

    def create_task(self, task: Task) -> Outcome:
        """Create a task on an account that exists."""
        self._call()
        if self._record(Kind.ACCOUNT, task.account_id) is None:
            return unknown_account("")
        if (reason := self._refused.get(task.account_id)) is not None:
            return refusal("", reason)
        key = self._id(None)
        self.tasks[key] = task
        if self._loses_answer or self._loses_task_answer:
            self._loses_answer = self._loses_task_answer = False
            return Outcome(external_id="", state=State.UNKNOWN, reason=LOST.en, remedy=LOST)
        return Outcome(external_id=key, state=State.APPLIED)

    def find_task(self, task: Task) -> str | None:
        """The id of the account's task with this key."""
        self._call()
        for key, existing in self.tasks.items():
            if existing.key == task.key and existing.account_id == task.account_id:
                return key
        return None

    def update_task(self, task_id: str, task: Task) -> Outcome:
        """Rewrite the subject and the body of a task that nobody has finished."""
        outcome = self._change_task(task_id)
        if outcome.state is State.APPLIED:
            before = self.tasks[task_id]
            self.tasks[task_id] = replace(before, subject=task.subject, body=task.body)
        return outcome

    def complete_task(self, task_id: str) -> Outcome:
        """Finish a task that nobody has finished."""
        outcome = self._change_task(task_id)
        if outcome.state is State.APPLIED:
            self.finished.add(task_id)
        return outcome

    def read_tasks(self, task_ids: Sequence[str]) -> Mapping[str, TaskRead]:
        """How tasks stand; those that people have deleted are gone."""
        if not task_ids:
            return {}
        self._call()
        return {key: self._standing(key) for key in task_ids}

    def _standing(self, task_id: str) -> TaskRead:
        task = self.tasks.get(task_id)
        if task is None:
            return TaskRead(status=TaskStatus.GONE)
        status = TaskStatus.PUT_OFF if task_id in self.waiting else TaskStatus.OPEN
        if task_id in self.finished:
            status = TaskStatus.DONE
        return TaskRead(status=status, due_at=task.due_at)

    def _change_task(self, task_id: str) -> Outcome:
        self._call()
        task = self.tasks.get(task_id)
        if task is None or task_id in self.finished:
            return Outcome(external_id=task_id, state=State.UNCHANGED, reason="Not open.")
        if (reason := self._refused.get(task.account_id)) is not None:
            return refusal(task_id, reason)
        return Outcome(external_id=task_id, state=State.APPLIED)
