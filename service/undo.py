"""Undo: take back what a run wrote into a CRM, and close the tasks that it created.

1. The own fields of the run's accounts are read once more, consistently: what a later run or a
   person has written since stays, and is named.
2. The values of before the run become the desired ones. They are pinned: the rules that wanted the
   run's values don't get them back until they come to another result, or somebody releases them.
3. They are pushed at once, and nothing else with them; the tasks are completed.

Killed at any point, the next push goes on, and so does undoing the run again. It is a run like any
other, with lines in the journal: it can be undone.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from connectors.base import Connector
from rules.language import Text, counted
from rules.owned import Owned
from rules.rulebook import Rulebook
from rules.time import Day, day_of
from service.app import App
from service.push import Push, Scope, alone
from service.push_report import PushReport
from service.runs import UnknownRunError
from service.store import notices, overrides, runs, tasks, undoing
from service.store.engine import MistakenError, Transaction
from service.store.overrides import Override
from service.store.tasks import Created
from service.store.undoing import Fate, Undone

LEFT = (Fate.EDITED, Fate.LATER, Fate.GONE)
# What a consistent read is asked for, where the CRM has it: the fields that a push writes.
_FIELDS = tuple(each for each in Owned if each not in (Owned.IMPOSED_TIER, Owned.IMPOSED_UNTIL))


class NothingPinnedError(MistakenError):
    """There is nothing to release."""

    def __init__(self, run_id: int) -> None:
        super().__init__(
            Text(
                f"Aucune valeur n'est gardée par l'annulation de l'exécution {run_id} : elle n'a "
                "pas été annulée, ou les règles ont donné d'autres valeurs depuis.",
                f"No value is kept by the undoing of run {run_id}: it was not undone, or the rules "
                "have given other values since.",
            )
        )


@dataclass(slots=True)
class UndoReport:
    """What an undoing did in a CRM, or would do (`pushed` is None then).

    `restored` are the values to write back, `left` those that stay because a person or a later run
    wrote them, or the account is gone. `pinned` counts the values that the rules would have
    otherwise. `tasks` are those that the run had created, as they stood before. `standing` are the
    decisions in force of which the value is taken out of the CRM: no undoing ends one.
    """

    crm: str
    undone_run: int
    run_id: int | None = None
    fates: Counter[Fate] = field(default_factory=Counter)
    by_rep: Counter[str] = field(default_factory=Counter)
    restored: list[Undone] = field(default_factory=list)
    left: list[Undone] = field(default_factory=list)
    pinned: int = 0
    tasks: Created = field(default_factory=lambda: Created(open=0, finished=0))
    standing: list[Override] = field(default_factory=list)
    pushed: PushReport | None = None

    def add(self, undone: Sequence[Undone]) -> None:
        """Count values by what becomes of them."""
        for each in undone:
            self.fates[each.fate] += 1
            if each.fate is Fate.RESTORED:
                self.restored.append(each)
                self.by_rep[each.owner or "–"] += 1
            elif each.fate in LEFT:
                self.left.append(each)

    @property
    def closed_tasks(self) -> int:
        """Tasks that were completed."""
        return self.pushed.tasks["completed"] if self.pushed else 0

    @property
    def finished_tasks(self) -> int:
        """Tasks that somebody had finished with before."""
        return self.tasks.finished + (self.pushed.tasks["unchanged"] if self.pushed else 0)

    @property
    def is_complete(self) -> bool:
        """Whether all that was to be written back was; a locked record keeps it waiting."""
        done = self.pushed
        return done is None or not (done.stopped or done.rejected or done.left)

    @property
    def beyond(self) -> list[Text]:
        """What no undoing can call back."""
        texts = []
        if self.restored:
            its = counted(len(self.restored), Text("valeur", "value"), Text("valeurs", "values"))
            texts.append(
                Text(
                    f"Les automatisations du CRM ont pu réagir à {its.fr} de l'exécution "
                    f"{self.undone_run}, et réagir de nouveau au retour en arrière : courriels, "
                    "notifications et autres fiches modifiées ne se rappellent pas.",
                    f"Automations of the CRM may have reacted to {its.en} of run "
                    f"{self.undone_run}, and may react again to the undoing: e-mails, "
                    "notifications and other records that they changed can't be called back.",
                )
            )
        if self.tasks.open or self.tasks.finished:
            texts.append(
                Text(
                    "Les avis envoyés à la création des tâches ne se rappellent pas.",
                    "What was sent when the tasks were created can't be called back.",
                )
            )
        if self.finished_tasks:
            texts.append(
                Text(
                    f"Tâches déjà terminées ou retirées par quelqu'un : {self.finished_tasks} ; "
                    "elles restent ainsi.",
                    f"Tasks that somebody had completed or removed: {self.finished_tasks}; they "
                    "stay so.",
                )
            )
        return texts

    def counts(self) -> dict[str, int]:
        """Flat counts for the run's record."""
        fates = {f"undo.{fate.value}": self.fates[fate] for fate in Fate if self.fates[fate]}
        pushed = self.pushed.counts() if self.pushed else {}
        return {"undone_run": self.undone_run, **fates, "undo.pinned": self.pinned, **pushed}

    def to_json(self) -> dict[str, object]:
        """The report as plain data, but for the values themselves."""
        return {
            "crm": self.crm,
            "run": self.run_id,
            "undone_run": self.undone_run,
            "values": {fate.value: self.fates[fate] for fate in Fate},
            "by_rep": self.by_rep,
            "pinned": self.pinned,
            "standing": self.standing,
            "tasks": {
                "open": self.tasks.open,
                "closed": self.closed_tasks,
                "finished": self.finished_tasks,
            },
            "push": self.pushed.to_json() if self.pushed else None,
            "beyond": self.beyond,
            "left": self.left,
        }


