"""The to-dos of alerts in HubSpot: created, looked for, rewritten, completed, read.

A task ends with a mark by which it is recognised; it is looked for among its company's, a
consistent read. Nothing here is tried twice. A task that a person has completed or deleted is
left alone.
"""

import html
from collections.abc import Sequence
from datetime import UTC
from zoneinfo import ZoneInfo

from connectors import values
from connectors.alert_tasks import DONE, TaskWords, marker, told
from connectors.base import Outcome, State, Task, TaskRead, TaskStatus, Unanswered
from connectors.hubspot.answers import Trail, found_results, member, missing_ids, objects
from connectors.hubspot.client import Client
from connectors.hubspot.errors import MISSING_STATUS, Locked, Refused
from connectors.hubspot.mapping import Json
from connectors.hubspot.objects import TASK_TO_COMPANY, Paths
from rules.time import moment_of

BATCH = 100
COMPLETED = "COMPLETED"
# HubSpot's five states of a task are the same in every account; the others are open.
STATUSES = {
    COMPLETED: TaskStatus.DONE,
    "DEFERRED": TaskStatus.PUT_OFF,
    "WAITING": TaskStatus.PUT_OFF,
}

_UTC = ZoneInfo("UTC")

_SAID = TaskWords("HubSpot")


class Tasks:
    """The tasks of one account."""

    def __init__(self, client: Client, paths: Paths) -> None:
        self._client = client
        self._path = f"{paths.objects}/tasks"
        self._associations = f"{paths.associations}/companies/tasks/batch/read"

    def create(self, task: Task) -> Outcome:
        """Create a task; an outcome that can't be known is `UNKNOWN`, and never tried again."""
        answer = self._written("POST", self._path, task_body(task), "")
        if isinstance(answer, Outcome):
            return answer
        key = answer.get("id")
        if not key:
            return told("", State.UNKNOWN, _SAID.no_id)
        return Outcome(external_id=str(key), state=State.APPLIED)

    def find(self, task: Task) -> str | None:
        """The account's task with this key, newest first, read from the store and not the index."""
        ids = sorted(self._ids_on(task.account_id), key=_newest, reverse=True)
        wanted = marker(task.key)
        for start in range(0, len(ids), BATCH):
            for raw in self._read(ids[start : start + BATCH], "hs_task_body"):
                body = member(raw, "properties").get("hs_task_body")
                if wanted in html.unescape(str(body)):
                    return str(raw.get("id"))
        return None

    def update(self, task_id: str, task: Task) -> Outcome:
        """Rewrite the subject and the body of an open task."""
        said: Json = {"hs_task_subject": task.subject, "hs_task_body": body_text(task)}
        return self._changed(task_id, said)

    def complete(self, task_id: str) -> Outcome:
        """Complete an open task."""
        return self._changed(task_id, {"hs_task_status": COMPLETED})

    def read(self, task_ids: Sequence[str]) -> dict[str, TaskRead]:
        """How tasks stand, a hundred at a time; gone is what HubSpot says not to find."""
        ids, found = list(dict.fromkeys(task_ids)), dict[str, TaskRead]()
        for start in range(0, len(ids), BATCH):
            answer = self._answer(ids[start : start + BATCH], "hs_task_status", "hs_timestamp")
            gone = missing_ids(answer)
            found |= {key: TaskRead(status=TaskStatus.GONE) for key in ids if key in gone}
            found |= {str(raw.get("id")): _standing(raw) for raw in found_results(answer)}
        return found

    def _changed(self, task_id: str, properties: Json) -> Outcome:
        """Change a task that is there and not completed."""
        found = [member(raw, "properties") for raw in self._read([task_id], "hs_task_status")]
        if not found or found[0].get("hs_task_status") == COMPLETED:
            return told(task_id, State.UNCHANGED, _SAID.gone if not found else DONE)
        path = f"{self._path}/{task_id}"
        answer = self._written("PATCH", path, {"properties": properties}, task_id)
        if isinstance(answer, Outcome):
            return answer
        return Outcome(external_id=task_id, state=State.APPLIED)

    def _written(self, method: str, path: str, body: Json, task_id: str) -> Json | Outcome:
        """The answer to a write, or what its failure means for the task."""
        try:
            return self._client.write(method, path, body)
        except Unanswered as error:
            return told(task_id, State.UNKNOWN, error.message)
        except Locked as error:
            return told(task_id, State.DEFERRED, error.message)
        except Refused as refused:
            if task_id and refused.status == MISSING_STATUS:
                return told(task_id, State.UNCHANGED, _SAID.gone)
            return Outcome(
                external_id=task_id,
                state=State.REJECTED,
                reason=refused.words,
                remedy=_SAID.refused,
            )

    def _read(self, ids: list[str], name: str) -> list[Json]:
        """The tasks with these ids that are there, with one property."""
        return found_results(self._answer(ids, name))

    def _answer(self, ids: list[str], *names: str) -> Json:
        return self._client.post(
            f"{self._path}/batch/read",
            {
                "inputs": [{"id": key} for key in ids],
                "properties": [*names],
                "propertiesWithHistory": [],
            },
        )

    def _ids_on(self, account_id: str) -> list[str]:
        ids: dict[str, None] = {}
        inputs: list[Json] = [{"id": account_id}]
        trail = Trail()
        while inputs:
            answer = self._client.post(self._associations, {"inputs": inputs})
            inputs = []
            for result in found_results(answer):
                ids.update((str(one.get("toObjectId")), None) for one in objects(result, "to"))
                after = trail.following(result)
                if after is not None:
                    inputs = [{"id": account_id, "after": after}]
        return list(ids)


def body_text(task: Task) -> str:
    """The body of a task as HubSpot keeps it, which is HTML, with its mark."""
    lines = [html.escape(line) for line in task.body.splitlines()]
    return "<br>".join([*lines, html.escape(marker(task.key))])


def task_body(task: Task) -> Json:
    """The request that creates a task, due in UTC and tied to its company."""
    due_at = moment_of(task.due_at, _UTC).astimezone(UTC)
    return {
        "properties": {
            "hs_timestamp": f"{due_at:%Y-%m-%dT%H:%M:%S}.{due_at.microsecond // 1000:03d}Z",
            "hs_task_subject": task.subject,
            "hs_task_body": body_text(task),
            "hs_task_type": "TODO",
            "hs_task_status": "NOT_STARTED",
            "hs_task_priority": "HIGH" if task.is_urgent else "MEDIUM",
            "hubspot_owner_id": task.owner_id,
        },
        "associations": [
            {
                "to": {"id": task.account_id},
                "types": [
                    {
                        "associationCategory": "HUBSPOT_DEFINED",
                        "associationTypeId": TASK_TO_COMPANY,
                    }
                ],
            }
        ],
    }


def _standing(raw: Json) -> TaskRead:
    """A task that HubSpot gives; one in its recycle bin is gone."""
    if raw.get("archived") is True:
        return TaskRead(status=TaskStatus.GONE)
    properties = member(raw, "properties")
    try:
        due_at = values.business_instant(properties.get("hs_timestamp"))
    except values.Unreadable:
        due_at = None
    status = STATUSES.get(str(properties.get("hs_task_status")), TaskStatus.OPEN)
    return TaskRead(status=status, due_at=due_at)


def _newest(key: str) -> tuple[int, str]:
    return (int(key), key) if key.isdecimal() else (0, key)
