"""How the to-dos of alerts stand in Zoho: open, done, put off or gone, and when they are due.

They are asked by their ids in the list of Tasks, since a query takes fifty values of a list at
most. What is not in that list is deleted: Zoho keeps it in its recycle bin, which the list leaves
out. Statuses are the organization's own words, under either of their names.
"""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from connectors import sales_words
from connectors.alert_tasks import due_at
from connectors.base import TaskRead, TaskStatus
from connectors.zoho.activities import is_closed
from connectors.zoho.answers import Json, listing
from connectors.zoho.client import Client
from connectors.zoho.errors import Refused, unreadable
from connectors.zoho.objects import is_id
from connectors.zoho.schema import Schema

# An address of some two thousand characters.
AT_ONCE = 100
OPEN_WORDS = ("not started", "non démarré", "non commencé", "à faire")

_PATH = "Tasks"
_UNDER_WAY = ("in progress", "en cours")


def read_tasks(
    client: Client, schema: Callable[[], Schema], zone: ZoneInfo, task_ids: Sequence[str]
) -> dict[str, TaskRead]:
    """How tasks stand, a hundred at a time; `zone` is the organization's, of which due days are.

    Raises:
        Fatal: Zoho does not let Tasks be read.
    """
    asked = [key for key in dict.fromkeys(task_ids) if is_id(key)]
    rows: dict[str, Json] = {}
    for start in range(0, len(asked), AT_ONCE):
        found = _listed(client, asked[start : start + AT_ONCE])
        rows |= {str(row.get("id")): row for row in found}
    return {key: _standing(rows.get(key), schema, zone) for key in task_ids}


def _listed(client: Client, ids: Sequence[str]) -> list[Json]:
    """The records of some ids, to the last: what is not among them is not there."""
    found: list[Json] = []
    for page in range(1, len(ids) + 1):
        query = [("ids", ",".join(ids)), ("fields", "id,Status,Closed_Time,Due_Date")]
        try:
            answer = client.get(_PATH, [*query, ("page", str(page))])
        except Refused as refused:
            raise unreadable(refused, _PATH) from refused
        found += listing(answer, "data")
        info = answer.get("info")
        if not isinstance(info, dict) or info.get("more_records") is not True:
            break
    return found


def _standing(row: Json | None, schema: Callable[[], Schema], zone: ZoneInfo) -> TaskRead:
    """A task as its row says; the list of statuses is looked at for a word that says nothing."""
    if row is None:
        return TaskRead(status=TaskStatus.GONE)
    word = str(row.get("Status") or "")
    status = _told(row, word)
    if status is None and word and word.lower() not in (*OPEN_WORDS, *_UNDER_WAY):
        picked = schema().named("Status")
        names = (picked.actual(word), picked.display(word)) if picked else ()
        status = next((told for name in names if (told := _told(row, name))), None)
    return TaskRead(status=status or TaskStatus.OPEN, due_at=due_at(row.get("Due_Date"), zone))


def _told(row: Json, word: str) -> TaskStatus | None:
    """What a status tells of a task, under one of its names; None where it tells nothing."""
    if sales_words.is_cancelled(word):
        return TaskStatus.GONE
    if is_closed({**row, "Status": word}):
        return TaskStatus.DONE
    return TaskStatus.PUT_OFF if sales_words.is_put_off(word) else None
