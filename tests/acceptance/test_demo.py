"""`arpent demo`: the first thing that anybody runs, as a process in an empty folder."""

import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from connectors.sandbox.hubspot import HubSpotSandbox
from connectors.sandbox.registry import DEFAULT, EMULATED
from tests.acceptance.shell import Shell, ended

GOLD = "Or : client au potentiel de 100 k$ et plus, contacté au cours des 90 derniers jours"
# Thirteen weeks of a plan of 12 a month: 36. Élise opened 17 of 10,000 dollars and more.
SUBJECT = "Opportunités ouvertes en 13 semaines : 17, pour 36 attendues"
# Only there so that nothing hangs, however loaded the machine is.
PATIENCE = 300


@pytest.fixture
def temporary(shell: Shell, tmp_path: Path) -> Path:
    """The folder where processes of the terminal make their temporary ones."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    shell.variables["TMPDIR"] = str(folder)
    return folder


@pytest.mark.parametrize("crm", list(EMULATED))
def test_once_in_json_prints_exactly_the_figures(shell: Shell, temporary: Path, crm: str) -> None:
    # Whatever the machine is set to, the demo is the same.
    said = shell.run(
        *("demo", "--once", "--json"),
        *(("--crm", crm) if crm != DEFAULT else ()),
        weekly_look="friday 17:00",
        read_only="1",
        database_url="sqlite:////proc/nowhere/arpent.sqlite3",
        playbook="/nowhere",
        hubspot_account_id="77",
        hubspot_client_id="an-id",
        salesforce_url="https://login.salesforce.com",
        salesforce_username="someone@arpent.example",
    )

    assert (said.code, said.err) == (0, "")
    figures = said.json
    seconds = figures.pop("seconds")
    assert isinstance(seconds, float)
    assert seconds > 0
    assert figures == {
        "accounts": 115,
        "opportunities": 152,
        "tiers": {"gold": 12, "silver": 28, "bronze": 75},
        # Seven fields on each account of the plan.
        "fields_written": 805,
        "tasks_created": 1,
        "second_push_calls": 0,
    }
    assert [path.name for path in shell.folder.iterdir()] == [temporary.name]
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("temporary")
def test_all_crms_side_by_side_are_the_sums_of_one(shell: Shell) -> None:
    said = shell.run("demo", "--once", "--json", "--crm", "all")

    assert (said.code, said.err) == (0, "")
    times = len(EMULATED)
    figures = said.json
    del figures["seconds"]
    assert figures == {
        "accounts": 115 * times,
        "opportunities": 152 * times,
        "tiers": {"gold": 12 * times, "silver": 28 * times, "bronze": 75 * times},
        "fields_written": 805 * times,
        # Élise is one person, whose plan is as many times as large: one deviation, one task.
        "tasks_created": 1,
        "second_push_calls": 0,
    }


def test_a_crm_that_is_not_emulated_is_said(shell: Shell) -> None:
    said = shell.say("demo", "--once", "--crm", "hubpsot")
    assert (said.code, said.out) == (2, "")
    assert "« hubpsot » n'est pas émulé (vouliez-vous dire « hubspot » ?)" in said.err
    said = shell.say("sandbox", "serve", "--crm", "all")
    assert said.code == 2
    assert "Ce qui va ici : hubspot, salesforce" in said.err


def test_it_stays_up_with_its_pages_until_ctrl_c(shell: Shell, temporary: Path) -> None:
    process = shell.start("demo", "--port", "0")
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    said = "".join(lines)
    assert "12 / 28 / 75" in said
    page, tasks = (word for word in said.split() if word.startswith("http") and "/" in word[8:])

    company = httpx.get(page).text
    assert "Niveau" in company
    assert ">Or<" in "".join(company.split())
    assert GOLD in company
    listed = httpx.get(tasks).text
    assert SUBJECT in listed

    stopped = ended(process, signal.SIGINT)
    assert (stopped.code, stopped.err) == (130, "")
    assert list(temporary.iterdir()) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(tasks)


@pytest.mark.usefixtures("temporary")
def test_a_crm_that_fails_ends_it_with_a_sentence(shell: Shell) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = shell.start("demo", "--port", str(port))
    rule = {"match": {"path": "/batch/update"}, "fault": {"status": 503}}
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            httpx.post(f"http://127.0.0.1:{port}/__faults", json={"rules": [rule]})
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        else:
            break

    said = ended(process)

    assert said.code == 1
    assert "503" in said.err
    assert said.out == ""


def test_a_port_in_use_is_said(shell: Shell, served: HubSpotSandbox) -> None:
    port = served.url.rpartition(":")[2]
    said = shell.run("demo", "--port", port)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"Le port {port} est déjà pris")
    assert "--port 0" in said.err


def test_a_port_that_can_not_be_is_said(shell: Shell) -> None:
    said = shell.run("demo", "--port", "65536")
    assert said.code == 2
    assert "65535" in said.err