def vendors(app: App, undone_run: int) -> list[str]:
    """The CRMs in which a run wrote something; raises `UnknownRunError`."""
    with app.store.read() as connection:
        if runs.find_run(connection, undone_run) is None:
            raise UnknownRunError(undone_run)
        return undoing.vendors_of(connection, undone_run)


def preview(app: App, vendor: str, undone_run: int) -> UndoReport:
    """What undoing a run would do, as far as the store knows; no call to the CRM."""
    crm = app.connection(vendor)
    report = UndoReport(crm=vendor, undone_run=undone_run)
    today = day_of(app.clock(), app.zone())
    with app.store.read() as connection:
        report.tasks = tasks.created_by(connection, crm.id, undone_run)
    last = 0
    while True:
        with app.store.read() as connection:
            accounts = undoing.accounts_of(connection, crm.id, undone_run, after=last)
            if not accounts:
                return report
            undone = undoing.look(connection, undone_run, accounts)
            report.standing += _standing(connection, undone, today)
        report.add(undone)
        last = max(accounts)


def run(
    app: App,
    connector: Connector,
    rulebook: Rulebook,
    undone_run: int,
    run_id: int,
    *,
    renew: Callable[[], None] = alone,
) -> UndoReport:
    """Undo a run in one CRM; the caller holds its lease and records the run `run_id`.

    Raises `Retriable` or `Fatal` where the CRM can't be read; what was decided until then is kept.
    """
    crm = app.connection(connector.vendor)
    report = UndoReport(crm=crm.vendor, undone_run=undone_run, run_id=run_id)
    with app.store.write() as connection:
        report.tasks = tasks.created_by(connection, crm.id, undone_run)
        tasks.undo(connection, crm.id, undone_run, by=run_id)
    work = _Work(app, connector, rulebook.written, crm.id, report)
    last: int | None = 0
    while last is not None:
        renew()
        last = work.decide(last)
    push = Push(app.store, connector, rulebook, crm.id, app.clock)
    begun = push.begin(run_id, renew)
    report.pushed = push.send(begun, Scope(let_go_by=run_id, closes_tasks=True))
    return report


@dataclass(frozen=True, slots=True)
class _Work:
    """An undoing under way, some accounts at a time."""

    app: App
    connector: Connector
    fields: Sequence[Owned]
    connection_id: int
    report: UndoReport

    def decide(self, after: int) -> int | None:
        """Ask what some accounts hold, and make the values of before desired; None at the end."""
        store, undone_run = self.app.store, self.report.undone_run
        with store.read() as connection:
            accounts = undoing.accounts_of(connection, self.connection_id, undone_run, after=after)
            lost = notices.parked_own(connection, self.connection_id)
        if not accounts:
            return None
        fields = [each.value for each in _FIELDS if each not in lost]
        edits = self.connector.edits(list(accounts.values()), fields)
        told = {(each.external_id, each.field): each for each in edits}
        ids = {external_id: key for key, external_id in accounts.items()}
        now = self.app.clock()
        with store.write() as connection:
            undoing.observe(connection, edits, ids, now)
            undone = undoing.look(connection, undone_run, accounts, told)
            today = day_of(now, self.app.zone())
            self.report.standing += _standing(connection, undone, today)
            self.report.pinned += undoing.apply(
                connection, undone, self.fields,
                undone_run=undone_run, run_id=self.report.run_id or 0, now=now,
            )  # fmt: skip
        self.report.add(undone)
        return max(accounts)


def _standing(connection: Transaction, undone: Sequence[Undone], today: Day) -> Sequence[Override]:
    """The decisions in force that want another value than the one that is put back."""
    before = {(each.account_id, each.field): each.before for each in undone if each.is_taken_back}
    decided = overrides.of_accounts(connection, {account for account, _ in before}, today)
    keys = [(each, (each.account_id, each.field)) for each in decided]
    return [each for each, key in keys if key in before and each.value != before[key]]


def release(app: App, rulebook: Rulebook, undone_run: int) -> int:
    """Let the rules decide again over what the undoing of a run keeps; how many values.

    The next push writes what differs. Raises `NothingPinnedError`.
    """
    with app.store.write() as connection:
        if runs.find_run(connection, undone_run) is None:
            raise UnknownRunError(undone_run)
        released = undoing.release(connection, undone_run, rulebook.written)
    if not released:
        raise NothingPinnedError(undone_run)
    return released
