"""Processes that share an OAuth grant: one refresh for all, and what a death in the middle costs.

Every process is a real one (`refreshing.py`); the emulated CRM counts the refreshes.
"""

import json
import os
import stat
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.base import Connector, Fatal, Pass, Retriable
from connectors.hubspot.connector import HubSpot
from connectors.pace import Clock
from connectors.registry import open_connector
from connectors.salesforce.connector import Salesforce
from connectors.sandbox.emulated import Emulated
from connectors.sandbox.hubspot import HubSpotSandbox
from connectors.sandbox.salesforce import SANDBOX_USERNAME, SalesforceSandbox
from connectors.sandbox.zoho import ZohoSandbox
from connectors.zoho.connector import Zoho
from rules.records import Kind
from service import access
from service.settings import Settings, load_settings
from service.shelf import FileShelf
from tests.contract.refreshing import DEAD, THREADS
from tests.unit.test_pace import Time

ROOT = Path(__file__).parents[2]
PROCESSES = 4
CLIENT, SECRET, REFRESH = "an-app", "its-secret", "its-refresh-token"
NEW = "of-the-new-installation"

Start = Callable[[str], subprocess.Popen[str]]


class Granting(ABC):
    """An emulated CRM with an application that was granted access, and how it is opened."""

    vendor: str
    # What is said once the grant is over, in part.
    is_over: str
    emulated: Emulated
    account_id: str

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings of the grant, but for the file."""
        given = {
            "url": self.emulated.url,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "refresh_token": REFRESH,
        }
        return {f"{self.vendor}_{name}": value for name, value in given.items()}

    @property
    @abstractmethod
    def granted(self) -> int:
        """How many refreshes succeeded."""

    @abstractmethod
    def rotate(self) -> None:
        """From now on a refresh token is good once."""

    @abstractmethod
    def reinstall(self) -> None:
        """The application is installed anew: `NEW` is its one refresh token."""

    @property
    def refused(self) -> int:
        """How many refreshes failed."""
        asked: Mapping[str, int] = self.emulated.statistics()["requests"]
        return sum(count for name, count in asked.items() if "/oauth" in name) - self.granted

    @property
    def refreshes(self) -> tuple[int, int]:
        return self.granted, self.refused


class HubSpotGrant(Granting):
    vendor = "hubspot"
    is_over = "Install it in the account again"

    def __init__(self, emulated: HubSpotSandbox) -> None:
        self.emulated = self._portal = emulated
        self.account_id = str(emulated.portal.account.portal_id)
        emulated.add_oauth_app(CLIENT, SECRET, REFRESH)
        emulated.switches.change({"oauth_ten_second_limit": 1_000})

    @property
    def granted(self) -> int:
        return self._portal.portal.refreshes["granted"]

    @property
    def refused(self) -> int:
        return self._portal.portal.refreshes["refused"]

    def rotate(self) -> None:
        self._portal.switches.change({"oauth_rotates_refresh_token": True})

    def reinstall(self) -> None:
        self._portal.portal.keyring.clients[CLIENT].refresh_tokens = {NEW}


class SalesforceGrant(Granting):
    vendor = "salesforce"
    is_over = "authorise the user"

    def __init__(self, emulated: SalesforceSandbox) -> None:
        self.emulated = self._org = emulated
        self.account_id = emulated.org_id
        emulated.add_app(CLIENT, SECRET, refresh_token=REFRESH)

    @property
    def granted(self) -> int:
        return self._org.gateway.sessions.logins

    def rotate(self) -> None:
        self._org.switches.change({"rotates_refresh_token": True})

    def reinstall(self) -> None:
        user = self._org.user_id(SANDBOX_USERNAME)
        self._org.gateway.sessions.apps[CLIENT].refresh_tokens = {NEW: user}


class ZohoGrant(Granting):
    vendor = "zoho"
    is_over = "make a new code"

    def __init__(self, emulated: ZohoSandbox) -> None:
        self.emulated = self._org = emulated
        self.account_id = emulated.org_id
        emulated.add_client(CLIENT, SECRET)
        emulated.add_refresh_token(REFRESH, client_id=CLIENT)

    @property
    def granted(self) -> int:
        return self._org.gateway.accounts.tokens_made

    def rotate(self) -> None:
        self._org.switches.change({"rotates_refresh_token": True})

    def reinstall(self) -> None:
        del self._org.gateway.accounts.grants[REFRESH]
        self._org.add_refresh_token(NEW, client_id=CLIENT)


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file of the refresh token, of which nothing is there yet; no other setting is found."""
    for name in os.environ:
        if name.startswith("ARPENT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "refresh"


@pytest.fixture(params=["hubspot", "salesforce", "zoho"])
def crm(request: pytest.FixtureRequest) -> Iterator[Granting]:
    """Each CRM that knows such a grant."""
    if request.param == "hubspot":
        yield HubSpotGrant(request.getfixturevalue("sandbox"))
        return
    if request.param == "salesforce":
        with SalesforceSandbox() as org:
            yield SalesforceGrant(org)
        return
    with ZohoSandbox() as organization:
        yield ZohoGrant(organization)


@pytest.fixture
def start(crm: Granting, file: Path) -> Iterator[Start]:
    """Starts a process; those that still run at the end are told that there is nothing more."""
    given = {name: each for name, each in os.environ.items() if not name.startswith("ARPENT_")}
    given |= {f"ARPENT_{name.upper()}": value for name, value in crm.settings.items()}
    given |= {
        "PYTHONPATH": str(ROOT),
        f"ARPENT_{crm.vendor.upper()}_REFRESH_TOKEN_FILE": str(file),
    }
    made: list[subprocess.Popen[str]] = []

    def start(moment: str = "") -> subprocess.Popen[str]:
        made.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.contract.refreshing", crm.vendor, moment],
                cwd=file.parent,
                env=given,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return made[-1]

    yield start
    for process in made:
        process.communicate(timeout=300)


def ask(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def settings(crm: Granting, file: Path) -> Settings:
    return load_settings(**{**crm.settings, f"{crm.vendor}_refresh_token_file": file})


def opened(crm: Granting, file: Path, account_id: str | None = None) -> Connector:
    return open_connector(
        crm.vendor, settings(crm, file), keeping=access.keeping, account_id=account_id
    )


def opened_at(crm: Granting, file: Path, clock: Clock) -> Connector:
    """The same, by a clock that is told what time it is."""
    grant = access.keeping(
        client_id=CLIENT,
        client_secret=SecretStr(SECRET),
        given=SecretStr(REFRESH),
        file=file,
        setting="",
    )
    url = crm.emulated.url
    match crm.vendor:
        case "hubspot":
            return HubSpot(grant, base_url=url, clock=clock)
        case "salesforce":
            return Salesforce(grant, base_url=url, clock=clock)
    return Zoho(grant, accounts=url, clock=clock)


def shelf_of(file: Path, refresh_token: str = REFRESH) -> FileShelf:
    return FileShelf(file, client_id=CLIENT, refresh_token=lambda: SecretStr(refresh_token))


@pytest.mark.parametrize("rotates", [False, True])
def test_four_processes_of_eight_threads_make_one_refresh(
    rotates: bool,  # noqa: FBT001 - a parameter of the test
    crm: Granting,
    file: Path,
    start: Start,
) -> None:
    """With rotation, a second refresh by the same refresh token would be refused as well."""
    if rotates:
        crm.rotate()
    over = time.time_ns() // 1_000_000 - 1
    shelf_of(file).leave(
        Pass(token=SecretStr("CAT-over"), renew_at=over, ends_at=over, account_id=None)
    )
    processes = [start("") for _ in range(PROCESSES)]
    assert {answer(process) for process in processes} == {"ready"}

    # They see by their own clocks that the token is over…
    for process in processes:
        ask(process)
    assert [answer(process) for process in processes] == [str(THREADS)] * PROCESSES
    assert crm.refreshes == (1, 0)

    # … and then by the CRM's answers, while they think it good.
    crm.emulated.clock.advance(timedelta(hours=3))
    for process in processes:
        ask(process)
    assert [answer(process) for process in processes] == [str(THREADS)] * PROCESSES
    assert crm.refreshes == (2, 0)
    assert file.exists() is rotates


def test_a_process_that_dies_before_it_leaves_the_token_holds_nobody_up(
    crm: Granting, file: Path, start: Start
) -> None:
    """The CRM returns the same refresh token: whoever comes next asks again."""
    dying = start("leave")
    assert answer(dying) == "ready"
    ask(dying)
    assert dying.wait(timeout=300) == DEAD

    following = opened(crm, file)
    assert following.fields(Kind.ACCOUNT)
    assert crm.refreshes == (2, 0)
    following.close()


def test_a_token_that_was_replaced_and_lost_needs_a_person(
    crm: Granting, file: Path, start: Start
) -> None:
    """The one case that nothing here can mend: replaced over there, not yet saved here."""
    crm.rotate()
    dying = start("keep")
    assert answer(dying) == "ready"
    ask(dying)
    assert dying.wait(timeout=300) == DEAD

    following = opened(crm, file)
    with pytest.raises(Fatal, match=crm.is_over):
        following.fields(Kind.ACCOUNT)
    following.close()


def test_a_restart_finds_the_token_on_the_shelf(crm: Granting, file: Path) -> None:
    for _ in range(3):
        again = opened(crm, file)
        assert again.fields(Kind.ACCOUNT)
        again.close()

    assert crm.refreshes == (1, 0)
    for made in file.parent.iterdir():
        assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_the_token_of_another_installation_is_left_alone(crm: Granting, file: Path) -> None:
    first = opened(crm, file)
    first.fields(Kind.ACCOUNT)
    first.close()
    crm.reinstall()
    file.write_text(NEW, encoding="utf-8")

    again = opened(crm, file)
    again.fields(Kind.ACCOUNT)

    assert crm.refreshes == (2, 0)
    again.close()


def test_the_token_of_another_account_is_left_alone(crm: Granting, file: Path) -> None:
    far = time.time_ns() // 1_000_000 + 1_000_000
    left = Pass(token=SecretStr("CAT-other"), renew_at=far, ends_at=far, account_id="1")
    shelf_of(file).leave(left)
    assert shelf_of(file).read() == left

    pinned = opened(crm, file, crm.account_id)
    assert pinned.fields(Kind.ACCOUNT)

    assert crm.refreshes == (1, 0)
    pinned.close()


@pytest.mark.parametrize("found", ["", "{", "[]", '{"token": "x"}', '{"grant": null}'])
def test_a_spoiled_shelf_is_an_empty_one(found: str, file: Path) -> None:
    file.with_name("refresh.access").write_text(found, encoding="utf-8")

    assert shelf_of(file).read() is None


def test_what_is_on_the_shelf_tells_no_refresh_token(file: Path) -> None:
    shelf_of(file).leave(Pass(token=SecretStr("CAT-one"), renew_at=1, ends_at=2, account_id="7"))

    told = file.with_name("refresh.access").read_text(encoding="utf-8")
    assert set(json.loads(told)) == {"grant", "token", "renew_at", "ends_at", "account_id"}
    assert REFRESH not in told
    assert shelf_of(file, "another").read() is None


def test_a_folder_that_can_not_be_written_leaves_each_to_itself(crm: Granting, file: Path) -> None:
    alone = opened(crm, file.parent / "gone" / "refresh")
    assert alone.fields(Kind.ACCOUNT)
    assert crm.refreshes == (1, 0)
    alone.close()


def test_a_turn_that_never_ends_is_told(crm: Granting, file: Path) -> None:
    other = shelf_of(file)
    assert other.try_turn()
    waiting = opened_at(crm, file, Time().clock)

    with pytest.raises(Retriable, match="Another process"):
        waiting.fields(Kind.ACCOUNT)

    other.end_turn()
    assert crm.refreshes == (0, 0)
    assert waiting.fields(Kind.ACCOUNT)
    waiting.close()


# Zoho gives ten access tokens in ten minutes for a refresh token, to all processes together.


@pytest.fixture
def zoho(file: Path) -> Iterator[tuple[ZohoSandbox, Callable[[], Connector]]]:
    """An organization, and what opens it as one more process would; `file` is theirs."""
    opened_so_far: list[Connector] = []
    with ZohoSandbox() as organization:
        crm = ZohoGrant(organization)

        def one_more() -> Connector:
            opened_so_far.append(opened(crm, file))
            return opened_so_far[-1]

        yield organization, one_more
        for each in opened_so_far:
            each.close()


def test_zoho_is_not_asked_for_more_tokens_than_its_rule_by_all_processes_together(
    zoho: tuple[ZohoSandbox, Callable[[], Connector]],
) -> None:
    organization, one_more = zoho
    for _ in range(8):
        organization.expire_sessions()
        one_more().identify()

    organization.expire_sessions()
    for _ in range(3):
        with pytest.raises(Retriable, match="ten in ten minutes") as told:
            one_more().identify()
        assert 500 < (told.value.retry_after or 0) <= 600

    assert organization.gateway.accounts.tokens_made == 8
    assert organization.statistics()["requests"]["POST /oauth/v2/token"] == 8


def test_zoho_s_refusal_of_a_token_is_known_to_all_processes(
    zoho: tuple[ZohoSandbox, Callable[[], Connector]],
) -> None:
    organization, one_more = zoho
    organization.switches.change({"tokens_per_window": 1})
    one_more().identify()
    organization.expire_sessions()

    for _ in range(3):
        with pytest.raises(Retriable, match="Arpent waits and resumes by itself"):
            one_more().identify()

    assert organization.statistics()["requests"]["POST /oauth/v2/token"] == 2
