"""Processes that share an OAuth grant: one refresh for all, and what a death in the middle costs.

Every process is a real one (`refreshing.py`); the emulated portal counts the refreshes.
"""

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.base import Fatal, Pass, Retriable
from connectors.hubspot.connector import HubSpot
from connectors.pace import Clock
from connectors.sandbox.hubspot import HubSpotSandbox
from rules.records import Kind
from service import access
from service.settings import Settings, load_settings
from service.shelf import FileShelf
from tests.contract.refreshing import DEAD, THREADS
from tests.unit.test_pace import Time

ROOT = Path(__file__).parents[2]
PROCESSES = 4
CLIENT, SECRET, REFRESH = "an-app", "its-secret", "its-refresh-token"

Start = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file of the refresh token, of which nothing is there yet; no other setting is found."""
    for name in os.environ:
        if name.startswith("ARPENT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "refresh"


@pytest.fixture
def portal(sandbox: HubSpotSandbox) -> HubSpotSandbox:
    sandbox.add_oauth_app(CLIENT, SECRET, REFRESH)
    sandbox.switches.change({"oauth_ten_second_limit": 1_000})
    return sandbox


@pytest.fixture
def start(portal: HubSpotSandbox, file: Path) -> Iterator[Start]:
    """Starts a process; those that still run at the end are told that there is nothing more."""
    given = {name: each for name, each in os.environ.items() if not name.startswith("ARPENT_")}
    given |= {
        "PYTHONPATH": str(ROOT),
        "ARPENT_HUBSPOT_URL": portal.url,
        "ARPENT_HUBSPOT_CLIENT_ID": CLIENT,
        "ARPENT_HUBSPOT_CLIENT_SECRET": SECRET,
        "ARPENT_HUBSPOT_REFRESH_TOKEN": REFRESH,
        "ARPENT_HUBSPOT_REFRESH_TOKEN_FILE": str(file),
    }
    made: list[subprocess.Popen[str]] = []

    def start(moment: str = "") -> subprocess.Popen[str]:
        made.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.contract.refreshing", moment],
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
        process.communicate(timeout=30)


def ask(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def refreshes(sandbox: HubSpotSandbox) -> tuple[int, int]:
    counts = sandbox.portal.refreshes
    return counts["granted"], counts["refused"]


def settings(portal: HubSpotSandbox, file: Path, **given: object) -> Settings:
    return load_settings(
        hubspot_url=portal.url,
        hubspot_client_id=CLIENT,
        hubspot_client_secret=SecretStr(SECRET),
        hubspot_refresh_token=SecretStr(REFRESH),
        hubspot_refresh_token_file=file,
        **given,
    )


def opened(
    portal: HubSpotSandbox, file: Path, clock: Clock | None = None, **given: object
) -> HubSpot:
    granted = access.hubspot(settings(portal, file, **given))
    assert granted is not None
    return HubSpot(granted, base_url=portal.url, clock=clock)


def shelf_of(file: Path, refresh_token: str = REFRESH) -> FileShelf:
    return FileShelf(file, client_id=CLIENT, refresh_token=lambda: SecretStr(refresh_token))


@pytest.mark.parametrize("rotates", [False, True])
def test_four_processes_of_eight_threads_make_one_refresh(
    rotates: bool,  # noqa: FBT001 - a parameter of the test
    portal: HubSpotSandbox,
    file: Path,
    start: Start,
) -> None:
    """With rotation, a second refresh by the same refresh token would be refused as well."""
    portal.switches.change({"oauth_rotates_refresh_token": rotates})
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
    assert refreshes(portal) == (1, 0)

    # … and then by the portal's answers, while they think it good.
    portal.clock.advance(timedelta(hours=1))
    for process in processes:
        ask(process)
    assert [answer(process) for process in processes] == [str(THREADS)] * PROCESSES
    assert refreshes(portal) == (2, 0)
    assert file.exists() is rotates


def test_a_process_that_dies_before_it_leaves_the_token_holds_nobody_up(
    portal: HubSpotSandbox, file: Path, start: Start
) -> None:
    """HubSpot returns the same refresh token: whoever comes next asks again."""
    dying = start("leave")
    assert answer(dying) == "ready"
    ask(dying)
    assert dying.wait(timeout=30) == DEAD

    crm = opened(portal, file)
    assert crm.fields(Kind.ACCOUNT)
    assert refreshes(portal) == (2, 0)
    crm.close()


def test_a_token_that_was_replaced_and_lost_needs_a_person(
    portal: HubSpotSandbox, file: Path, start: Start
) -> None:
    """The one case that nothing here can mend: replaced over there, not yet saved here."""
    portal.switches.change({"oauth_rotates_refresh_token": True})
    dying = start("keep")
    assert answer(dying) == "ready"
    ask(dying)
    assert dying.wait(timeout=30) == DEAD

    crm = opened(portal, file)
    with pytest.raises(Fatal, match="Install it in the account again"):
        crm.fields(Kind.ACCOUNT)
    crm.close()


def test_a_restart_finds_the_token_on_the_shelf(portal: HubSpotSandbox, file: Path) -> None:
    for _ in range(3):
        crm = opened(portal, file)
        assert crm.fields(Kind.ACCOUNT)
        crm.close()

    assert refreshes(portal) == (1, 0)
    for made in file.parent.iterdir():
        assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_the_token_of_another_installation_is_left_alone(
    portal: HubSpotSandbox, file: Path
) -> None:
    first = opened(portal, file)
    first.fields(Kind.ACCOUNT)
    first.close()
    portal.portal.keyring.clients[CLIENT].refresh_tokens = {"of-the-new-installation"}
    file.write_text("of-the-new-installation", encoding="utf-8")

    again = opened(portal, file)
    again.fields(Kind.ACCOUNT)

    assert refreshes(portal) == (2, 0)
    again.close()


def test_the_token_of_another_account_is_left_alone(portal: HubSpotSandbox, file: Path) -> None:
    far = time.time_ns() // 1_000_000 + 1_000_000
    left = Pass(token=SecretStr("CAT-other"), renew_at=far, ends_at=far, account_id="1")
    shelf_of(file).leave(left)
    assert shelf_of(file).read() == left

    granted = access.hubspot(settings(portal, file))
    assert granted is not None
    crm = HubSpot(
        granted, base_url=portal.url, expected_account_id=str(portal.portal.account.portal_id)
    )
    assert crm.fields(Kind.ACCOUNT)

    assert refreshes(portal) == (1, 0)
    crm.close()


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


def test_a_folder_that_can_not_be_written_leaves_each_to_itself(
    portal: HubSpotSandbox, file: Path
) -> None:
    crm = opened(portal, file.parent / "gone" / "refresh")
    assert crm.fields(Kind.ACCOUNT)
    assert refreshes(portal) == (1, 0)
    crm.close()


def test_a_turn_that_never_ends_is_told(portal: HubSpotSandbox, file: Path) -> None:
    other = shelf_of(file)
    assert other.try_turn()
    crm = opened(portal, file, Time().clock)

    with pytest.raises(Retriable, match="Another process"):
        crm.fields(Kind.ACCOUNT)

    other.end_turn()
    assert refreshes(portal) == (0, 0)
    assert crm.fields(Kind.ACCOUNT)
    crm.close()
