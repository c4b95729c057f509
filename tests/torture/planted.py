"""Six bugs that such programs have had, each planted in the processes of Arpent alone.

The harness must see each of them; where it would not, its silence about Arpent means nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import Connection, update

from connectors.base import Change, Connector, Outcome, State
from rules.diff import Debt
from rules.language import Language
from service import pull
from service.store import cursors, deliveries, readback, tables
from service.store.cursors import SavedCursor
from service.store.deliveries import Sent
from service.store.engine import Store
from service.store.outbox import Pending
from service.store.readback import Judged
from tests.torture import freezing
from tests.torture.crashing import Course, Planted, Ready, killed, passed
from tests.torture.portal import Portal
from tests.torture.world import PORTALS


def cursor_first(patch: pytest.MonkeyPatch, _: Portal) -> None:
    """The cursor is saved before the page it follows."""
    write = pull._Writing.write

    def early(self: pull._Writing, store: Store, pages: Sequence[Any], now: int) -> Any:
        with store.write() as connection:
            page = pages[-1]
            is_complete = page.is_last or not self.start.is_loading
            point = SavedCursor(value=page.cursor, is_complete=is_complete, saved_at=now)
            cursors.save(connection, self.context.connection_id, page.kind, point)
        return write(self, store, pages, now)

    patch.setattr(pull._Writing, "write", early)


def ack_first(patch: pytest.MonkeyPatch, _: Portal) -> None:
    """A batch is acknowledged before it is sent."""
    announce = deliveries.announce

    def acked(connection: Connection, run_id: int, batch: Sequence[Pending], now: int) -> Sent:
        sent = announce(connection, run_id, batch, now)
        names = {item.external_id for item in batch}
        applied = {name: Outcome(external_id=name, state=State.APPLIED) for name in names}
        deliveries.record(connection, sent, applied, now=now, language=Language.FR)
        return sent

    patch.setattr(deliveries, "announce", acked)


def create_not_upsert(patch: pytest.MonkeyPatch, portal: Portal) -> None:
    """A task is created without a look whether it is there."""
    patch.setattr(portal.connector, "find_task", lambda _crm, _task: None)


def batch_ok(patch: pytest.MonkeyPatch, portal: Portal) -> None:
    """Every row of a batch that was answered is taken as applied."""
    write = portal.connector.update

    def taken(self: Connector, changes: Sequence[Change]) -> Sequence[Outcome]:
        write(self, changes)
        return [Outcome(external_id=each.external_id, state=State.APPLIED) for each in changes]

    patch.setattr(portal.connector, "update", taken)


def ack_ignores_version(patch: pytest.MonkeyPatch, _: Portal) -> None:
    """An acknowledgement settles whatever is desired by then."""
    record = deliveries.record

    def settled(connection: Connection, sent: Sent, outcomes: Any, **how: Any) -> Counter[str]:
        counts = record(connection, sent, outcomes, **how)
        row = tables.outbox.c
        for item in sent.items:
            connection.execute(
                update(tables.outbox)
                .where(row.account_id == item.account_id, row.field == item.field)
                .values(
                    state=Debt.SETTLED.value, confirmed=row.desired, confirmed_version=row.version
                )
            )
        return counts

    patch.setattr(deliveries, "record", settled)


def no_read_back(patch: pytest.MonkeyPatch, _: Portal) -> None:
    """What the CRM holds is never looked at again."""

    def blind(*_: Any, **__: Any) -> Judged:
        return Judged(counts=Counter(), last=None)

    patch.setattr(readback, "read_back", blind)


def _after_cursors(labels: Sequence[str], _: Portal) -> Iterable[int]:
    """Just after each commit that has saved a cursor; those of activities and deals first."""
    found, has_saved = [], False
    for number, label in enumerate(labels, 1):
        has_saved = has_saved or label.startswith("> sql INSERT INTO cursor")
        if label == "> commit" and has_saved:
            found.append(number)
            has_saved = False
    return reversed(found)


def _before_batches(labels: Sequence[str], portal: Portal) -> Iterable[int]:
    """As a batch of values leaves."""
    return _at("<", portal.batch, labels)


def _after_tasks(labels: Sequence[str], portal: Portal) -> Iterable[int]:
    """Once a task was created."""
    return _at("> POST", portal.tasks_path, labels)


def _at(begin: str, end: str, labels: Sequence[str]) -> Iterable[int]:
    for number, each in enumerate(labels, 1):
        if each.startswith(begin) and each.endswith(end):
            yield number


def _nowhere(_labels: Sequence[str], _portal: Portal) -> Iterable[int]:
    """Nobody has to die."""
    return (0,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """A bug, the stage in which it shows and the points at which to die for it.

    `is_refused`: it shows where the CRM refuses some rows for a while.
    """

    name: str
    plant: Planted
    stage: str
    points: Callable[[Sequence[str], Portal], Iterable[int]] = _nowhere
    is_refused: bool = False


BUGS = (
    Bug(name="cursor-first", plant=cursor_first, stage="later", points=_after_cursors),
    Bug(name="ack-first", plant=ack_first, stage="later", points=_before_batches),
    Bug(name="create-not-upsert", plant=create_not_upsert, stage="first", points=_after_tasks),
    Bug(name="batch-OK", plant=batch_ok, stage="first", is_refused=True),
    Bug(name="ack-ignores-version", plant=ack_ignores_version, stage="overtaken"),
    Bug(name="no-read-back", plant=no_read_back, stage="later"),
)


def harmful(vendor: str) -> list[Bug]:
    """The bugs that harm in this CRM."""
    return [bug for bug in BUGS if bug.name not in PORTALS[vendor].harmless]


def some(vendor: str, day: int) -> list[Bug]:
    """Half of the bugs that harm in this CRM; the other half when its turn comes again."""
    return harmful(vendor)[day // len(PORTALS) % 2 :: 2]


def violations_of(stages: Mapping[str, Ready], bug: Bug, *, planted: bool = True) -> list[str]:
    """The first violations that the harness sees; the same course without the bug has none."""
    ready = stages[bug.stage]
    portal = ready.portal
    course = Course(planted=bug.plant if planted else None)
    if bug.is_refused:
        course = replace(course, switches=portal.refusing, calm_switches=portal.taking)
    if bug.plant is no_read_back:
        return list(freezing.frozen(ready, course).wrong)
    for point in bug.points(passed(ready, course), portal):
        wrong = killed(ready, [point], course).wrong
        if wrong:
            return list(wrong)
    return []
