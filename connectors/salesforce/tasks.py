"""The to-dos of alerts in Salesforce: created, looked for, rewritten, completed, read.

A task ends with a mark by which it is recognised on its account; where the org has our field for
the key, that is asked first, and two tasks of one key are impossible. Statuses and priorities are
the org's own words, French ones too. Nothing here is tried twice. A task that a person has closed
or deleted is left alone.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from connectors import sales_words
from connectors.alert_tasks import (
    DONE,
    LONGEST_SUBJECT,
    TaskWords,
    due_at,
    marker,
    plain_text,
    told,
)
from connectors.base import Outcome, State, Task, TaskRead, TaskStatus, Unanswered
from connectors.salesforce import soql
from connectors.salesforce.client import Client, Json
from connectors.salesforce.errors import LOCKED, MISSING_STATUS, Forbidden, Refused, unreadable
from connectors.salesforce.objects import KEY_FIELD, full_id, is_id
from connectors.salesforce.schema import describe
from rules.time import date_of, day_of

_TAKEN = "DUPLICATE_VALUE"
_GONE = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"})
_SAID = TaskWords("Salesforce")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The org's words for a task, and whether it has our field for the key."""

    open: str
    done: str
    urgent: str
    usual: str
    has_key: bool


class Tasks:
    """The tasks of one org; `zone` tells its zone, in which a due date is a day."""

    def __init__(self, client: Client, zone: Callable[[], ZoneInfo]) -> None:
        self._client = client
        self._zone = zone
        self._lock = threading.Lock()
        self._known: Words | None = None

    def create(self, task: Task) -> Outcome:
        """Create a task; an outcome that can't be known is `UNKNOWN`, and never tried again."""
        words = self._words()
        body = task_body(task, words, self._zone())
        answer = self._written("POST", "sobjects/Task", body, "")
        if isinstance(answer, Outcome):
            return answer
        if answer is _TAKEN_KEY:
            row = self._by_key(task)
            if row is None:
                return told("", State.REJECTED, _SAID.refused)
            return Outcome(external_id=str(row["Id"]), state=State.APPLIED)
        key = answer.get("id")
        if not isinstance(key, str) or not is_id(key):
            return told("", State.UNKNOWN, _SAID.no_id)
        return Outcome(external_id=key, state=State.APPLIED)

    def forget(self) -> None:
        """Ask again for the org's words and for our field: they may have changed."""
        with self._lock:
            self._known = None

    def find(self, task: Task) -> str | None:
        """The task with this key on its account, newest first where it is found by its mark.

        A task may be older than our field: its mark is looked for too.
        """
        row = self._by_key(task)
        if row is not None and task.account_id in {row.get("WhatId"), row.get("AccountId")}:
            return str(row["Id"])
        wanted = marker(task.key)
        for row in self._rows(soql.tasks_on(task.account_id)):
            if wanted in str(row.get("Description") or ""):
                return str(row["Id"])
        return None

    def update(self, task_id: str, task: Task) -> Outcome:
        """Rewrite the subject and the body of an open task."""
        return self._changed(
            task_id, {"Subject": task.subject[:LONGEST_SUBJECT], "Description": plain_text(task)}
        )

    def complete(self, task_id: str) -> Outcome:
        """Complete an open task."""
        return self._changed(task_id, {"Status": self._words().done})

    def read(self, task_ids: Sequence[str]) -> dict[str, TaskRead]:
        """How tasks stand, as many at a time as an address holds (more than two hundred).

        What is deleted, or not there, is gone. A closed task stays readable for years: once
        archived, with the deleted ones.
        """
        asked = {key: full_id(key) for key in task_ids if is_id(key)}
        rows: dict[str, Json] = {}
        for keys in soql.chunks([*dict.fromkeys(asked.values())]):
            rows |= {str(row["Id"]): row for row in self._rows(soql.tasks(keys), is_all=True)}
        return {key: _standing(rows.get(asked.get(key, "")), self._zone()) for key in task_ids}

    def _by_key(self, task: Task) -> Json | None:
        """The task that holds this key in our field, where the org has it."""
        if not self._words().has_key:
            return None
        rows = self._rows(soql.task_by_key(KEY_FIELD, task.key))
        return rows[0] if rows else None

    def _changed(self, task_id: str, fields: Json) -> Outcome:
        """Change a task that is there and open."""
        rows = self._rows(soql.task(task_id)) if is_id(task_id) else []
        if not rows or rows[0].get("IsClosed") is True:
            words = DONE if rows else _SAID.gone
            return told(task_id, State.UNCHANGED, words)
        answer = self._written("PATCH", f"sobjects/Task/{task_id}", fields, task_id)
        if isinstance(answer, Outcome):
            return answer
        return Outcome(external_id=task_id, state=State.APPLIED)

    def _written(self, method: str, path: str, body: Json, task_id: str) -> Json | Outcome:
        """The answer to a write, or what its failure means for the task."""
        try:
            answer = self._client.write(method, path, body)
        except Unanswered as error:
            return told(task_id, State.UNKNOWN, error.message)
        except Forbidden as error:
            # Of this account or this owner: the integration user may do it elsewhere.
            return told(task_id, State.REJECTED, error.message)
        except Refused as refused:
            return (
                _TAKEN_KEY if refused.code == _TAKEN and not task_id else _refused(task_id, refused)
            )
        return answer if isinstance(answer, dict) else {}

    def _rows(self, text: str, *, is_all: bool = False) -> list[Json]:
        try:
            rows = self._client.rows(text, is_all=is_all)
        except Refused as refused:
            raise unreadable(refused, "Task") from refused
        return [row for row in rows if row.get("Id")]

    def _words(self) -> Words:
        with self._lock:
            if self._known is None:
                self._known = self._asked()
            return self._known

    def _asked(self) -> Words:
        status, priority = map(self._picked, soql.task_words())
        declared = describe(self._client, "Task")
        return Words(
            open=_first(status, "IsClosed", wanted=False) or "Not Started",
            done=_first(status, "IsClosed", wanted=True) or "Completed",
            urgent=_first(priority, "IsHighPriority", wanted=True) or "High",
            usual=_first(priority, "IsHighPriority", wanted=False) or "Normal",
            has_key=declared is not None and KEY_FIELD in declared.fields,
        )

    def _picked(self, text: str) -> Sequence[Json]:
        """The rows of a list of words; none where the user may not read it."""
        try:
            rows = self._client.query(text)["records"]
        except (Refused, Forbidden):
            return ()
        return [row for row in rows if isinstance(row, dict)]


