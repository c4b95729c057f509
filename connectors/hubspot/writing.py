"""How own fields and tasks are written. Nothing here is tried twice.

A batch of a hundred is one request. HubSpot may accept it in part (207, told by the trace id or
the record id) or refuse it whole because of one record (400): it is then halved until the record
at fault stands alone. Answers come in any order; a record that they don't mention is unknown.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import Change, ConnectorError, Outcome, State, Task
from connectors.http import Unanswered
from connectors.hubspot.answers import following, member, objects
from connectors.hubspot.client import Client
from connectors.hubspot.errors import MISSING_PROPERTY, Refused, words_of
from connectors.hubspot.mapping import Json
from connectors.hubspot.objects import OWN_PREFIX, TASK_TO_COMPANY, Paths
from rules.language import Text
from rules.time import moment_of

BATCH = 100
MISSING_STATUS = 404

_UTC = ZoneInfo("UTC")
Outcomes = dict[int, Outcome]
Numbered = tuple[int, Change]


class Writer:
    """Writes to one account."""

    def __init__(self, client: Client, paths: Paths) -> None:
        self._client = client
        self._companies = f"{paths.objects}/companies"
        self._tasks = f"{paths.objects}/tasks"
        self._associations = f"{paths.associations}/companies/tasks/batch/read"

    def update(self, changes: Sequence[Change]) -> list[Outcome]:
        """Write changes, one outcome each, in their order.

        A failure before anything was settled is raised; after that, what was settled is kept and
        the rest is unknown, so that no confirmation is lost.
        """
        outcomes: Outcomes = {}
        for batch in batches(changes):
            try:
                self._write(batch, outcomes)
            except ConnectorError as error:
                if not outcomes:
                    raise
                settled = outcomes
                rest = [one for one in enumerate(changes) if one[0] not in settled]
                outcomes |= {
                    place: _unknown(change.external_id, error.message) for place, change in rest
                }
                break
        return [outcomes[place] for place in range(len(changes))]

    def _write(self, batch: Sequence[Numbered], outcomes: Outcomes) -> None:
        """Write a batch; halve it as long as one record makes HubSpot refuse it whole."""
        if not batch:
            return
        try:
            answer = self._client.write(
                "POST", f"{self._companies}/batch/update", {"inputs": [_input(o) for o in batch]}
            )
        except Refused as refused:
            blamed = _blamed(refused, batch)
            if blamed:
                outcomes.update((place, _rejected(change, refused)) for place, change in blamed)
                self._write([one for one in batch if one not in blamed], outcomes)
            elif len(batch) == 1:
                outcomes[batch[0][0]] = _rejected(batch[0][1], refused)
            else:
                middle = len(batch) // 2
                self._write(batch[:middle], outcomes)
                self._write(batch[middle:], outcomes)
            return
        outcomes.update(_settled(batch, answer))

    def create_task(self, task: Task) -> Outcome:
        """Create a task; an outcome that can't be known is `UNKNOWN`, and never tried again."""
        try:
            answer = self._client.write("POST", self._tasks, task_body(task))
        except Unanswered as error:
            return _unknown("", error.message)
        except Refused as refused:
            return Outcome(
                external_id="",
                state=State.REJECTED,
                reason=refused.words,
                remedy=Text(
                    fr="La tâche n'a pas été créée. Vérifiez que le propriétaire est actif dans "
                    "HubSpot et que le compte existe encore, puis relancez.",
                    en="The task was not created. Check that the owner is active in HubSpot and "
                    "that the account still exists, then run again.",
                ),
            )
        key = answer.get("id")
        if not key:
            return _unknown(
                "",
                Text(
                    fr="HubSpot a répondu sans l'identifiant de la tâche: on ignore si elle "
                    "existe. Elle sera cherchée sur le compte avant toute nouvelle création.",
                    en="HubSpot answered without the task's id: whether it exists is unknown. "
                    "It will be looked up on the account before it is created again.",
                ),
            )
        return Outcome(external_id=str(key), state=State.APPLIED)

    def find_task(self, task: Task) -> str | None:
        """The account's task with this key, newest first, read from the store and not the index."""
        ids = sorted(self._task_ids(task.account_id), key=_newest, reverse=True)
        wanted = marker(task.key)
        for start in range(0, len(ids), BATCH):
            answer = self._client.post(
                f"{self._tasks}/batch/read",
                {
                    "inputs": [{"id": key} for key in ids[start : start + BATCH]],
                    "properties": ["hs_task_body"],
                    "propertiesWithHistory": [],
                },
            )
            for raw in objects(answer, "results"):
                body = member(raw, "properties").get("hs_task_body")
                if wanted in html.unescape(str(body)):
                    return str(raw.get("id"))
        return None

    def _task_ids(self, account_id: str) -> list[str]:
        ids: dict[str, None] = {}
        inputs: list[Json] = [{"id": account_id}]
        while inputs:
            answer = self._client.post(self._associations, {"inputs": inputs})
            asked, inputs = inputs[0].get("after"), []
            for result in objects(answer, "results"):
                ids.update((str(one.get("toObjectId")), None) for one in objects(result, "to"))
                after = following(result, asked)
                if after is not None:
                    inputs = [{"id": account_id, "after": after}]
        return list(ids)


