"""The to-dos of alerts in Zoho: created, looked for, rewritten, completed, read.

Where Tasks have our external field, a task is found by its key alone (`X-EXTERNAL`), and two tasks
of one key are impossible. Elsewhere a task ends with a mark, by which it is recognised among its
account's. Nothing is tried twice. A task that a person has closed or deleted is left alone, and one
that is being edited is rewritten only as it was seen (`If-Unmodified-Since`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connectors import values
from connectors.alert_tasks import (
    DONE,
    JUST_EDITED,
    LONGEST_SUBJECT,
    TaskWords,
    marker,
    plain_text,
    told,
)
from connectors.base import Outcome, State, Task, TaskRead, Unanswered
from connectors.zoho import coql
from connectors.zoho.activities import is_closed
from connectors.zoho.answers import Json, listing
from connectors.zoho.client import Client
from connectors.zoho.error_words import NOT_AS_ASKED
from connectors.zoho.errors import (
    ALREADY_MODIFIED,
    DUPLICATE,
    LOCKED,
    MISSING_STATUS,
    Forbidden,
    Refused,
    unreadable,
    words_of,
)
from connectors.zoho.objects import MODIFIED, is_id, moment
from connectors.zoho.schema import Declared, Schema
from connectors.zoho.task_reading import OPEN_WORDS, read_tasks
from rules.time import date_of, day_of

KEY = "alert_key"
PATH = "Tasks"
EXTERNAL = "X-EXTERNAL"
# From this length on, a text of a list may be cut.
CUT_FROM = 500

_DONE = ("completed", "terminé", "terminée", "complété", "achevé")
_URGENT = ("high", "élevé", "élevée", "haute", "haut")
_USUAL = ("normal", "normale", "moyenne")
_SAID = TaskWords("Zoho")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The organization's words for a task, and our field for its key, where it has one."""

    open: str
    done: str
    urgent: str
    usual: str
    key: Declared | None


