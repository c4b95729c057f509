"""A territory in a busy CRM, with an installation beside it: whole cycles, on the CRM's clock."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Row, select

from connectors.base import Binding
from rules.rulebook import Rulebook, compile_rulebook
from service import cycle, provision
from service.app import App
from service.cycle_report import CycleReport
from service.push_report import PushReport
from service.settings import Settings
from service.store import rulebooks
from service.store.engine import Store
from service.store.tables import metadata
from tests.contract.busy import BusyCrm
from tests.playbooks import small

MARC = "marc@example.org"
TEAM = f"""\
zone: America/Toronto
currency: CAD
language: fr
reps:
  elise: {{name: Élise Gagnon, email: elise@example.org, manager: marc}}
  marc: {{name: Marc Lavoie, email: {MARC}}}
"""
SEGMENTS = """\
scope:
  when: owner is not null
tier:
  values: {gold: [Or, Gold], silver: [Argent, Silver]}
  table:
    - {potential: "> 500k", then: gold, why: ["« potentiel élevé » 🍁", "high potential"]}
    - {else: silver, why: [à bâtir, to be built]}
"""
PRIORITY = """\
priority:
  values: {p1: [1 – Cette semaine, 1 – This week], p2: [2 – Ce mois-ci, 2 – This month]}
  table:
    - {tier: gold, then: p1}
    - {else: p2}
"""
KPIS = "opportunities_opened: {label: [Ouvertes, Opened], minimum: 1}\n"
ALERTS = """\
start: 2026-01-05
deviations:
  opened:
    kpi: opportunities_opened
    windows: [4 w, 8 w, 13 w]
    subject: ["Écart : {value}, pour {expected} 🍁", "{value} of {expected}"]
    body: ["Entre {low} et {high} ; il en manque {missing}. {accounts}.", "{missing}: {accounts}."]
"""
PLAN = """\
owner: elise
period: 2026
currency: CAD
objective: 1 200 000
targets: {opportunities_opened: 12 per month}
"""
FIELDS = """\
account:
{bound}
write:
  group: [Plan de territoire, Territory plan]
  optional: [imposed_tier, imposed_until]
"""


def playbook(crm: BusyCrm, *, alerts: bool = False, priorities: bool = True) -> Rulebook:
    """Two reps, two fields, two tiers; with `alerts`, a plan that Élise is far behind.

    Without `priorities`, no rule gives any.
    """
    bound = "\n".join(_bound(crm.vendor, each) for each in (crm.potential, crm.sector))
    segments = SEGMENTS + PRIORITY if priorities else SEGMENTS
    return _compiled(FIELDS.format(bound=bound), segments, alerts=alerts)


@cache
def _compiled(fields: str, segments: str, *, alerts: bool) -> Rulebook:
    files = small(
        team=TEAM,
        fields=fields,
        segments=segments,
        kpis=KPIS,
        alerts=ALERTS if alerts else "start: 2026-01-05",
    )
    return compile_rulebook({**files, "plans/elise.yaml": PLAN} if alerts else files)


def _bound(vendor: str, binding: Binding) -> str:
    values = "".join(f"{ours}: {theirs}, " for theirs, ours in binding.values.items())
    choices = f", values: {{{values.rstrip(', ')}}}" if values else ""
    return f"  {binding.name}: {{type: {binding.type}, {vendor}: {binding.crm_field}{choices}}}"


class Territory:
    """A store where the playbook is in force, and its fields are in the CRM."""

    def __init__(self, crm: BusyCrm, store: Store, *, book: Rulebook | None = None) -> None:
        self.crm = crm
        self.marc = crm.put_owner("Marc", "Lavoie", MARC)
        self.app = App(Settings(database_url="sqlite://"), store, crm.now)
        self.publish(book or playbook(crm))
        self.provisioned = provision.run(
            crm.connector, self.app.published().rulebook, dry_run=False
        )

    def publish(self, book: Rulebook) -> None:
        """Put other rules in force."""
        with self.app.store.write() as connection:
            rulebooks.publish(connection, book, author="ops", reason="", now=self.crm.now())

    def attempt(self, **options: Any) -> CycleReport:
        """One cycle, once what people did can be found."""
        self.crm.catch_up()
        return cycle.run(self.app, {self.crm.vendor: self.crm.connector}, **options)

    def cycle(self, **options: Any) -> PushReport:
        """One cycle without a failure; what it pushed."""
        report = self.attempt(**options)
        assert report.failures == {}
        return report.pushed[self.crm.vendor]

    def later(self, **options: Any) -> PushReport:
        """A cycle after a while, when what is archived is read again."""
        self.crm.settle()
        return self.cycle(**options)

    def rows(self, table: str) -> list[Row[Any]]:
        """A table of the store."""
        chosen = metadata.tables[table]
        with self.app.store.read() as connection:
            return list(connection.execute(select(chosen).order_by(*chosen.primary_key)))

    def account(self, key: str) -> Row[Any]:
        """An account of the store."""
        (row,) = [row for row in self.rows("account") if row.external_id == key]
        return row

    def debts(self, key: str) -> Mapping[str, Row[Any]]:
        """What is owed to an account, and what it got, by field."""
        account_id = self.account(key).id
        return {row.field: row for row in self.rows("outbox") if row.account_id == account_id}

    def tiers(self) -> dict[str, str]:
        """The tiers in the store, of accounts in scope that are there."""
        names = {row.id: row.external_id for row in self.rows("account") if not row.archived_at}
        return {
            names[row.account_id]: row.tier
            for row in self.rows("tag")
            if row.is_in_scope and row.account_id in names
        }

    def put_accounts(self, *potentials: str) -> list[str]:
        """Accounts of Élise's, each with a sector."""
        return self.crm.put_accounts(
            [
                {"name": f"Scierie n° {place}", "potentiel": potential, "secteur": "FAB"}
                for place, potential in enumerate(potentials)
            ]
        )