def batches(changes: Sequence[Change]) -> list[list[Numbered]]:
    """Changes numbered and cut in hundreds, in order; no batch names a record twice.

    HubSpot refuses a whole batch that does.
    """
    cut: list[list[Numbered]] = [[]]
    names: set[str] = set()
    for place, change in enumerate(changes):
        if len(cut[-1]) == BATCH or change.external_id in names:
            cut.append([])
            names.clear()
        cut[-1].append((place, change))
        names.add(change.external_id)
    return cut


def marker(key: str) -> str:
    """The mark by which a task is recognised, at the end of its body."""
    return f"[Arpent {key}]"


def task_body(task: Task) -> Json:
    """The request that creates a task, due in UTC and tied to its company."""
    lines = [html.escape(line) for line in task.body.splitlines()]
    due_at = moment_of(task.due_at, _UTC).astimezone(UTC)
    return {
        "properties": {
            "hs_timestamp": f"{due_at:%Y-%m-%dT%H:%M:%S}.{due_at.microsecond // 1000:03d}Z",
            "hs_task_subject": task.subject,
            "hs_task_body": "<br>".join([*lines, html.escape(marker(task.key))]),
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


def _input(numbered: Numbered) -> Json:
    place, change = numbered
    return {
        "id": change.external_id,
        "objectWriteTraceId": str(place),
        "properties": {OWN_PREFIX + name: value or "" for name, value in change.values.items()},
    }


def _settled(batch: Sequence[Numbered], answer: Json) -> Outcomes:
    """What an accepted batch says of each of its records, wherever it says it."""
    by_id = {change.external_id: place for place, change in batch}
    places = {place for place, _ in batch}
    succeeded: set[int] = set()
    for result in objects(answer, "results"):
        succeeded.update(_places(result, by_id, places))
    outcomes: Outcomes = {}
    changes = dict(batch)
    for error in objects(answer, "errors"):
        refused = Refused(
            _status(error),
            str(error.get("category") or ""),
            words_of(error.get("message") or error.get("category")),
            objects(error, "errors"),
        )
        for place in _places(member(error, "context"), by_id, places):
            outcomes[place] = _rejected(changes[place], refused)
    for place, change in batch:
        if place in outcomes:
            continue
        if place in succeeded:
            outcomes[place] = Outcome(external_id=change.external_id, state=State.APPLIED)
        else:
            outcomes[place] = _unknown(
                change.external_id,
                Text(
                    fr="HubSpot n'a rien dit de ce compte dans sa réponse: on ignore si "
                    "l'écriture a eu lieu. Elle sera refaite.",
                    en="HubSpot said nothing of this account in its answer: whether the write "
                    "took place is unknown. It will be done again.",
                ),
            )
    return outcomes


def _places(told: Mapping[str, Any], by_id: Mapping[str, int], places: set[int]) -> Iterable[int]:
    """The changes that a result or an error is about, by trace id and by record id."""
    for trace in _several(told.get("objectWriteTraceId")):
        if trace.isdecimal() and int(trace) in places:
            yield int(trace)
    for name in ("id", "ids"):
        for key in _several(told.get(name)):
            if key in by_id:
                yield by_id[key]


def _several(told: object) -> list[str]:
    if told is None:
        return []
    return [str(one) for one in told] if isinstance(told, list) else [str(told)]


def _blamed(refused: Refused, batch: Sequence[Numbered]) -> list[Numbered]:
    """The records at fault in a refused batch, where the refusal names them.

    A property that does not exist blames every record that writes it: no use in halving.
    """
    if MISSING_PROPERTY in refused.codes:
        unknown = refused.properties
        return [
            (place, change)
            for place, change in batch
            if not unknown or any(OWN_PREFIX + name in unknown for name in change.values)
        ]
    by_id = {change.external_id: place for place, change in batch}
    places = {place for place, _ in batch}
    blamed: set[int] = set()
    for detail in refused.details:
        context = detail.get("context")
        if isinstance(context, Mapping):
            blamed.update(_places(context, by_id, places))
    return [one for one in batch if one[0] in blamed]


def _rejected(change: Change, refused: Refused) -> Outcome:
    if refused.status == MISSING_STATUS or refused.category == "OBJECT_NOT_FOUND":
        remedy = Text(
            fr="Ce compte n'existe plus sous cet identifiant dans HubSpot: il a été supprimé ou "
            "fusionné. Relancez un « pull » pour suivre le changement.",
            en="This account no longer exists under this id in HubSpot: it was deleted or merged. "
            "Pull again to follow the change.",
        )
    elif MISSING_PROPERTY in refused.codes or "allowed options" in refused.words:
        remedy = Text(
            fr="Un champ d'Arpent, ou l'un de ses choix, manque dans HubSpot: lancez « arpent "
            "fields ensure ».",
            en="A field of Arpent, or one of its options, is missing in HubSpot: run “arpent "
            "fields ensure”.",
        )
    else:
        remedy = Text(
            fr="HubSpot applique une règle de votre administrateur à ce compte: corrigez la fiche "
            "ou la règle, puis relancez.",
            en="HubSpot applies a rule of your administrator to this account: correct the record "
            "or the rule, then run again.",
        )
    return Outcome(
        external_id=change.external_id, state=State.REJECTED, reason=refused.words, remedy=remedy
    )


def _unknown(external_id: str, message: Text) -> Outcome:
    return Outcome(external_id=external_id, state=State.UNKNOWN, reason=message.en, remedy=message)


def _status(error: Mapping[str, Any]) -> int:
    return MISSING_STATUS if error.get("category") == "OBJECT_NOT_FOUND" else 400


def _newest(key: str) -> tuple[int, str]:
    return (int(key), key) if key.isdecimal() else (0, key)
