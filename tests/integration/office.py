"""An installation beside a CRM in memory, on one clock: what the tests of pushes and cycles use.

The week before the look is frozen already: a first cycle need not measure everything for it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import Row, select, update

from connectors.base import Change, Connector, CrmField, Outcome, Task
from connectors.memory import Memory
from rules.calendar import DAYS_PER_WEEK, week_of
from rules.records import StageKind
from rules.rulebook import Rulebook, compile_rulebook
from rules.thresholds import Thresholds
from rules.time import Instant, day_of
from service import cycle, freeze, owe, provision
from service.app import App, read_playbook
from service.cycle_report import CycleReport
from service.push import Push
from service.push_report import PushReport
from service.settings import SHIPPED_PLAYBOOK, Settings
from service.store import ledger, rulebooks, runs
from service.store.engine import Store
from service.store.tables import metadata

VENDOR = "hubspot"
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
# Monday 29 June 2026, 7:00 in Toronto: the hour of the weekly look.
LOOK: Instant = 1_782_730_800_000
# What is written on each account: niveau, priorité … suivi.
FIELDS = 7


def only_opportunities(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files of the shipped playbook, of whose alerts the opportunities alone are left.

    No review of a plan is agreed on: it would have a task of its own.
    """
    text = files["alerts.yaml"].decode()
    facts, watched = text.index("facts:\n"), text.index("deviations:\n")
    kept = text[:facts] + text[watched : text.index("  conversion:\n")]
    plans = {
        name: re.sub(rb"(?m)^review: .*\n", b"", content)
        for name, content in files.items()
        if name.startswith("plans/")
    }
    return {**files, **plans, "alerts.yaml": kept.encode()}


@cache
def shipped() -> Rulebook:
    """The shipped playbook, of its alerts the opportunities only, compiled once for all tests."""
    return compile_rulebook(only_opportunities(read_playbook(SHIPPED_PLAYBOOK)))


@cache
def without_alerts() -> Rulebook:
    """The shipped playbook without any alert, compiled once for all tests."""
    files = read_playbook(SHIPPED_PLAYBOOK)
    files["alerts.yaml"] = b"start: 2026-01-05\ndeviations: {}\n"
    return compile_rulebook(files)


class Died(BaseException):
    """What a killed process looks like from inside: nothing after it is done."""


class Crm(Memory):
    """A CRM that can also keep silent on a record, or die around the creation of a task."""

    def __init__(self, office: "Office", vendor: str = VENDOR) -> None:
        super().__init__(clock=lambda: office.now)
        self.vendor = vendor
        self.identity = replace(self.identity, vendor=vendor)
        self.silent: set[str] = set()
        self.dies_before_task = False
        self.dies_after_task = False
        for bound in rulebooks.bindings_of(shipped())[vendor]:
            name = bound.crm_field
            self.declare_field(bound.kind, CrmField(name=name, label=name, type="string"))

    def update(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """The outcomes, without those of silent records."""
        outcomes = super().update(changes)
        return [each for each in outcomes if each.external_id not in self.silent]

    def create_task(self, task: Task) -> Outcome:
        """Create it, unless this is where we die."""
        if self.dies_before_task:
            raise Died
        outcome = super().create_task(task)
        if self.dies_after_task:
            raise Died
        return outcome


class Office:
    """A store where the shipped playbook is in force, a CRM with Élise in it, and a clock."""

    def __init__(self, store: Store) -> None:
        self.now: Instant = LOOK
        self.crm = Crm(self)
        self.app = self.settled(store, Settings(database_url="sqlite://"))
        with store.write() as connection:
            rulebooks.publish(
                connection,
                shipped(),
                author="ops",
                reason="",
                now=self.now,
            )
            before = week_of(day_of(self.now, shipped().team.zone) - DAYS_PER_WEEK).key
            ledger.enter(
                connection,
                freeze.JOB,
                scope=ledger.WORKSPACE,
                period=before,
                run_id=0,
                now=self.now,
            )
        self.furnish(self.crm)

    def settled(self, store: Store, settings: Settings) -> App:
        """An installation on this clock."""
        return App(settings, store, lambda: self.now)

    def furnish(self, crm: Crm) -> None:
        """Our fields, Élise and Marc, and three stages."""
        provision.run(crm, self.app.published().rulebook, dry_run=False)
        crm.put_owner("501", name="Élise Gagnon", email="elise@arpent.example")
        crm.put_owner("502", name="Marc Lavoie", email="marc@arpent.example")
        crm.put_stage("open", kind=StageKind.OPEN)
        crm.put_stage("won", kind=StageKind.WON, position=1)
        crm.put_stage("lost", kind=StageKind.LOST, position=2)

    def put_accounts(self, *names: str, owner: str = "501", potential: str = "600000") -> None:
        """Prospects of a high potential, never contacted: silver."""
        for name in names:
            self.crm.put_account(
                name,
                name=name,
                owner_id=owner,
                created_at=LOOK - 300 * DAY,
                fields={"lifecyclestage": "lead", "potentiel_annuel": potential},
            )

    def cycle(self, *crms: Connector, app: App | None = None, **options: Any) -> CycleReport:
        """One cycle, a minute later than what came before."""
        self.now += MINUTE
        connectors = {crm.vendor: crm for crm in crms or (self.crm,)}
        return cycle.run(app or self.app, connectors, **options)

    def decide(self) -> None:
        """A cycle that writes nothing to the CRM; what is owed is in the outbox."""
        reading = Settings(database_url="sqlite://", read_only=True)
        self.cycle(app=self.settled(self.app.store, reading))
        owe.run(self.app.store, self.app.published().rulebook, self.connection_id)

    @property
    def connection_id(self) -> int:
        """The CRM in the store."""
        return self.app.connection(VENDOR).id

    def push(self, *, thresholds: Thresholds | None = None, **options: Any) -> PushReport:
        """A push of its own, as a recorded run."""
        return self.pusher(thresholds).run(self.begin("push"), **options)

    def begin(self, command: str) -> int:
        """A recorded run that starts."""
        with self.app.store.write() as connection:
            return runs.begin_run(connection, command, self.now)

    def pusher(self, thresholds: Thresholds | None = None, **options: Any) -> Push:
        """What pushes into the CRM; `options` are those of `Push`."""
        return Push(
            self.app.store, self.crm, self.app.published().rulebook, self.connection_id,
            self.app.clock, thresholds=thresholds, **options,
        )  # fmt: skip

    def rows(self, table: str) -> list[Row[Any]]:
        """A table of the store."""
        chosen = metadata.tables[table]
        with self.app.store.read() as connection:
            return list(connection.execute(select(chosen).order_by(*chosen.primary_key)))

    def debts(self, account: str) -> list[Row[Any]]:
        """The rows of the outbox of an account."""
        (key,) = [row.id for row in self.rows("account") if row.external_id == account]
        return [row for row in self.rows("outbox") if row.account_id == key]

    def publish_without_alerts(self) -> None:
        """The ops take every rule out of alerts.yaml."""
        with self.app.store.write() as connection:
            rulebooks.publish(connection, without_alerts(), author="ops", reason="", now=self.now)

    def set_alert(self, **values: Any) -> None:
        """Change the one alert of the store."""
        with self.app.store.write() as connection:
            connection.execute(update(metadata.tables["alert"]).values(values))
