"""Push: write what is owed into the CRM, then what it answered into the store.

1. Values read back since the last push are judged: stale writes are owed again, edits by people
   wait as drift.
2. Batches of accounts are sent; no transaction is open meanwhile. Each answer is recorded at once.
3. Alerts that want a task: claim, look for it in the CRM, create it only when it isn't there.

Killed at any point, the next push goes on: a value written twice is the same value, and a task
is looked for before it is created.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.base import Change, Connector, Outcome, Retriable, State, Task
from rules.alerts import due_instant
from rules.language import Text
from rules.rulebook import Rulebook
from service.app import Clock
from service.preview import BATCH
from service.store import deliveries, outbox, tasks
from service.store.engine import Store
from service.store.outbox import Pending
from service.store.tasks import WantedTask


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
    """What a push did: values by outcome, tasks, requests sent, why it stopped early if it did."""

    values: Counter[str] = field(default_factory=Counter)
    read_back: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    stopped: Text | None = None

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
        """The counts, and why it stopped early, as plain data."""
        return {**self.counts(), "stopped": self.stopped}


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

    def run(self, run_id: int, *, rep_key: str | None = None) -> PushReport:
        """Push values, then tasks; `rep_key` narrows both to one rep (a pilot)."""
        report = PushReport()
        before = self._connector.calls
        with self._store.write() as connection:
            report.read_back = deliveries.read_back(
                connection, self._connection_id, self._rulebook.fields.written, self._clock()
            )
        try:
            self._push_values(report, run_id, rep_key)
            self._push_tasks(report, rep_key)
        except Retriable as error:
            report.stopped = error.message
        report.calls = self._connector.calls - before
        return report

    def _push_values(self, report: PushReport, run_id: int, rep_key: str | None) -> None:
        last = 0
        while batch := self._next_batch(last, rep_key):
            last = batch[-1].account_id
            outcomes = self._connector.update(_changes(batch))
            with self._store.write() as connection:
                report.values += deliveries.record(
                    connection,
                    run_id,
                    batch,
                    {outcome.external_id: outcome for outcome in outcomes},
                    now=self._clock(),
                    language=self._rulebook.team.language,
                )

    def _next_batch(self, last: int, rep_key: str | None) -> list[Pending]:
        with self._store.read() as connection:
            return outbox.pending(
                connection,
                self._connection_id,
                rep_key=rep_key,
                after=last,
                limit=BATCH,
                now=self._clock(),
            )

    def _push_tasks(self, report: PushReport, rep_key: str | None) -> None:
        with self._store.write() as connection:
            wanted = tasks.claim(connection, self._connection_id, rep_key=rep_key)
        for each in wanted:
            outcome = self._create(each)
            with self._store.write() as connection:
                tasks.settle(connection, each.key, outcome, self._rulebook.team.language)
            report.tasks[outcome.state.value] += 1

    def _create(self, wanted: WantedTask) -> Outcome:
        """A task that is in the CRM already, from a push that died, is not created again."""
        rule = self._rulebook.alerts.deviations.get(wanted.rule)
        days = rule.due if rule else 0
        due_at = due_instant(wanted.updated_on, days, self._rulebook.team.zone)
        task = Task(
            key=wanted.key, subject=wanted.subject, body=wanted.body, due_at=due_at,
            owner_id=wanted.owner_id, account_id=wanted.account_id,
        )  # fmt: skip
        found = self._connector.find_task(task)
        if found is not None:
            return Outcome(external_id=found, state=State.APPLIED)
        if rule is None:
            return Outcome(external_id="", state=State.REJECTED, reason=wanted.rule, remedy=_GONE)
        return self._connector.create_task(task)


_GONE = Text(
    "cette règle n'est plus dans alerts.yaml : la tâche n'est pas créée",
    "this rule is no longer in alerts.yaml: the task is not created",
)


def _changes(batch: Sequence[Pending]) -> list[Change]:
    values: dict[str, dict[str, str | None]] = {}
    for item in batch:
        values.setdefault(item.external_id, {})[item.field] = item.after
    return [Change(external_id=key, values=fields) for key, fields in values.items()]
