"""Whatever goes wrong on the way loses nothing: cycles against a portal that fails in every way.

A fault hits reads, writes and tasks once, then everything for as long as it lasts; then it is
over. In the end the mirror equals the CRM, what was owed is written, and no task is there twice.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Row, select, update

from connectors.base import Access, Grant, Rotation
from connectors.hubspot.connector import HubSpot
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import HubSpotSandbox
from rules.language import Text
from rules.owned import Owned
from rules.time import instant_of
from service import cycle, provision
from service.app import App, open_app
from service.settings import SHIPPED_PLAYBOOK, Settings
from service.store import rulebooks, tasks
from service.store.tables import alert, metadata
from tests.integration.bad_transport import TROUBLES, Trouble
from tests.integration.patience import Patience

VENDOR = "hubspot"
# Monday 29 June 2026, 7:00 in Toronto: the hour of the review, which wants a task.
REVIEW = datetime(2026, 6, 29, 11, tzinfo=UTC)
A_WHILE = timedelta(minutes=40)
# Longer than any CRM is left alone.
A_DAY = timedelta(hours=25)
# HubSpot is given so long for an answer, in seconds: the machine is a busy one.
SECONDS = 0.4
OBJECTS = "/crm/objects/2026-09"
PLACES = (
    {"method": "POST", "path": "/companies/search$"},
    {"method": "POST", "path": "/companies/batch/read$"},
    {"method": "POST", "path": "/companies/batch/update$"},
    {"method": "POST", "path": "/tasks$"},
)
# Potentials of a prospect who was never contacted, and the tier that each gives.
TIERS = {"600000": "silver", "50000": "bronze"}
PROPERTIES = {
    "companies": ("potentiel_annuel", "cycle_de_vente"),
    "deals": ("source", "product"),
}


@dataclass(slots=True)
class Line:
    """A portal, an installation, and the line between them."""

    portal: HubSpotSandbox
    app: App
    crm: HubSpot
    accounts: list[str]
    tasks: int = 1
    changes: Iterator[int] = field(default_factory=lambda: count(1))

    def fail(self, *faults: JsonObject) -> None:
        self.portal.set_faults(*faults)

    def cycle(self) -> Mapping[str, Text]:
        """A cycle, once HubSpot may be asked again; returns what was said of failures."""
        (crm,) = self.rows("connection")
        is_parked = (crm.not_before_at or 0) > self.app.clock()
        self.portal.clock.advance(A_DAY if is_parked else A_WHILE)
        return cycle.run(self.app, {VENDOR: self.crm}).failures

    def recover(self) -> None:
        """The trouble is over: nothing is left of it. What was refused is sent again by hand."""
        self.fail()
        with self.app.store.write() as connection:
            tasks.retry_rejected(connection, self.app.connection(VENDOR).id)
        assert self.cycle() == {}
        self.check()

    def work(self) -> None:
        """People work: a rename, other potentials, a new deal; and an alert that wants a task."""
        number = next(self.changes)
        potential = list(TIERS)[number % 2]
        for key in self.accounts:
            self._edit(key, name=f"Compte {key} {number}", potentiel_annuel=potential)
        deal = {"dealname": f"Affaire {number}", "dealstage": "appointmentscheduled"}
        self.portal.act("create", objectType="deals", properties=deal | {"pipeline": "default"})
        with self.app.store.write() as connection:
            wanted = {"key": f"ESSAI{number:011}", "task_state": "owed", "task_id": None}
            is_done = alert.c.task_state == "created"
            self.tasks += connection.execute(update(alert).where(is_done).values(wanted)).rowcount

    def _edit(self, key: str, **values: str) -> None:
        self.portal.act("edit", objectType="companies", id=key, properties=values)

    def rows(self, table: str) -> list[Row[Any]]:
        with self.app.store.read() as connection:
            return list(connection.execute(select(metadata.tables[table])))

    def check(self) -> None:
        """The mirror equals the CRM, what is owed is there, and each task once."""
        accounts = self.rows("account")
        assert {row.external_id: (row.name, row.archived_at) for row in accounts} == {
            key: (self.values(key)["name"], None) for key in self.accounts
        }
        deals = self.portal.portal.state.tables["deals"].live
        assert {row.external_id for row in self.rows("opportunity")} == {*map(str, deals)}
        names = {row.id: row.external_id for row in accounts}
        tags = {names[row.account_id]: row.tier for row in self.rows("tag")}
        assert tags == {key: TIERS[self.values(key)["potentiel_annuel"]] for key in self.accounts}
        for debt in self.rows("outbox"):
            assert debt.state == "settled", debt
            there = self.values(names[debt.account_id]).get(f"arpent_{debt.field}", "")
            assert there == (debt.desired or ""), debt
        for key in self.accounts:
            assert self.values(key)[f"arpent_{Owned.TIER}"] == tags[key]
        assert self.marks() == dict.fromkeys(self.marks(), 1)
        assert len(self.marks()) == self.tasks
        assert self.rows("quarantine") == []

    def values(self, key: str) -> Mapping[str, str]:
        return self.portal.values_of("companies", key)

    def marks(self) -> Counter[str]:
        """How often each task is in the CRM, by its mark."""
        tasks = self.portal.portal.state.tables["tasks"].records.values()
        return Counter(task.values["hs_task_body"].rpartition("[Arpent ")[2] for task in tasks)


def open_portal() -> Iterator[HubSpotSandbox]:
    """A portal with Élise and four prospects of hers."""
    with HubSpotSandbox(now=REVIEW - timedelta(days=300)) as portal:
        portal.act(
            "create_owner", firstName="Élise", lastName="Gagnon", email="elise@arpent.example"
        )
        for objects, names in PROPERTIES.items():
            for name in names:
                group = "companyinformation" if objects == "companies" else "dealinformation"
                body = {"name": name, "label": name, "type": "string", "fieldType": "text"}
                path = f"/crm/properties/2026-09/{objects}"
                status, answer = portal.call("POST", path, body | {"groupName": group})
                assert status == 201, answer
        yield portal


def put_accounts(portal: HubSpotSandbox) -> list[str]:
    (owner,) = portal.portal.state.owners
    values = {
        "lifecyclestage": "lead",
        "potentiel_annuel": "600000",
        "hubspot_owner_id": owner,
    }
    return [
        str(
            portal.act(
                "create", objectType="companies", properties=values | {"name": f"Compte {number}"}
            )["id"]
        )
        for number in range(4)
    ]


def settle(portal: HubSpotSandbox, file: Path, access: Access | None = None) -> Line:
    accounts = put_accounts(portal)
    portal.clock.set(REVIEW - A_WHILE)
    settings = Settings(
        database_url=f"sqlite:///{file}", playbook=SHIPPED_PLAYBOOK, hubspot_url=portal.url
    )
    app = open_app(settings, lambda: instant_of(portal.clock.now()))
    with app.store.write() as connection:
        rulebooks.publish(connection, app.compile(), author="ops", reason="", now=app.clock())
    crm = HubSpot(
        access or SecretStr(portal.token),
        base_url=portal.url,
        clock=Patience(portal).clock,
        read_seconds=SECONDS,
        write_seconds=SECONDS,
    )
    provision.run(crm, app.published().rulebook, dry_run=False)
    line = Line(portal, app, crm, accounts)
    portal.clock.advance(A_WHILE)
    assert cycle.run(app, {VENDOR: crm}).failures == {}
    line.check()
    return line


@pytest.fixture(scope="module")
def settled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    file = tmp_path_factory.mktemp("line") / "arpent.sqlite3"
    shutil.copy(sqlite_template, file)
    for portal in open_portal():
        line = settle(portal, file)
        yield line
        line.crm.close()
        line.app.store.close()


@pytest.fixture
def line(settled: Line) -> Iterator[Line]:
    settled.tasks = len(settled.marks())
    yield settled
    settled.fail()


def assert_told(said: Text, *words: str) -> None:
    """A sentence in each language: what, where, what next; never a key, nor how we are made."""
    assert said.fr != said.en
    for spoken in said:
        assert "hubspot" in spoken.lower() or "127.0.0.1" in spoken or "CRM" in spoken
        assert "pat-na1" not in spoken
        assert "Traceback" not in spoken
        assert "object at 0x" not in spoken
        assert not [word for word in words if word not in spoken], spoken
    nexts = ("réessaiera", "reprend", "Vérifiez", "vérifiez", "Créez", "Ajoutez", "copiez")
    assert any(each in said.fr for each in nexts), said.fr


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_nothing_is_lost_on_the_way(
    line: Line, trouble: Trouble, capsys: pytest.CaptureFixture[str]
) -> None:
    line.work()
    line.fail(*[{"match": place, "nth": 1, "times": 1, "fault": trouble.fault} for place in PLACES])
    for _ in PLACES:
        failures = line.cycle()
        for said in failures.values():
            assert_told(said, *trouble.words)
        if not failures:
            break
    assert line.portal.faults.fired >= 3
    if trouble.lasts:
        line.work()
        line.fail({"fault": trouble.fault})
        failures = line.cycle()
        assert (failures == {}) is trouble.is_harmless
        for said in failures.values():
            assert_told(said, *trouble.words)
    line.recover()
    written = "".join(capsys.readouterr())
    assert line.portal.token not in written
    assert "Traceback" not in written


NEXT_KEY = "pat-na1-the-key-that-follows"
CLIENT, SECRET, REFRESH = "an-app", "its-secret", "its-refresh-token"


def opened(line: Line, access: Access) -> HubSpot:
    return HubSpot(access, base_url=line.portal.url, clock=Patience(line.portal).clock)


def granted(portal: HubSpotSandbox) -> Grant:
    """An OAuth application, whose token lives for half an hour."""
    portal.add_oauth_app(CLIENT, SECRET, REFRESH)
    return Grant(
        client_id=CLIENT,
        client_secret=SecretStr(SECRET),
        refresh_token=lambda: SecretStr(REFRESH),
        keep=lambda _: True,
    )


def rotating(portal: HubSpotSandbox) -> Rotation:
    """Two keys, of which the first is about to be refused."""
    portal.add_token(NEXT_KEY)
    return Rotation(current=SecretStr(portal.token), following=SecretStr(NEXT_KEY))


@pytest.mark.parametrize("place", [PLACES[0], PLACES[2]], ids=["read", "write"])
@pytest.mark.parametrize("access_of", [rotating, granted], ids=["a second key", "OAuth"])
def test_a_credential_that_is_refused_half_way_is_replaced(
    line: Line, access_of: Callable[[HubSpotSandbox], Access], place: JsonObject
) -> None:
    usual, line.crm = line.crm, opened(line, access_of(line.portal))
    try:
        line.work()
        line.fail({"match": place, "nth": 1, "times": 1, "fault": {"expired": True}})
        assert line.cycle() == {}
        assert line.portal.faults.fired == 1
        line.recover()
    finally:
        line.crm.close()
        line.crm = usual


def test_what_was_read_before_the_key_was_refused_is_kept(line: Line) -> None:
    line.work()
    line.fail({"match": {"path": "/(deals|calls)/search$"}, "fault": {"expired": True}})

    (said,) = line.cycle().values()

    assert_told(said, "401")
    names = {row.external_id: row.name for row in line.rows("account")}
    assert names == {key: line.values(key)["name"] for key in line.accounts}
    line.recover()