class Tasks:
    """The tasks of one organization; `zone` tells its zone, in which a due date is a day."""

    def __init__(
        self, client: Client, schema: Callable[[], Schema], zone: Callable[[], ZoneInfo]
    ) -> None:
        self._client = client
        self._schema = schema
        self._zone = zone
        self._by_actual = False

    def create(self, task: Task) -> Outcome:
        """Create a task; an outcome that can't be known is `UNKNOWN`, and never tried again."""
        item = self._in_words(
            lambda words: self._written(
                "POST", PATH, task_body(task, words, self._zone()), "", _external(words.key)
            )
        )
        if isinstance(item, Outcome):
            return item
        details = _details(item)
        if item.get("code") == DUPLICATE:
            held = _holder(details) or self.find(task)
            if held is not None:
                return Outcome(external_id=held, state=State.APPLIED)
        if item.get("status") != "success":
            return _refused("", _of(item))
        key = details.get("id")
        if not is_id(key):
            return told("", State.UNKNOWN, _SAID.no_id)
        return Outcome(external_id=str(key), state=State.APPLIED)

    def find(self, task: Task) -> str | None:
        """The task with this key, newest first where it is looked up by its mark.

        One that was created before Tasks had a field for it has its mark alone.
        """
        key, found = self._key(), None
        if key is not None and key.is_external:
            found = self._by_external(key, task.key)
        elif key is not None:
            found = self._by_key(key, task.key)
        return found or self._by_mark(task.account_id, marker(task.key))

    def update(self, task_id: str, task: Task) -> Outcome:
        """Rewrite the subject and the body of an open task."""
        fields: Json = {"Subject": task.subject[:LONGEST_SUBJECT], "Description": plain_text(task)}
        return self._changed(task_id, lambda _: fields)

    def complete(self, task_id: str) -> Outcome:
        """Complete an open task."""
        return self._changed(task_id, lambda words: {"Status": words.done})

    def read(self, task_ids: Sequence[str]) -> dict[str, TaskRead]:
        """How tasks stand; one that is not there is gone."""
        return read_tasks(self._client, self._schema, self._zone(), task_ids)

    def _in_words(self, write: Callable[[Words], Json | Outcome]) -> Json | Outcome:
        """What is written in the organization's words.

        An option that Zoho refuses by one of its names is written by the other.
        """
        by_actual = self._by_actual
        item = write(self._words(by_actual=by_actual))
        if isinstance(item, Outcome) or not _is_of_an_option(item):
            return item
        again = write(self._words(by_actual=not by_actual))
        if isinstance(again, dict) and again.get("status") == "success":
            self._by_actual = not by_actual
        return again

    def _changed(
        self, task_id: str, fields: Callable[[Words], Json], *, is_again: bool = False
    ) -> Outcome:
        """Change a task that is there and open, as it was seen to be."""
        row = self._row(task_id)
        if row is None or is_closed(row):
            words = _SAID.gone if row is None else DONE
            return told(task_id, State.UNCHANGED, words)
        item = self._in_words(
            lambda words: self._written(
                "PUT",
                PATH,
                {"data": [{"id": task_id, **fields(words)}], "trigger": []},
                task_id,
                _unless_modified(row),
            )
        )
        if isinstance(item, Outcome):
            return item
        if item.get("status") == "success":
            return Outcome(external_id=task_id, state=State.APPLIED)
        if item.get("code") == ALREADY_MODIFIED:
            if is_again:
                return told(task_id, State.DEFERRED, JUST_EDITED)
            return self._changed(task_id, fields, is_again=True)
        return _refused(task_id, _of(item))

    def _written(
        self, method: str, path: str, body: Json, task_id: str, headers: Mapping[str, str]
    ) -> Json | Outcome:
        """The item of a write, or what its failure means for the task."""
        try:
            items = self._client.write(method, path, body, listed="data", headers=headers)
        except Unanswered as error:
            return told(task_id, State.UNKNOWN, error.message)
        except Forbidden as error:
            # Of this account or this owner: the integration user may do it elsewhere.
            return told(task_id, State.REJECTED, error.message)
        except Refused as refused:
            return {
                "status": "error", "code": refused.code, "message": refused.words,
                "details": refused.details,
            }  # fmt: skip
        if not items or not items[0]:
            return told(task_id, State.UNKNOWN, NOT_AS_ASKED)
        return items[0]

    def _row(self, task_id: str) -> Json | None:
        """A task as it is; None where it is not any more."""
        if not is_id(task_id):
            return None
        query = [("fields", f"id,Status,Closed_Time,{MODIFIED}")]
        try:
            found = listing(self._client.get(f"{PATH}/{task_id}", query), "data")
        except Refused:
            return None
        return found[0] if found else None

    def _by_external(self, key: Declared, value: str) -> str | None:
        try:
            answer = self._client.get(
                f"{PATH}/{quote(value, safe='')}", [("fields", "id")], headers=_external(key)
            )
        except Refused:
            # It is not there, or such fields serve no more: a query tells.
            return self._by_key(key, value)
        rows = listing(answer, "data")
        return str(rows[0]["id"]) if rows and is_id(rows[0].get("id")) else None

    def _by_key(self, key: Declared, value: str) -> str | None:
        rows = self._asked(coql.tasks_with(key.name, value))
        return str(rows[0]["id"]) if rows and is_id(rows[0].get("id")) else None

    def _by_mark(self, account: str, mark: str) -> str | None:
        if not is_id(account):
            return None
        before: str | None = None
        while True:
            page = self._page(account, before)
            for row in page:
                if is_id(row.get("id")) and mark in self._text(row, mark):
                    return str(row["id"])
            following = str(page[-1].get("id")) if len(page) == coql.SHORT_PAGE else None
            if following is None or following == before:
                return None
            before = following

    def _page(self, account: str, before: str | None) -> list[Json]:
        """The tasks of an account by a query; by its related list where that is refused."""
        try:
            return self._client.query(coql.tasks_on(account, before)).rows
        except Refused as refused:
            if before is not None:
                raise unreadable(refused, PATH) from refused
        query = [("fields", "id,Description"), ("per_page", str(coql.SHORT_PAGE))]
        return listing(self._client.find(f"Accounts/{account}/Tasks", query) or {}, "data")

    def _text(self, row: Json, mark: str) -> str:
        """The text of a task; one that may be cut is read whole."""
        text = str(row.get("Description") or "")
        if mark in text or len(text) < CUT_FROM:
            return text
        answer = self._client.find(f"{PATH}/{row['id']}", [("fields", "id,Description")]) or {}
        whole = listing(answer, "data")
        return str(whole[0].get("Description") or "") if whole else text

    def _asked(self, text: str) -> list[Json]:
        try:
            return self._client.query(text).rows
        except Refused as refused:
            raise unreadable(refused, PATH) from refused

    def _key(self) -> Declared | None:
        return self._schema().own(KEY)

    def _words(self, *, by_actual: bool) -> Words:
        schema = self._schema()
        status, priority = schema.named("Status"), schema.named("Priority")
        return Words(
            open=_first(status, OPEN_WORDS, by_actual=by_actual) or "Not Started",
            done=_first(status, _DONE, by_actual=by_actual) or "Completed",
            urgent=_first(priority, _URGENT, by_actual=by_actual) or "High",
            usual=_first(priority, _USUAL, by_actual=by_actual) or "Normal",
            key=self._key(),
        )


