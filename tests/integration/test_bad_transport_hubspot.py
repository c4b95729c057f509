"""Whatever goes wrong on the way loses nothing: cycles against a portal that fails in every way.

A fault hits reads, writes and tasks once, then everything for as long as it lasts; then it is
over. In the end the mirror equals the CRM, what was owed is written, and no task is there twice.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.base import Access, Grant, Rotation
from connectors.hubspot.connector import HubSpot
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import HubSpotSandbox
from tests.integration.bad_transport import TROUBLES, Trouble, endure
from tests.integration.line import LOOK, SECONDS, Line, lines_of
from tests.integration.patience import Patience

PLACES = (
    {"method": "POST", "path": "/companies/search$"},
    {"method": "POST", "path": "/companies/batch/read$"},
    {"method": "POST", "path": "/companies/batch/update$"},
    {"method": "POST", "path": "/tasks$"},
)
PROPERTIES = {
    "companies": ("potentiel_annuel", "cycle_de_vente"),
    "deals": ("source", "product"),
}


class HubSpotLine(Line):
    """A portal and its line."""

    vendor = "hubspot"
    secret = "pat-na1"  # noqa: S105 - how they begin

    def __init__(self, portal: HubSpotSandbox, file: Path) -> None:
        self.emulated = self.portal = portal
        super().__init__(file)
        self.accounts = put_accounts(portal)
        self.crm: HubSpot = HubSpot(
            SecretStr(portal.token),
            base_url=portal.url,
            clock=Patience(portal).clock,
            read_seconds=SECONDS,
            write_seconds=SECONDS,
        )

    def edit(self, key: str, *, name: str, potential: str) -> None:
        values = {"name": name, "potentiel_annuel": potential}
        self.portal.act("edit", objectType="companies", id=key, properties=values)

    def open_a_deal(self, name: str) -> None:
        deal = {"dealname": name, "dealstage": "appointmentscheduled", "pipeline": "default"}
        self.portal.act("create", objectType="deals", properties=deal)

    def deals(self) -> set[str]:
        return {*map(str, self.portal.portal.state.tables["deals"].live)}

    def seen(self, key: str) -> Mapping[str, str]:
        values = self.portal.values_of("companies", key)
        ours = {name.removeprefix("arpent_"): value for name, value in values.items()}
        return ours | {"potential": values["potentiel_annuel"]}

    def task_bodies(self) -> list[str]:
        tasks = self.portal.portal.state.tables["tasks"].records.values()
        return [task.values["hs_task_body"] for task in tasks]


def open_portal() -> Iterator[HubSpotSandbox]:
    """A portal with Élise and the properties of the playbook."""
    with HubSpotSandbox(now=LOOK - timedelta(days=300)) as portal:
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


@pytest.fixture(scope="module")
def settled(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HubSpotLine]:
    file = tmp_path_factory.mktemp("line") / "arpent.sqlite3"
    shutil.copy(sqlite_template, file)
    for portal in open_portal():
        line = HubSpotLine(portal, file)
        line.begin()
        yield line
        line.close()


@pytest.fixture
def line(settled: HubSpotLine) -> Iterator[Line]:
    yield from lines_of(settled)


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_nothing_is_lost_on_the_way(
    line: HubSpotLine, trouble: Trouble, capsys: pytest.CaptureFixture[str]
) -> None:
    endure(line, trouble, PLACES, "")
    written = "".join(capsys.readouterr())
    assert line.portal.token not in written
    assert "Traceback" not in written


NEXT_KEY = "pat-na1-the-key-that-follows"
CLIENT, SECRET, REFRESH = "an-app", "its-secret", "its-refresh-token"


def opened(line: HubSpotLine, access: Access) -> HubSpot:
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
    line: HubSpotLine, access_of: Callable[[HubSpotSandbox], Access], place: JsonObject
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


def test_what_was_read_before_the_key_was_refused_is_kept(line: HubSpotLine) -> None:
    line.work()
    line.fail({"match": {"path": "/(deals|calls)/search$"}, "fault": {"expired": True}})

    (said,) = line.cycle().values()

    line.assert_told(said, "401")
    names = {row.external_id: row.name for row in line.rows("account")}
    assert names == {key: line.seen(key)["name"] for key in line.accounts}
    line.recover()
