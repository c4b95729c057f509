"""What the connector of every vendor does alike: it asks which account it opens, before all else.

Nothing is read or written before that is known, so that no key of another account writes into it.
A vendor's connector reads in ways of its own, and says which account is open by `_known`.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from connectors.base import Change, Outcome, Task, TaskRead

AccountT = TypeVar("AccountT")


class Writes(Protocol):
    """What writes the own fields of a vendor's accounts."""

    def update(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """As `Connector.update`."""


class TaskCalls(Protocol):
    """What creates, looks for, changes and reads the tasks of a vendor."""

    def create(self, task: Task) -> Outcome:
        """As `Connector.create_task`."""

    def find(self, task: Task) -> str | None:
        """As `Connector.find_task`."""

    def update(self, task_id: str, task: Task) -> Outcome:
        """As `Connector.update_task`."""

    def complete(self, task_id: str) -> Outcome:
        """As `Connector.complete_task`."""

    def read(self, task_ids: Sequence[str]) -> Mapping[str, TaskRead]:
        """As `Connector.read_tasks`."""


class OnKnownAccount(ABC, Generic[AccountT]):
    """The part of the contract that is the same for every vendor, on an account that is known."""

    _writer: Writes
    _tasks: TaskCalls

    def __init__(self) -> None:
        self._account: AccountT | None = None
        self._asking = threading.Lock()

    @abstractmethod
    def _ask(self) -> AccountT:
        """Ask the CRM which account this is; `Fatal` where it is not the expected one."""

    def _ask_again(self) -> AccountT:
        """Which account this is, by a new answer of the CRM."""
        self._account = self._ask()
        return self._account

    def _known(self) -> AccountT:
        """Which account this is, asked once for all threads."""
        if self._account is not None:
            return self._account
        with self._asking:
            return self._ask_again() if self._account is None else self._account

    def _known_tasks(self) -> TaskCalls:
        self._known()
        return self._tasks

    def update(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Write own fields on accounts, in batches as the CRM takes them."""
        if not changes:
            return ()
        self._known()
        return self._writer.update(changes)

    def create_task(self, task: Task) -> Outcome:
        """Create a task on an account."""
        return self._known_tasks().create(task)

    def find_task(self, task: Task) -> str | None:
        """The account's task with this key."""
        return self._known_tasks().find(task)

    def update_task(self, task_id: str, task: Task) -> Outcome:
        """Rewrite an open task."""
        return self._known_tasks().update(task_id, task)

    def complete_task(self, task_id: str) -> Outcome:
        """Complete an open task."""
        return self._known_tasks().complete(task_id)

    def read_tasks(self, task_ids: Sequence[str]) -> Mapping[str, TaskRead]:
        """How tasks stand; nobody is asked about none."""
        return self._known_tasks().read(task_ids) if task_ids else {}
