"""A CRM, its people and some processes at work on one store: what the state machine drives.

A process may die at a request or at a transaction: from then on nothing that it tries succeeds,
not even to leave its lease, and the next command is another process.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from os import getpid
from pathlib import Path

from sqlalchemy import Connection, delete, event, select

from connectors.base import (
    Binding,
    Change,
    Connector,
    ConnectorError,
    CrmField,
    Fatal,
    Outcome,
    Page,
    Retriable,
    Task,
    Unanswered,
)
from rules.language import Text
from rules.owned import DriftPolicy
from rules.records import Account, Kind
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import Instant
from service import backup, cycle, lease, letting_go, owe, provision, pull, rollback, undo, worker
from service.app import App, read_playbook
from service.push import Push
from service.push_report import PushReport
from service.read_only import guarded
from service.settings import SHIPPED_PLAYBOOK, Settings
from service.store import connections, holds, requests, rulebooks, runs
from service.store.deliveries import NOT_WRITTEN
from service.store.engine import Store, StoreError
from service.store.requests import Request, Wanted
from service.store.runs import RunState
from service.store.tables import account, metadata, push_journal
from service.watch import Watch
from tests.integration import office
from tests.integration.office import LOOK, MINUTE, VENDOR, Died, Office, only_opportunities

SECOND = 1_000
HOUR = 60 * MINUTE
BUSY = Text("Occupé.", "Busy.")
CONSOLE = "console"
WORKERS = ("elsewhere-a", "elsewhere-b")
# What each machine's monotonic clock showed at the beginning: no two of them agree.
STARTS = {CONSOLE: 5.0, "elsewhere-a": 9e6, "elsewhere-b": 1e3}
# Edits of the shipped playbook: what is replaced in which file. All of them are valid.
_SECTOR = b"  sector:"
# A field that no rule reads.
_SPARE = b"  trade: {label: [branche, trade], type: text, hubspot: industry}\n"
_POLICIES = b"drift: {why: respect, segment: reassert}\n  optional: ["
VARIANTS: dict[str, tuple[str, bytes, bytes]] = {
    "shipped": ("fields.yaml", b"", b""),
    "slip": ("segments.yaml", b"high\n      then: silver", b"high\n      then: gold"),
    "bands": ("segments.yaml", b'medium: "100k..500k"', b'medium: "20k..500k"'),
    "words": ("segments.yaml", b"relation froide", b"relation \xc3\xa0 b\xc3\xa2tir"),
    "no segment": ("fields.yaml", b"optional: [segment, ", b"optional: ["),
    "policies": ("fields.yaml", b"optional: [", _POLICIES),
    "unbound": ("fields.yaml", _SPARE, b""),
    "no alerts": ("alerts.yaml", b"", b""),
}


@cache
def playbook(name: str) -> Rulebook:
    """A valid variant of the shipped playbook, compiled once."""
    files = only_opportunities(read_playbook(SHIPPED_PLAYBOOK))
    files["fields.yaml"] = files["fields.yaml"].replace(_SECTOR, _SPARE + _SECTOR)
    file, old, new = VARIANTS[name]
    assert old in files[file]
    files[file] = files[file].replace(old, new, 1) if old else files[file]
    if name == "bands":
        files[file] = files[file].replace(b'low: "< 100k"', b'low: "< 20k"')
    if name == "no alerts":
        files[file] = b"start: 2026-01-05\ndeviations: {}\n"
    return compile_rulebook(files)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong in a command, at which of its requests or transactions, with whom."""

    kind: str = "none"
    at: int = 1
    account: str = ""

    @property
    def is_of_task(self) -> bool:
        """Whether a fault of writing is about the next task, else about the n-th write."""
        return self.at % 2 == 0


NO_FAULT = Fault()
AT_CALL: dict[str, BaseException] = {
    "busy": Retriable(BUSY),
    "parked": Retriable(BUSY, retry_after=1_800),
    "unanswered": Unanswered(BUSY),
    "broken": Fatal(BUSY),
    "dies at call": Died(),
}
AT_WRITE = ("dies before commit", "dies after commit", "store is busy")
OF_ACCOUNT = ("silent", "refused", "locked")
FAULTS = (*AT_CALL, *AT_WRITE, *OF_ACCOUNT, "loses answer", "dies after write")


