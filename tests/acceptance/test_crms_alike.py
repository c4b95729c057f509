"""The worked case in each CRM, alone and side by side in one store: the same, field for field."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connectors.base import Connector
from connectors.sandbox.registry import DEFAULT, EMULATED
from rules.kpi.kpis import KpiName
from rules.owned import Owned
from rules.rulebook import compile_rulebook
from rules.time import instant_of
from service import cycle, measure, provision, rehearsal, status
from service.app import App, open_app, read_playbook
from service.measure import MeasureRow
from service.settings import SHIPPED_PLAYBOOK, Settings
from service.store import rulebooks, schema
from service.store.engine import open_store
from service.store.tables import metadata

OTHERS = [crm for crm in EMULATED if crm != DEFAULT]
TAG = (
    *("is_in_scope", "tier", "tier_row", "priority", "segment", "quadrant", "contact_status"),
    *("next_contact_on", "why", "recheck_on"),
)
TASK = ("rule", "subject", "episode", "state", "subject_line", "body", "task_state")
WRITTEN = [owned.value for owned in (Owned.TIER, Owned.PRIORITY, Owned.NEXT_CONTACT, Owned.WHY)]

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Seen:
    """What two cycles over some CRMs left.

    `tags` and `written` (what the CRM itself holds) are by CRM, then by the account's name.
    """

    tags: Mapping[str, Mapping[str, Values]]
    written: Mapping[str, Mapping[tuple[str, str], str | None]]
    tasks: Sequence[tuple[Values, str]]
    measured: Sequence[MeasureRow]
    told: status.Status

    def of(self, kpi: KpiName, rep: str = "elise") -> MeasureRow:
        """The one line of a person for a KPI."""
        (found,) = [row for row in self.measured if (row.rep, row.kpi) == (rep, kpi)]
        return found


def seen(crms: Sequence[str], folder: Path, rate: str = "12 per month") -> Seen:
    """One cycle over these CRMs in one store, and another, which must have nothing to write.

    `rate` is how many opportunities Élise's plan asks for.
    """
    with ExitStack() as stack:
        app, connectors = _installed(stack, crms, folder, rate)
        first, second = (cycle.run(app, connectors) for _ in range(2))
        assert (first.failures, second.failures) == ({}, {})
        assert {crm: pushed.calls for crm, pushed in second.pushed.items()} == dict.fromkeys(
            crms, 0
        )
        accounts = {row["id"]: row for row in _rows(app, "account")}
        tags = {row["account_id"]: row for row in _rows(app, "tag")}
        ids = {crm: app.connection(crm).id for crm in crms}
        its = {
            crm: [row for row in accounts.values() if row["connection_id"] == ids[crm]]
            for crm in crms
        }
        # She has a user in each CRM, and is one person by her e-mail.
        users = [row["rep_key"] for row in _rows(app, "owner")]
        assert users.count("elise") == len(crms)
        return Seen(
            tags={
                crm: {
                    row["name"]: {name: tags[row["id"]][name] for name in TAG} for row in its[crm]
                }
                for crm in crms
            },
            written={crm: _written(connectors[crm], its[crm]) for crm in crms},
            tasks=[
                ({name: row[name] for name in TASK}, accounts[row["account_id"]]["name"])
                for row in _rows(app, "alert")
                if row["channel"] == "task"
            ],
            measured=first.measured.rows,
            told=status.run(app),
        )


def _installed(
    stack: ExitStack, crms: Sequence[str], folder: Path, rate: str
) -> tuple[App, dict[str, Connector]]:
    database = f"sqlite:///{folder / 'arpent.sqlite3'}"
    store = open_store(database)
    schema.upgrade(store)
    store.close()
    files = read_playbook(SHIPPED_PLAYBOOK)
    assert b"12 per month" in files["plans/elise.yaml"]
    files["plans/elise.yaml"] = files["plans/elise.yaml"].replace(b"12 per month", rate.encode())
    portals = [
        stack.enter_context(rehearsal.open_sandbox(rehearsal.ELISE, crm=crm)) for crm in crms
    ]
    given: dict[str, Any] = {}
    for portal in portals:
        given |= portal.settings
    app = open_app(
        Settings(database_url=database, **given), lambda: instant_of(portals[0].clock.now())
    )
    stack.callback(app.store.close)
    book = compile_rulebook(files)
    with app.store.write() as connection:
        rulebooks.publish(connection, book, author="ops", reason="essai", now=app.clock())
    assert sorted(app.vendors()) == sorted(crms)
    connectors = {crm: stack.enter_context(app.connector(crm)) for crm in app.vendors()}
    for connector in connectors.values():
        provision.run(connector, book, dry_run=False)
    return app, connectors


def _rows(app: App, table: str) -> list[dict[str, Any]]:
    with app.store.read() as connection:
        found = connection.execute(select(metadata.tables[table]))
        return [dict(row) for row in found.mappings()]


def _written(
    connector: Connector, accounts: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], str | None]:
    names = {row["external_id"]: row["name"] for row in accounts}
    edits = connector.edits(list(names), WRITTEN)
    return {(names[edit.external_id], edit.field): edit.value for edit in edits}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """The case in the first CRM, alone."""
    return seen([DEFAULT], tmp_path_factory.mktemp("first"))


@pytest.mark.parametrize("crm", OTHERS)
def test_the_case_is_the_same_in_every_crm(first: Seen, tmp_path: Path, crm: str) -> None:
    other = seen([crm], tmp_path)

    assert other.tags[crm] == first.tags[DEFAULT]
    assert other.written[crm] == first.written[DEFAULT]
    # 115 accounts in the plan's scope, of 118, and four values of each.
    values = [value for value in other.written[crm].values() if value is not None]
    assert (len(other.tags[crm]), len(values)) == (118, 4 * 115)
    assert other.measured == first.measured
    assert other.tasks == first.tasks
    assert [task["subject_line"] for task, _ in other.tasks] == [
        "Opportunités ouvertes en 13 semaines : 17, pour 36 attendues"
    ]
    assert other.told.tiers == first.told.tiers == {"gold": 12, "silver": 28, "bronze": 75}


def test_a_person_of_several_crms_is_counted_once_with_the_accounts_of_all(
    first: Seen, tmp_path: Path
) -> None:
    crms, times = list(EMULATED), len(EMULATED)

    both = seen(crms, tmp_path, rate=f"{12 * times} per month")

    for crm in crms:
        assert both.tags[crm] == first.tags[DEFAULT]
        assert both.written[crm] == first.written[DEFAULT]
    # One line for each person and KPI: counts and sums of all CRMs, rates over all of them.
    persons = [(row.rep, row.kpi) for row in first.measured]
    assert [(row.rep, row.kpi) for row in both.measured] == persons
    for kpi in measure.OF_THE_MONTH:
        alone, together = first.of(kpi), both.of(kpi)
        assert together.numerator == (alone.numerator or 0) * times
        if alone.denominator is not None and kpi is not KpiName.ACTIVE_PIPELINE:
            assert together.value == alone.value
        else:
            assert together.value == (alone.value or 0) * times
    assert both.told.tiers == {tier: count * times for tier, count in first.told.tiers.items()}
    assert both.told.open_alerts == 1
    assert [crm.vendor for crm in both.told.crms] == crms
    # One deviation of one person: one task, in one of the CRMs.
    (task, account), (alone_task, its_account) = both.tasks[0], first.tasks[0]
    assert len(both.tasks) == 1
    assert task["subject_line"] == (
        f"Opportunités ouvertes en 13 semaines : {17 * times}, pour {36 * times} attendues"
    )
    assert (task["task_state"], account) == (alone_task["task_state"], its_account)
