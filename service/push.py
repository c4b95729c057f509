"""Push: write what is owed into the CRM, then what it answered into the store.

1. Values read back since the last push are judged: stale writes are owed again, edits by people
   wait as drift.
2. Batches of accounts are journaled, then sent, as many side by side as the CRM is worth; no
   transaction is open meanwhile. Each answer is recorded as it comes, by the one thread that writes
   to the store.
3. Alerts that want a task: claim, look for it in the CRM, create it only when it isn't there. A
   task follows its alert: rewritten with its figures, completed once it recovers, and left alone
   once a person has finished with it.

Killed at any point, the next push goes on: a value written twice is the same value, the journal
knows which values may have been written, and a task is looked for before it is created. Two pushes
never work side by side: whoever calls this holds the lease of the CRM (`service.lease`).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
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
    Task,
    Unanswered,
)
from rules.alerts import due_instant
from rules.language import Text
from rules.owned import Owned
from rules.rulebook import Rulebook
from service import parking
from service.app import Clock
from service.preview import BATCH
from service.store import backlog, deliveries, outbox, readback, tasks
from service.store.backlog import Rejection
from service.store.deliveries import Sent
from service.store.engine import Store
from service.store.outbox import Pending
from service.store.tasks import WantedTask, Wish

# How many batches are read from the store at once: most of what a reading costs is its start.
READ_AHEAD = 10


class ReadOnly(Exception):  # noqa: N818 - a state, said in a sentence
    """Writes are switched off."""

    message = Text(
        "ARPENT_READ_ONLY est activé : rien n'est écrit dans le CRM. Retirez la variable pour "
        "écrire ; « arpent preview » montre ce qui le serait.",
        "ARPENT_READ_ONLY is set: nothing is written to the CRM. Remove the variable to write; "
        "`arpent preview` shows what would be.",
    )

    def __init__(self) -> None:
        super().__init__(self.message.en)


@dataclass(slots=True)
class PushReport:
    """What a push did: values by outcome, tasks, requests sent, why it stopped early if it did.

    `tasks` counts creations by outcome; `updated` and `completed` are those of earlier pushes.
    `rejections` says why values and tasks were refused, the most frequent reason first.
    """

    values: Counter[str] = field(default_factory=Counter)
    read_back: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    stopped: Text | None = None
    rejections: list[Rejection] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Values and tasks that the CRM refused; they are not sent again by themselves."""
        return self.values[State.REJECTED.value] + self.tasks[State.REJECTED.value]

    @property
    def written(self) -> int:
        """Values that the CRM acknowledged."""
        return self.values[State.APPLIED.value]

    def counts(self) -> dict[str, int]:
        """Flat counts for the run's record."""
        return {
            **{f"values.{state}": count for state, count in sorted(self.values.items())},
            **{f"read_back.{state}": count for state, count in sorted(self.read_back.items())},
            **{f"tasks.{state}": count for state, count in sorted(self.tasks.items())},
            "calls": self.calls,
        }

    def to_json(self) -> dict[str, object]:
        """The counts, why it stopped early, and why the CRM refused what, as plain data."""
        return {**self.counts(), "stopped": self.stopped, "rejections": self.rejections}


def _alone() -> None:
    """Nobody else may come."""


