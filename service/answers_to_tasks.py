"""What people made of their tasks in a CRM, and what follows from it.

Completed: « déjà fait ». Deleted or cancelled: « pas pertinent ». Neither is raised again before
its episode has recovered. Put off, or due later than we said: « reporter », the episode rests until
then. A task that is open as it was tells nothing.

The CRM is asked first, outside of any transaction; what it said is kept in one, and the places
that came free are given to those who wait. Asked again, it changes nothing more. A cycle asks once
an hour, one call for a hundred tasks, and besides before what would be decided without an answer:
the weekly look, and the rewriting of a task.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from connectors.base import TaskRead, TaskStatus
from rules.alert.lines import Answer
from rules.rulebook import Rulebook
from rules.time import Day, Instant, day_of
from service.episodes import WAITS
from service.store import alerts, answered, ledger, tasks
from service.store.answered import Asked, Heard
from service.store.connections import CrmConnection
from service.store.engine import Store
from service.store.tasks import Wish

DEFAULT_SNOOZE = 14
JOB = "tasks"
EVERY = 60 * 60 * 1000
"""How long a cycle leaves the tasks of a CRM alone, in milliseconds."""


class ReadsTasks(Protocol):
    """A CRM that tells how tasks stand."""

    def read_tasks(self, task_ids: Sequence[str]) -> Mapping[str, TaskRead]:
        """How tasks stand, by their id; one that the CRM does not know any more is `GONE`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listened:
    """How many tasks were asked about, and what of them was news."""

    asked: int
    heard: Sequence[Heard] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many of each answer; none where there is no news."""
        return dict(Counter(each.answer.value for each in self.heard))


def run_when_due(
    store: Store, crm: ReadsTasks, book: Rulebook, account: CrmConnection, *,
    now: Instant, run_id: int, is_before_look: bool,
) -> Listened:  # fmt: skip
    """As `run`, once an hour, and whenever an answer would come too late; nothing else is asked."""
    with store.read() as connection:
        last = ledger.last_done(connection, JOB, scope=account.vendor)
        is_to_rewrite = Wish.UPDATE in tasks.wishes(connection, account.id)
    is_fresh = last is not None and now - last < EVERY
    if is_fresh and not is_before_look and not is_to_rewrite:
        return Listened(asked=0)
    listened = run(store, crm, book, account.id, now=now)
    with store.write() as connection:
        period = str(now // EVERY)
        ledger.enter(connection, JOB, scope=account.vendor, period=period, run_id=run_id, now=now)
    return listened


def run(
    store: Store, crm: ReadsTasks, book: Rulebook, connection_id: int, *, now: Instant
) -> Listened:
    """Learn how the open tasks of a CRM stand. May raise what the connector raises."""
    with store.read() as connection:
        asked = answered.open_tasks(connection, connection_id)
    if not asked:
        return Listened(asked=0)
    reads = crm.read_tasks([each.task_id for each in asked])
    today = day_of(now, book.team.zone)
    heard = [
        found
        for each in asked
        if (read := reads.get(each.task_id)) and (found := consequence(each, read, book, today))
    ]
    with store.write() as connection:
        answered.keep(connection, heard, today)
        places = book.alerts.limits.open_tasks_per_rep
        alerts.share_places(connection, places, WAITS.to(book.team.language))
    return Listened(asked=len(asked), heard=heard)


def consequence(asked: Asked, read: TaskRead, book: Rulebook, today: Day) -> Heard | None:
    """What a task that stands like this tells; None when there is no news."""
    match read.status:
        case TaskStatus.DONE:
            return Heard(key=asked.key, answer=Answer.DONE)
        case TaskStatus.GONE:
            return Heard(key=asked.key, answer=Answer.NOT_RELEVANT)
    until = _until(asked, read, book, today)
    if until is None or (asked.snoozed_until is not None and until <= asked.snoozed_until):
        return None
    return Heard(key=asked.key, answer=Answer.LATER, snoozed_until=until)


def _until(asked: Asked, read: TaskRead, book: Rulebook, today: Day) -> Day | None:
    """Until when a task is put off; None when it is not."""
    is_later = read.due_at is not None and read.due_at > (asked.due_at or read.due_at)
    if is_later and read.due_at is not None:
        return day_of(read.due_at, book.team.zone)
    if read.status is not TaskStatus.PUT_OFF or asked.snoozed_until is not None:
        return None
    rule = book.alerts.rule(asked.rule)
    return today + (rule.snooze if rule else DEFAULT_SNOOZE)
