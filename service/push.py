"""Push: write what is owed into the CRM, then what it answered into the store.

1. Values read back since the last push are judged: stale writes are owed again, edits by people
   wait as drift.
2. A field of which too many values would change at once is held: a person looks at it first.
3. Batches of accounts are journaled, then sent, as many side by side as the CRM is worth; no
   transaction is open meanwhile. Each answer is recorded as it comes, by the one thread that writes
   to the store.
4. Then the tasks of alerts (`service.push_tasks`).

Killed at any point, the next push goes on: a value written twice is the same value, the journal
knows which values may have been written, and a task is looked for before it is created. Two pushes
never work side by side: whoever calls this holds the lease of the CRM (`service.lease`).
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import groupby, islice
from operator import attrgetter

from connectors.base import (
    Change,
    Connector,
    ConnectorError,
    Fatal,
    Outcome,
    Retriable,
    State,
    Unanswered,
)
from rules.owned import Owned
from rules.rulebook import Rulebook
from rules.thresholds import Thresholds
from service import hear, listen, parking, preflight
from service.app import Clock
from service.push_report import PushReport
from service.push_tasks import TaskPush
from service.store import backlog, deliveries, holds, notices, outbox, readback
from service.store.deliveries import Sent
from service.store.engine import Store, StoreError
from service.store.outbox import Pending

# How many accounts are read from the store at once: most of what a reading costs is its start.
READ_AHEAD = 1_000


@dataclass(frozen=True, slots=True)
class Scope:
    """What a push is to send: all, what is owed of a rep, or what was let go under a run.

    What is let go goes without a task, but for those that an undoing closes.
    """

    rep_key: str | None = None
    let_go_by: int | None = None
    closes_tasks: bool = False


def alone() -> None:
    """Nobody else may come."""


def unseen(_done: int, _owed: int) -> None:
    """Nobody looks on."""


class Push:
    """One push into one CRM account. `progress` hears how many values of how many are settled."""

    def __init__(
        self,
        store: Store,
        connector: Connector,
        rulebook: Rulebook,
        connection_id: int,
        clock: Clock,
        *,
        thresholds: Thresholds | None = None,
        progress: Callable[[int, int], None] = unseen,
    ) -> None:
        self.store = store
        self._connector = connector
        self._rulebook = rulebook
        self.connection_id = connection_id
        self._clock = clock
        self._thresholds = thresholds or Thresholds()
        self._tasks = TaskPush(store, connector, rulebook, connection_id, clock)
        self._renew: Callable[[], None] = alone
        self._progress = progress
        self._lost: frozenset[str] = frozenset()

    def run(
        self, run_id: int, *, rep_key: str | None = None, renew: Callable[[], None] = alone
    ) -> PushReport:
        """Push values, then tasks; `rep_key` narrows both to one rep (a pilot).

        A field of which too many values would change at once is held: it waits for a person, and
        the others go on. `renew` is called as the work goes on, and may raise to end it.
        """
        report, scope = self.begin(run_id, renew), Scope(rep_key=rep_key)
        report.owed = self._count(scope)
        if report.owed:
            self._hold(report, rep_key)
        return self._finish(report, scope)

    def begin(self, run_id: int, renew: Callable[[], None] = alone) -> PushReport:
        """A report to go on with, once it is known what the CRM was seen to hold."""
        self._renew = renew
        report = PushReport(run_id=run_id)
        with self.store.read() as connection:
            self._lost = frozenset(notices.parked_own(connection, self.connection_id))
        self._read_back(report)
        listen.verify_emptying(self.store, self._connector, self.connection_id)
        return report

    def send(self, report: PushReport, scope: Scope) -> PushReport:
        """Push what a person let go: nothing of it is held, and no task goes with it."""
        report.owed = self._count(scope)
        return self._finish(report, scope)

    def _count(self, scope: Scope) -> int:
        with self.store.read() as connection:
            return outbox.count(
                connection,
                self.connection_id,
                rep_key=scope.rep_key,
                let_go_by=scope.let_go_by,
            )

    def _hold(self, report: PushReport, rep_key: str | None) -> None:
        """Before anything is sent: what would change too much waits for a person."""
        crm = self.connection_id
        with self.store.write() as connection:
            unknown = holds.hold_unknown(connection, crm, report.run_id, rep_key=rep_key)
            report.hold(unknown)
            masses = holds.masses(connection, crm, self._thresholds, rep_key=rep_key)
            fields = [mass.field for mass in masses]
            if fields:
                report.hold(holds.hold(connection, crm, report.run_id, fields, rep_key=rep_key))

    def _finish(self, report: PushReport, scope: Scope) -> PushReport:
        before = self._connector.calls
        try:
            known = None
            # Again without the fields that turned out to be lost meanwhile; there are few.
            while known != self._lost:
                known = self._lost
                self._push_values(report, scope)
            if scope.let_go_by is None or scope.closes_tasks:
                self._tasks.run(
                    report, rep_key=scope.rep_key, undone_by=scope.let_go_by, renew=self._renew
                )
            hear.run(self.store, self._connector, self.connection_id)
        except Retriable as error:
            report.stopped = error.message
            parking.heed(self.store, self._connector.vendor, error, self._clock())
        report.calls = self._connector.calls - before
        with self.store.read() as connection:
            of_values = backlog.rejections_of(connection, self.connection_id, report.run_id)
            report.held = holds.held(connection, self.connection_id)
            report.lost = notices.told_of_own(connection, self._connector.vendor)
        report.rejections = of_values + report.rejections
        report.left = self._count(scope)
        return report

    def _read_back(self, report: PushReport) -> None:
        """Judge what the CRM was seen to hold, some values in each transaction."""
        last: int | None = 0
        while last is not None:
            self._renew()
            with self.store.write() as connection:
                judged = readback.read_back(
                    connection,
                    self.connection_id,
                    self._clock(),
                    after=last,
                    policies=self._rulebook.fields.drift,
                )
            report.read_back += judged.counts
            last = judged.last

    def _push_values(self, report: PushReport, scope: Scope) -> None:
        """Send what is owed; the first failure ends the sending, and what is under way is kept.

        So does the loss of the lease, or an order to stop.
        """
        batches = self._batches(scope, report.owed)
        under_way: dict[Future[Sequence[Outcome]], Sent] = {}
        failure: ConnectorError | StoreError | None = None
        with ThreadPoolExecutor(self._connector.senders, thread_name_prefix="push") as senders:
            while True:
                while failure is None and len(under_way) < self._connector.senders:
                    try:
                        sent = self._announced(report.run_id, batches)
                    except StoreError as error:
                        failure = error
                        break
                    if sent is None:
                        break
                    under_way[senders.submit(self._connector.update, _changes(sent.items))] = sent
                if not under_way:
                    break
                for answered in wait(under_way, return_when=FIRST_COMPLETED).done:
                    failed = self._settle(report, under_way.pop(answered), answered)
                    failure = _graver(failure, failed)
                self._progress(sum(report.values.values()), report.owed)
        if failure is not None:
            raise failure

    def _announced(self, run_id: int, batches: Iterator[Sequence[Pending]]) -> Sent | None:
        """The next batch, once the journal says that it is about to be sent; None at the end."""
        self._renew()
        batch = next(batches, None)
        if batch is None:
            return None
        with self.store.write() as connection:
            return deliveries.announce(connection, run_id, batch, self._clock())

    def _settle(
        self, report: PushReport, sent: Sent, answered: Future[Sequence[Outcome]]
    ) -> ConnectorError | None:
        """Record what a batch was answered; returns what it failed with.

        A batch without an answer may have been written: the journal has to know.
        """
        failure: ConnectorError | None = None
        try:
            outcomes = answered.result()
        except Unanswered as error:
            failure, outcomes = error, _unknown(sent.items, error)
        except ConnectorError as error:
            with self.store.write() as connection:
                deliveries.withdraw(connection, sent, error.message.en)
            return error
        # What is only to be cleared is not missed: that the field is gone settles it.
        written = frozenset(self._rulebook.written)
        again = {each.external_id for each in outcomes if written.intersection(each.missing)}
        lost = written.intersection(name for outcome in outcomes for name in outcome.missing)
        if lost:
            named = preflight.own_names(self._connector, lost)
            preflight.park_own(self.store, self._connector.vendor, named, self._clock())
            self._lost |= lost
        with self.store.write() as connection:
            report.values += deliveries.record(
                connection,
                sent,
                {
                    each.external_id: _sent_again(each) if each.external_id in again else each
                    for each in outcomes
                },
                now=self._clock(),
                language=self._rulebook.team.language,
            )
        # What is sent again by this very push has no outcome yet.
        if again:
            sent_again = sum(item.external_id in again for item in sent.items)
            report.values[State.DEFERRED.value] -= sent_again
        return failure

    def _batches(self, scope: Scope, owed: int) -> Iterator[list[Pending]]:
        """What is owed, by batches of accounts in their order; some are read at once.

        The clearing of fields that are written no more comes last and apart: where the CRM has
        lost such a field, it refuses all that is written with it. A field known to be lost waits.
        """
        written = self._rulebook.written
        size = self._connector.batch_for(owed)
        for group in (written, tuple(each for each in Owned if each not in written)):
            among = tuple(each for each in group if each.value not in self._lost)
            last = 0
            while found := self._read_on(last, scope, among, size):
                last = found[-1].account_id
                accounts = groupby(found, key=attrgetter("account_id"))
                while batch := [item for _, items in islice(accounts, size) for item in items]:
                    yield batch

    def _read_on(
        self, last: int, scope: Scope, among: Collection[Owned], size: int
    ) -> list[Pending]:
        with self.store.read() as connection:
            return outbox.pending(
                connection,
                self.connection_id,
                rep_key=scope.rep_key,
                let_go_by=scope.let_go_by,
                after=last,
                limit=size * max(1, READ_AHEAD // size),
                now=self._clock(),
                among=among,
            )


def _sent_again(outcome: Outcome) -> Outcome:
    """What was refused only for a field that the CRM lacks goes again at once, without it."""
    return replace(outcome, state=State.DEFERRED, wait=0)


def _graver(
    one: ConnectorError | StoreError | None, other: ConnectorError | None
) -> ConnectorError | StoreError | None:
    """The failure to tell of two: the first, unless only the other needs a person."""
    if one is None or (isinstance(other, Fatal) and not isinstance(one, Fatal)):
        return other or one
    return one


def _unknown(batch: Sequence[Pending], error: Unanswered) -> list[Outcome]:
    """Outcomes of a batch without an answer: the next push may send it again at once."""
    names = {item.external_id for item in batch}
    return [
        Outcome(
            external_id=name, state=State.UNKNOWN, reason=error.message.en, remedy=error.message,
            wait=0,
        )
        for name in names
    ]  # fmt: skip


def _changes(batch: Sequence[Pending]) -> list[Change]:
    values: dict[str, dict[str, str | None]] = {}
    for item in batch:
        values.setdefault(item.external_id, {})[item.field] = item.after
    return [Change(external_id=key, values=fields) for key, fields in values.items()]