class Push:
    """One push into one CRM account."""

    def __init__(
        self,
        store: Store,
        connector: Connector,
        rulebook: Rulebook,
        connection_id: int,
        clock: Clock,
    ) -> None:
        self._store = store
        self._connector = connector
        self._rulebook = rulebook
        self._connection_id = connection_id
        self._clock = clock
        self._renew: Callable[[], None] = _alone

    def run(
        self, run_id: int, *, rep_key: str | None = None, renew: Callable[[], None] = _alone
    ) -> PushReport:
        """Push values, then tasks; `rep_key` narrows both to one rep (a pilot).

        `renew` is called as the work goes on, and may raise to end it.
        """
        report = PushReport()
        self._renew = renew
        before = self._connector.calls
        self._read_back(report)
        try:
            self._push_values(report, run_id, rep_key)
            self._push_tasks(report, rep_key)
        except Retriable as error:
            report.stopped = error.message
            parking.heed(self._store, self._connector.vendor, error, self._clock())
        report.calls = self._connector.calls - before
        with self._store.read() as connection:
            of_values = backlog.rejections_of(connection, self._connection_id, run_id)
        report.rejections = of_values + report.rejections
        return report

    def _read_back(self, report: PushReport) -> None:
        """Judge what the CRM was seen to hold, some values in each transaction."""
        last: int | None = 0
        while last is not None:
            self._renew()
            with self._store.write() as connection:
                judged = readback.read_back(
                    connection, self._connection_id, self._clock(), after=last
                )
            report.read_back += judged.counts
            last = judged.last

    def _push_values(self, report: PushReport, run_id: int, rep_key: str | None) -> None:
        """Send what is owed; the first failure ends the sending, and what is under way is kept."""
        batches = self._batches(rep_key)
        under_way: dict[Future[Sequence[Outcome]], Sent] = {}
        failure: ConnectorError | None = None
        with ThreadPoolExecutor(self._connector.senders, thread_name_prefix="push") as senders:
            while True:
                while failure is None and len(under_way) < self._connector.senders:
                    batch = next(batches, None)
                    if batch is None:
                        break
                    sent = self._announce(run_id, batch)
                    under_way[senders.submit(self._connector.update, _changes(batch))] = sent
                if not under_way:
                    break
                for answered in wait(under_way, return_when=FIRST_COMPLETED).done:
                    failed = self._settle(report, under_way.pop(answered), answered)
                    failure = _graver(failure, failed)
        if failure is not None:
            raise failure

    def _announce(self, run_id: int, batch: Sequence[Pending]) -> Sent:
        """Say in the journal what is about to be sent, whatever may happen to this process."""
        self._renew()
        with self._store.write() as connection:
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
            with self._store.write() as connection:
                deliveries.withdraw(connection, sent, error.message.en)
            return error
        with self._store.write() as connection:
            report.values += deliveries.record(
                connection,
                sent,
                {outcome.external_id: outcome for outcome in outcomes},
                now=self._clock(),
                language=self._rulebook.team.language,
            )
        return failure

    def _batches(self, rep_key: str | None) -> Iterator[list[Pending]]:
        """What is owed, by batches of accounts in their order; some are read at once.

        The clearing of fields that are written no more comes last and apart: where the CRM has
        lost such a field, it refuses all that is written with it.
        """
        written = self._rulebook.fields.written
        for among in (written, tuple(each for each in Owned if each not in written)):
            last = 0
            while found := self._read_on(last, rep_key, among):
                last = found[-1].account_id
                accounts = groupby(found, key=attrgetter("account_id"))
                while batch := [item for _, items in islice(accounts, BATCH) for item in items]:
                    yield batch

    def _read_on(self, last: int, rep_key: str | None, among: Collection[Owned]) -> list[Pending]:
        with self._store.read() as connection:
            return outbox.pending(
                connection,
                self._connection_id,
                rep_key=rep_key,
                after=last,
                limit=BATCH * READ_AHEAD,
                now=self._clock(),
                among=among,
            )

    def _push_tasks(self, report: PushReport, rep_key: str | None) -> None:
        with self._store.write() as connection:
            wanted = tasks.claim(connection, self._connection_id, rep_key=rep_key)
        language = self._rulebook.team.language
        refused: dict[str, Rejection] = {}
        for each in wanted:
            self._renew()
            outcome = self._do(each)
            with self._store.write() as connection:
                tasks.settle(connection, each, outcome, language)
            report.tasks[_counted(each.wish, outcome.state)] += 1
            if outcome.state is State.REJECTED:
                reason = deliveries.reason_of(outcome, language)
                first = refused.get(reason) or Rejection(
                    reason=reason, count=0, account=each.account_id, external_id=each.account_id
                )
                refused[reason] = replace(first, count=first.count + 1)
                report.rejections = list(refused.values())

    def _do(self, wanted: WantedTask) -> Outcome:
        task = self._task(wanted)
        match wanted.wish:
            case Wish.CREATE:
                return self._create(wanted, task)
            case Wish.UPDATE:
                return self._connector.update_task(wanted.task_id or "", task)
            case Wish.COMPLETE:
                # Without an id, it is not known whether the task was ever created.
                task_id = wanted.task_id or self._connector.find_task(task)
                if task_id is None:
                    return Outcome(external_id="", state=State.UNCHANGED)
                return self._connector.complete_task(task_id)

    def _create(self, wanted: WantedTask, task: Task) -> Outcome:
        """A task that is in the CRM already, from a push that died, is not created again.

        Its alert may have news since.
        """
        found = self._connector.find_task(task)
        if found is not None:
            return self._connector.update_task(found, task)
        if wanted.rule not in self._rulebook.alerts.deviations:
            return Outcome(external_id="", state=State.REJECTED, reason=wanted.rule, remedy=_GONE)
        return self._connector.create_task(task)

    def _task(self, wanted: WantedTask) -> Task:
        rule = self._rulebook.alerts.deviations.get(wanted.rule)
        due_at = due_instant(wanted.updated_on, rule.due if rule else 0, self._rulebook.team.zone)
        return Task(
            key=wanted.key, subject=wanted.subject, body=wanted.body, due_at=due_at,
            owner_id=wanted.owner_id, account_id=wanted.account_id,
        )  # fmt: skip


_GONE = Text(
    "cette règle n'est plus dans alerts.yaml : la tâche n'est pas créée",
    "this rule is no longer in alerts.yaml: the task is not created",
)


def _counted(wish: Wish, state: State) -> str:
    """Under which name a task is counted."""
    if wish is Wish.CREATE or state is not State.APPLIED:
        return state.value
    return "updated" if wish is Wish.UPDATE else "completed"


def _graver(one: ConnectorError | None, other: ConnectorError | None) -> ConnectorError | None:
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