@dataclass(slots=True)
class Fate:
    """When the process under way dies, and whether it has."""

    fault: Fault = NO_FAULT
    is_dead: bool = False
    writes: int = 0

    def meet(self, fault: Fault) -> None:
        """A process begins, and this is to happen to it."""
        self.fault, self.is_dead, self.writes = fault, False, 0

    def live(self) -> None:
        """Go on, unless this process is dead."""
        if self.is_dead:
            raise Died

    def die(self) -> None:
        """This process has come to its end."""
        self.is_dead = True
        raise Died


@dataclass(frozen=True)
class MortalStore(Store):
    """A store whose transactions a process may die in."""

    fate: Fate = field(default_factory=Fate)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that reads."""
        self.fate.live()
        with Store.read(self) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes; the n-th may be the last of the process."""
        fate = self.fate
        fate.live()
        fate.writes += 1
        kind = fate.fault.kind if fate.writes == fate.fault.at else "none"
        if kind == "store is busy":
            raise StoreError(BUSY)
        with Store.write(self) as connection:
            yield connection
            if kind == "dies before commit":
                fate.die()
        if kind == "dies after commit":
            fate.die()


class Crm(office.Crm):
    """A CRM that counts what it gives and takes, and tells of each edit that is written over."""

    def __init__(self, world: "World") -> None:
        super().__init__(world)
        self.world = world
        self.delivered = 0
        self.writes = 0
        self.hidden: list[CrmField] = []
        self.finished_by_people: set[str] = set()
        self.page_size = 3

    def live(self) -> list[str]:
        """The accounts that are not deleted."""
        rows = self._streams[Kind.ACCOUNT].rows
        return sorted(key for key in rows if self._is_live(key))

    def archived(self) -> list[str]:
        """The accounts that a person may restore."""
        rows = self._streams[Kind.ACCOUNT].rows
        return sorted(key for key in rows if not self._is_live(key))

    def edited_by(self, account_id: str, name: str) -> str | None:
        """The person who edited a field last; None where that was us, or nobody."""
        return self._edited.get((account_id, name), (None, 0))[0]

    def change_account(self, key: str, name: str, value: object) -> None:
        """A person changes the owner, or a field that the CRM's admin has declared."""
        row = self._streams[Kind.ACCOUNT].rows[key]
        assert isinstance(row.record, Account)
        if name == "owner":
            row.record = replace(row.record, owner_id=value if isinstance(value, str) else None)
        else:
            row.raw[name] = value
        self._touch(Kind.ACCOUNT, key)

    def merge(self, loser_id: str, winner_id: str) -> None:
        """A person merges two accounts: what was empty is filled, and tasks move."""
        lost = dict(self._own.get(loser_id, {}))
        super().merge(loser_id, winner_id)
        kept = self._own.setdefault(winner_id, {})
        for name, value in lost.items():
            if name not in kept:
                kept[name] = value
                self._edited[winner_id, name] = self._edited[loser_id, name]
        for key, task in self.tasks.items():
            if task.account_id == loser_id:
                self.tasks[key] = replace(task, account_id=winner_id)

    def hide_field(self, name: str) -> None:
        """An admin takes a declared field of accounts away; its values stay behind the scene."""
        shown = self.declared[Kind.ACCOUNT]
        self.hidden += [each for each in shown if each.name == name]
        self.declared[Kind.ACCOUNT] = [each for each in shown if each.name != name]

    def show_fields(self) -> None:
        """An admin brings back what was taken away."""
        self.declared[Kind.ACCOUNT] += self.hidden
        self.hidden = []

    # The contract.

    def update(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Write, and die or keep silent where that is to be."""
        self.world.may_write()
        self._look_at(changes)
        outcomes = super().update(changes)
        self._wrote()
        return outcomes

    def create_task(self, task: Task) -> Outcome:
        """Create a task."""
        self.world.may_write()
        fault = self.world.store.fate.fault
        if fault.kind == "loses answer" and fault.is_of_task:
            self.lose_answer()
        outcome = super().create_task(task)
        self._wrote(is_new_task=True)
        return outcome

    def update_task(self, task_id: str, task: Task) -> Outcome:
        """Rewrite a task."""
        self.world.may_write()
        outcome = super().update_task(task_id, task)
        self._wrote()
        return outcome

    def complete_task(self, task_id: str) -> Outcome:
        """Complete a task."""
        self.world.may_write()
        outcome = super().complete_task(task_id)
        self._wrote()
        return outcome

    def _look_at(self, changes: Sequence[Change]) -> None:
        for change in changes:
            for name, value in change.values.items():
                held = self.own_field(change.external_id, name)
                if self.edited_by(change.external_id, name) and held != value:
                    self.world.written_over(change.external_id, name, held)

    def _wrote(self, *, is_new_task: bool = False) -> None:
        self.writes += 1
        fate = self.world.store.fate
        if fate.fault.kind == "dies after write" and is_new_task >= fate.fault.is_of_task:
            fate.die()

    def _call(self) -> None:
        self.world.store.fate.live()
        try:
            super()._call()
        except Died:
            self.world.store.fate.die()

    def pull(
        self,
        kind: Kind,
        cursor: str | None,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
    ) -> Iterator[Page]:
        """Pages, counted."""
        for page in super().pull(kind, cursor, bindings, own_fields):
            self.delivered += len(page.records)
            yield page


@dataclass(frozen=True, slots=True)
class Process(App):
    """A process of the world: its CRM is that of the world, guarded as `App` guards it."""

    crm: Crm | None = None

    @contextmanager
    def connector(self, vendor: str) -> Iterator[Connector]:
        """The one CRM there is."""
        assert self.crm is not None
        assert vendor == VENDOR
        why = self.unwritable()
        yield self.crm if why is None else guarded(self.crm, why)


@cache
def settings(*, is_read_only: bool, is_careful: bool) -> Settings:
    """Settings of a process; a careful one holds what changes more than two accounts."""
    held = {"hold_count": 2, "hold_percent": 30, "hold_moving_percent": 30} if is_careful else {}
    return Settings.model_validate({"database_url": "sqlite://", "read_only": is_read_only, **held})


class World(Office):
    """One store, one CRM, a clock, a console and two workers on other machines."""

    crm: Crm

    def __init__(self, store: Store, folder: Path, *, is_careful: bool = False) -> None:
        empty(store)
        self.store = MortalStore(store.engine, store.place, store.schema, Fate())
        self.folder = folder
        self.now: Instant = LOOK
        self.is_careful = is_careful
        self.is_read_only = False
        self.is_restored = False
        self.was_restored = False
        self.is_unswept = False
        self.is_paused = False
        self.backups: list[Path] = []
        self.deaths = 0
        self.excused: dict[tuple[str, str], str | None] = {}
        self.journal: dict[int, tuple[object, ...]] = {}
        self.process = CONSOLE
        self.watches = {name: self._watch(start) for name, start in STARTS.items()}
        self.crm = Crm(self)
        self.publish("shipped")
        self.furnish(self.crm)

    def _watch(self, start: float) -> Watch:
        return Watch(lambda: start + self.now / 1_000)

    @property
    def app(self) -> App:  # type: ignore[override]  # what an office has once, a world has anew
        """The process at work now."""
        given = settings(is_read_only=self.is_read_only, is_careful=self.is_careful)
        watch = self.watches[self.process]
        return Process(given, self.store, lambda: self.now, watch, crm=self.crm)

    def me(self) -> str:
        """The name of the process at work now; one that has died is followed by another."""
        if self.process == CONSOLE:
            return f"here:{getpid()}:0-{self.deaths}"
        return f"{self.process}:7:0-{self.deaths}"

    def may_write(self) -> None:
        """Raise where nothing may be written into the CRM."""
        assert not self.is_read_only, "written while read-only"
        assert not self.is_restored, "written after a restore, before a person resumed"

    def written_over(self, key: str, name: str, held: str | None) -> None:
        """A value of ours takes the place of a person's edit: raise unless that is right."""
        with Store.read(self.store) as connection:
            row = connection.execute(
                select(account.c.id, account.c[f"observed_{name}"].label("seen")).where(
                    account.c.external_id == key, account.c.archived_at.is_(None)
                )
            ).one()
            # The last line announces what is being written.
            *earlier, _ = connection.scalars(
                select(push_journal.c.after)
                .where(
                    push_journal.c.account_id == row.id,
                    push_journal.c.field == name,
                    push_journal.c.outcome.not_in(NOT_WRITTEN),
                )
                .order_by(push_journal.c.id)
            )
            book = rulebooks.load(connection)
        assert book is not None
        if row.seen != held:
            # Edited since the last look: no CRM compares before it writes.
            return
        if not earlier:
            # Never ours until now: an earlier installation may have left it as well as a person.
            # The journal keeps it, and an undoing brings it back.
            return
        if held in earlier:
            # Back to a value of ours: it can't be told from a write of ours that came late.
            return
        policy = book.rulebook.fields.drift.get(name, DriftPolicy.CHALLENGE)
        if policy is not DriftPolicy.CHALLENGE:
            # The playbook says what becomes of edits in this field.
            return
        if self.excused.get((key, name), "-") == held:
            return
        raise AssertionError(f"an edit of {name} on {key} was written over: {held}")

    # What processes do.

    @contextmanager
    def at_work(self, fault: Fault = NO_FAULT, process: str = CONSOLE) -> Iterator[App]:
        """A process at work. What it may fail with is swallowed; anything else is a defect."""
        self.process = process
        self.now += SECOND
        self.store.fate.meet(fault)
        self._arm(fault)
        try:
            yield self.app
        except Died:
            self.deaths += 1
        except (ConnectorError, StoreError):
            pass
        finally:
            self.store.fate.meet(NO_FAULT)
            self.crm._faults.clear()
            self.crm._loses_answer = False
            self.crm.silent.clear()
            self.process = CONSOLE
            self.is_unswept |= not all(row.is_complete for row in self.rows("cursor"))

    def _arm(self, fault: Fault) -> None:
        if fault.kind in AT_CALL:
            self.crm._faults[self.crm.calls + fault.at] = AT_CALL[fault.kind]  # type: ignore[assignment]  # a death is none that a CRM tells
        elif fault.kind == "loses answer" and not fault.is_of_task:
            self.crm.lose_answer()
        elif fault.kind == "silent":
            self.crm.silent.add(fault.account)
        elif fault.kind == "refused":
            self.crm.refuse(fault.account, "No.")
        elif fault.kind == "locked":
            self.crm.lock(fault.account)

    @contextmanager
    def recorded(self, app: App, command: str) -> Iterator[int]:
        """A run of a command, as the command line records it."""
        with app.store.write() as connection:
            run_id = runs.begin_run(connection, command, app.clock())
        state = RunState.FAILED
        try:
            yield run_id
            state = RunState.DONE
        finally:
            with app.store.write() as connection:
                runs.finish_run(connection, run_id, state, counts={}, now=app.clock())

    def run_cycle(self, fault: Fault = NO_FAULT, *, full: bool = False) -> None:
        """`arpent run`."""
        with self.at_work(fault) as app, app.connector(VENDOR) as crm:
            cycle.run(app, {VENDOR: crm}, full=full)

    def pull(self, fault: Fault = NO_FAULT, *, full: bool = False) -> None:
        """`arpent pull`."""
        with ExitStack() as stack:
            app = stack.enter_context(self.at_work(fault))
            crm = stack.enter_context(app.connector(VENDOR))
            stack.enter_context(lease.held(app, VENDOR))
            run_id = stack.enter_context(self.recorded(app, "pull"))
            stack.enter_context(app.heeding(VENDOR))
            known = app.connect(crm)
            app.preflight(crm)
            pull.run(
                app.store, crm, connection_id=known.id, run_id=run_id, now=app.clock, full=full
            )

    def write(
        self, fault: Fault, send: Callable[[Push, int, Callable[[], None]], PushReport | None]
    ) -> None:
        """`arpent push`, with its options."""
        with ExitStack() as stack:
            app = stack.enter_context(self.at_work(fault))
            app.require_writable()
            crm = stack.enter_context(app.connector(VENDOR))
            renew = stack.enter_context(lease.held(app, VENDOR))
            run_id = stack.enter_context(self.recorded(app, "push"))
            book, known = app.published().rulebook, app.connect(crm)
            owe.run(app.store, book, known.id)
            stage = Push(
                app.store, crm, book, known.id, app.clock, thresholds=app.settings.thresholds
            )
            report = send(stage, run_id, renew)
            if report is not None:
                sums_up(report)

    def push_owed(self, fault: Fault = NO_FAULT, owner: str | None = None) -> None:
        """`arpent push`, perhaps for one rep."""
        self.write(fault, lambda stage, run, renew: stage.run(run, rep_key=owner, renew=renew))

    def release_held(self, fault: Fault, held_run: int) -> None:
        """`arpent push --release RUN`."""
        self.write(
            fault,
            lambda stage, run, renew: letting_go.release(stage, held_run, run, renew=renew),
        )

    def undo(self, fault: Fault, run_id: int) -> None:
        """`arpent undo RUN`."""
        with ExitStack() as stack:
            app = stack.enter_context(self.at_work(fault))
            if not undo.vendors(app, run_id):
                return
            app.require_writable()
            crm = stack.enter_context(app.connector(VENDOR))
            renew = stack.enter_context(lease.held(app, VENDOR))
            undoing = stack.enter_context(self.recorded(app, "undo"))
            app.connect(crm)
            stack.callback(self._excuse_what_was_wanted, run_id)
            undo.run(app, crm, app.published().rulebook, run_id, undoing, renew=renew)

    def _excuse_what_was_wanted(self, undone_run: int) -> None:
        """An edit that is the value of before a run is what its undoing wants: ours from there."""
        with Store.read(self.store) as connection:
            lines = connection.execute(
                select(account.c.external_id, push_journal.c.field, push_journal.c.before)
                .join(account, account.c.id == push_journal.c.account_id)
                .where(push_journal.c.run_id == undone_run)
            ).all()
        for key, name, before in lines:
            if self.crm.own_field(key, name) == before:
                self.excused[key, name] = before

    def release_undone(self, fault: Fault, run_id: int) -> None:
        """`arpent undo RUN --release`."""
        with self.at_work(fault) as app:
            undo.release(app, app.published().rulebook, run_id)

    def tick(self, process: str, fault: Fault = NO_FAULT) -> None:
        """A worker on another machine looks at the clock."""
        calls = self.crm.calls
        with self.at_work(fault, process) as app:
            report = worker.tick(app, [VENDOR])
            assert not self.is_paused or report is None, "worked while paused"
        assert not self.is_paused or self.crm.calls == calls, "called the CRM while paused"

    def publish(self, name: str, fault: Fault = NO_FAULT) -> None:
        """`arpent rules publish`, of a variant."""
        with self.at_work(fault) as app, app.store.write() as connection:
            rulebooks.publish(
                connection, playbook(name), author="ops", reason=name, now=app.clock()
            )

    def roll_back(self, fault: Fault = NO_FAULT) -> None:
        """`arpent rules rollback`."""
        with self.at_work(fault) as app:
            rollback.run(app, None, author="ops", reason="")

    def ask(self, wanted: Wanted, *, is_on: bool) -> None:
        """`arpent schedule pause`, `now`, and the contrary."""
        with self.at_work() as app, app.store.write() as connection:
            if is_on:
                requests.ask(connection, wanted, Request(author="ops", reason="", at=self.now))
            else:
                requests.withdraw(connection, wanted)

    def ensure_fields(self) -> None:
        """`arpent fields ensure`."""
        with self.at_work() as app, app.connector(VENDOR) as crm:
            provision.run(crm, app.published().rulebook, dry_run=False)

    def back_up(self) -> None:
        """`arpent db backup`."""
        with self.at_work() as app:
            path = self.folder / f"backup-{len(list(self.folder.iterdir()))}.sqlite3"
            backup.backup(app, path)
            self.backups.append(path)

    def put_back(self, path: Path) -> None:
        """`arpent db restore`: refused while somebody works, or seems to."""
        url = self.store.engine.url.render_as_string(hide_password=False)
        if self.store.schema:
            url = f"{url}?schema={self.store.schema}"
        with self.at_work():
            backup.restore(Settings(database_url=url), path)
            self.is_restored = self.was_restored = True
            # The journal is that of the backup, and so is what was asked of the schedule.
            self.journal = {}
            self.is_paused = any(row.name == Wanted.PAUSE for row in self.rows("request"))

    def resume(self) -> None:
        """`arpent schedule resume`, after a restore: what a person has seen is taken as ours."""
        with self.at_work() as app:
            if backup.resume(app):
                self.is_restored = False
                # Nor is it known who completed the tasks since: an undoing may have been forgotten.
                self.crm.finished_by_people |= self.crm.finished
                # The preview showed these edits as values to write over, and a person agreed.
                self.excused = {
                    key: self.crm.own_field(*key) for key, (by, _) in self.crm._edited.items() if by
                }

    def held_runs(self) -> list[int]:
        """The runs of which something is held."""
        with Store.read(self.store) as connection:
            found = [
                each.run_id
                for crm in connections.find_all(connection)
                for each in holds.held(connection, crm.id)
            ]
        return list(dict.fromkeys(found))


def sums_up(report: PushReport) -> None:
    """What was owed is written, refused, held or left."""
    values = report.values
    done = values["applied"] + values["rejected"] + values["held"]
    assert report.owed == done + report.left, report


def empty(store: Store) -> None:
    """Forget everything, and count from one on SQLite."""
    with store.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))


def hasten(store: Store) -> None:
    """No test here is about a loss of power: SQLite need not wait for the disk."""
    if store.is_sqlite:
        event.listen(store.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
        store.engine.dispose()