def task_body(task: Task, words: Words, zone: ZoneInfo) -> Json:
    """The request that creates a task, due on a day of the organization's, tied to its account."""
    record: Json = {
        "Subject": task.subject[:LONGEST_SUBJECT],
        "Description": plain_text(task),
        "Owner": {"id": task.owner_id},
        "What_Id": {"id": task.account_id},
        "$se_module": "Accounts",
        "Due_Date": date_of(day_of(task.due_at, zone)).isoformat(),
        "Status": words.open,
        "Priority": words.urgent if task.is_urgent else words.usual,
    }
    if words.key is not None:
        record[words.key.name] = task.key
    return {"data": [record], "trigger": []}


def _external(key: Declared | None) -> dict[str, str]:
    return {EXTERNAL: f"{PATH}.{key.name}"} if key is not None and key.is_external else {}


def _unless_modified(row: Json) -> dict[str, str]:
    try:
        at = values.instant(row.get(MODIFIED))
    except values.Unreadable:
        at = None
    return {} if at is None else {"If-Unmodified-Since": moment(at)}


def _first(field: Declared | None, words: Sequence[str], *, by_actual: bool) -> str | None:
    """The option of a list that is one of some words by either of its names, by one of them."""
    for option in field.options if field else ():
        if option.is_used and {option.actual.lower(), option.display.lower()} & set(words):
            return option.actual if by_actual else option.display
    return None


def _is_of_an_option(item: Json) -> bool:
    """Whether a refusal blames one of the words of tasks."""
    said = words_of(item.get("message"), _details(item))
    blamed = any(f"api_name {name}" in said for name in ("Status", "Priority"))
    return item.get("status") == "error" and blamed


def _details(item: Json) -> Mapping[str, Any]:
    found = item.get("details")
    return found if isinstance(found, dict) else {}


def _holder(details: Mapping[str, Any]) -> str | None:
    """The record that has the key already, as a refusal names it."""
    duplicate = details.get("duplicate_record")
    key = duplicate.get("id") if isinstance(duplicate, dict) else details.get("id")
    return str(key) if is_id(key) else None


def _of(item: Json) -> Refused:
    details = _details(item)
    said = words_of(item.get("message") or item.get("code"), details)
    return Refused(400, str(item.get("code") or ""), said, details)


def _refused(task_id: str, refused: Refused) -> Outcome:
    if refused.code in LOCKED:
        return told(task_id, State.DEFERRED, JUST_EDITED)
    if task_id and (refused.status == MISSING_STATUS or refused.details.get("api_name") == "id"):
        return told(task_id, State.UNCHANGED, _SAID.gone)
    return Outcome(
        external_id=task_id, state=State.REJECTED, reason=refused.words, remedy=_SAID.refused
    )