def task_body(task: Task, words: Words, zone: ZoneInfo) -> Json:
    """The request that creates a task, due on a day of the org's and tied to its account."""
    key = {KEY_FIELD: task.key} if words.has_key else {}
    return {
        "Subject": task.subject[:LONGEST_SUBJECT],
        "Description": plain_text(task),
        "WhatId": task.account_id,
        "OwnerId": task.owner_id,
        "ActivityDate": date_of(day_of(task.due_at, zone)).isoformat(),
        "Status": words.open,
        "Priority": words.urgent if task.is_urgent else words.usual,
        **key,
    }


def _standing(row: Json | None, zone: ZoneInfo) -> TaskRead:
    """A task as its row says, in the org's own words; whether it is closed, Salesforce tells."""
    status = TaskStatus.OPEN
    if row is None or row.get("IsDeleted") is True:
        return TaskRead(status=TaskStatus.GONE)
    word = row.get("Status")
    if sales_words.is_cancelled(word):
        status = TaskStatus.GONE
    elif row.get("IsClosed") is True:
        status = TaskStatus.DONE
    elif sales_words.is_put_off(word):
        status = TaskStatus.PUT_OFF
    return TaskRead(status=status, due_at=due_at(row.get("ActivityDate"), zone))


# Salesforce has a task of this key already.
_TAKEN_KEY: Json = {}


def _first(rows: Sequence[Json], column: str, *, wanted: bool) -> str | None:
    """The default among the words of a sort, else the first of them."""
    fitting = [row for row in rows if row.get(column) is wanted and row.get("ApiName")]
    fitting.sort(key=lambda row: row.get("IsDefault") is not True)
    return str(fitting[0]["ApiName"]) if fitting else None


def _refused(task_id: str, refused: Refused) -> Outcome:
    if refused.code == LOCKED:
        return told(task_id, State.DEFERRED, refused.message)
    if task_id and (refused.status == MISSING_STATUS or refused.code in _GONE):
        return told(task_id, State.UNCHANGED, _SAID.gone)
    return Outcome(
        external_id=task_id,
        state=State.REJECTED,
        reason=refused.words,
        remedy=_SAID.refused,
    )
