"""`arpent worker` as a process: every period once, whatever the CRM does, until SIGTERM."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
import structlog
from sqlalchemy import select

from connectors.sandbox.hubspot import HubSpotSandbox
from service import logs
from service.settings import SHIPPED_PLAYBOOK
from service.store.engine import open_store
from service.store.tables import metadata
from tests.acceptance.shell import CANARY, Shell, ended

ROOT = Path(__file__).parents[2]
# Only there so that nothing hangs, however loaded the machine is.
SECONDS = 300
# So many looks at the clock are at least some ticks of which each could begin something.
TICKS = 8
# The case's own Monday, half a minute before and just at the hour of the weekly look.
EARLY = "2026-06-29T06:59:30-04:00"
LOOK = "2026-06-29T07:00:10-04:00"
# A period of 15 minutes goes by in this many real seconds.
PERIOD = 3.0
SPEED = str(15 * 60 / PERIOD)


class Workplace:
    """A terminal with a published playbook, a portal, and one worker at a time."""

    def __init__(self, shell: Shell, portal: HubSpotSandbox) -> None:
        self.shell = shell
        self.portal = portal
        self.process: subprocess.Popen[str] | None = None

    def start(self, *command: str | Path) -> None:
        """Start `arpent worker`, or another command."""
        self.process = self.shell.spawn(*command) if command else self.shell.start("worker")

    def start_quick(self, start: str = LOOK, speed: str = SPEED) -> None:
        """Start the worker with a quick clock."""
        self.shell.variables["PYTHONPATH"] = str(ROOT)
        module = "tests.acceptance.fast_worker"
        self.start(sys.executable, "-m", module, start, speed, self.looks)

    @property
    def looks(self) -> Path:
        """Where the quick worker leaves a byte for each look at its clock."""
        return self.shell.folder / "looks"

    def wait_for_ticks(self) -> None:
        """Wait until the quick worker has ticked again and again, doing nothing else."""
        seen = self.looks.stat().st_size if self.looks.exists() else 0
        until(lambda: self.looks.exists() and self.looks.stat().st_size >= seen + TICKS)

    def stop(self) -> list[dict[str, Any]]:
        """End it with SIGTERM; returns its log, which must be JSON alone."""
        assert self.process
        said = ended(self.process, signal.SIGTERM)
        self.process = None
        assert (said.code, said.out) == (0, "")
        return [json.loads(line) for line in said.err.splitlines()]

    def rows(self, table: str) -> list[Any]:
        """A table of the store, read beside the worker."""
        store = open_store(f"sqlite:///{self.shell.folder / '.arpent' / 'arpent.sqlite3'}")
        try:
            with store.read() as connection:
                return list(connection.execute(select(metadata.tables[table])))
        finally:
            store.close()

    def runs(self, state: str = "done") -> int:
        """How many cycles have come to this end."""
        return sum((run.command, run.state) == ("run", state) for run in self.rows("run"))

    def tier(self, company: str) -> str | None:
        """The tier that the CRM shows."""
        return self.portal.values_of("companies", company).get("arpent_tier")


def until(holds: Callable[[], bool]) -> None:
    """Wait for something; an AssertionError when it does not come."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def workplace(published: Shell, elise: HubSpotSandbox) -> Iterator[Workplace]:
    """Arpent's fields are in the portal, and no cycle was done yet."""
    elise.add_token(CANARY)
    published.settings["hubspot_url"] = elise.url
    assert published.say("fields", "ensure").code == 0
    place = Workplace(published, elise)
    yield place
    if place.process is not None:
        place.process.kill()
        place.process.communicate()


def test_it_does_a_cycle_once_in_a_period_and_ends_with_sigterm(workplace: Workplace) -> None:
    # A period of years: none begins while this test runs.
    workplace.shell.settings["pull_every_minutes"] = "5000000"
    workplace.start()
    until(lambda: workplace.runs() == 1)
    log = workplace.stop()
    assert [line["event"] for line in log] == ["cycle done"]
    # Started again within the period, it finds the cycle done.
    workplace.start_quick(start=datetime.now(UTC).isoformat(), speed="1")
    workplace.wait_for_ticks()
    assert workplace.stop() == []
    assert workplace.runs() == 1
    lines = [line.period for line in workplace.rows("ledger") if line.job == "cycle"]
    assert len([period for period in lines if not period.startswith("look")]) == 1


def test_it_takes_up_what_changes_and_what_is_published(workplace: Workplace) -> None:
    # The new rules move more accounts than a push may by itself.
    workplace.shell.settings["hold_count"] = "1000"
    workplace.start_quick()
    until(lambda: workplace.tier("20009") == "gold")
    # A change in the CRM: 1,040,000 → 20,000.
    workplace.portal.act(
        "edit", objectType="companies", id="20009", properties={"potentiel_annuel": "20000"}
    )
    until(lambda: workplace.tier("20009") == "bronze")
    # A rule of another day does nothing until it is published: then all who have a large
    # potential are silver from 10,000 dollars on.
    playbook = workplace.shell.folder / "playbook"
    shutil.copytree(SHIPPED_PLAYBOOK, playbook)
    # Its examples are about the rules as they were.
    (playbook / "tests.yaml").unlink()
    rules = playbook / "segments.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(
        text.replace('high: "> 500k"', 'high: "> 10k"').replace('"100k..500k"', '"5k..10k"'
        ).replace('"< 100k"', '"< 5k"'),
        encoding="utf-8",
    )  # fmt: skip
    assert workplace.shell.run("rules", "publish", playbook=str(playbook)).code == 0
    # 20,000 dollars are high now, and the customer was called on 23 June.
    until(lambda: workplace.tier("20009") == "gold")
    workplace.stop()

    lines = [line.period for line in workplace.rows("ledger") if line.job == "cycle"]
    cycles = [period for period in lines if not period.startswith("look")]
    # The order to end may have come in the middle of one more.
    assert len(cycles) == len(set(cycles)) == workplace.runs()
    # One cycle of the week read everything; one did the weekly look, and its one task exists once.
    assert len([line for line in workplace.rows("ledger") if line.job == "reconcile"]) == 1
    assert len([line for line in workplace.rows("ledger") if line.job == "alert"]) == 1
    assert tasks(workplace.portal) == 1


def tasks(portal: HubSpotSandbox) -> int:
    status, listed = portal.call("GET", "/crm/objects/2026-09/tasks?limit=100")
    assert status == 200
    return len(listed["results"])


def test_the_look_is_done_at_its_hour_and_once(workplace: Workplace) -> None:
    # A period of years began long ago: the weekly look does not wait for the next one.
    workplace.shell.settings["pull_every_minutes"] = "5000000"
    workplace.start_quick(start=EARLY, speed="0")
    until(lambda: workplace.runs() == 1)
    workplace.wait_for_ticks()
    assert workplace.rows("alert") == []
    assert tasks(workplace.portal) == 0
    assert workplace.process
    workplace.process.send_signal(signal.SIGUSR1)
    until(lambda: tasks(workplace.portal) == 1)
    until(lambda: workplace.runs() == 2)
    # Some more ticks bring nothing more.
    workplace.wait_for_ticks()
    workplace.stop()
    assert workplace.runs() == 2
    wanted = [row.task_state for row in workplace.rows("alert") if row.channel == "task"]
    assert wanted == ["created"]
    assert tasks(workplace.portal) == 1


def test_a_crm_that_fails_is_logged_and_tried_in_the_next_period(workplace: Workplace) -> None:
    workplace.portal.set_faults({"match": {"path": "^/crm|^/account"}, "fault": {"status": 403}})
    workplace.start_quick()
    until(lambda: workplace.runs("failed") >= 1)
    assert workplace.tier("20009") is None
    # No look over what could not be read: nobody is judged on figures that are not there.
    assert [line.job for line in workplace.rows("ledger") if line.job == "alert"] == []
    workplace.portal.set_faults()
    until(lambda: workplace.tier("20009") == "gold")
    until(lambda: tasks(workplace.portal) == 1)
    log = workplace.stop()
    told = [line for line in log if line["event"] in {"incident", "recovered"}]
    assert [(line["event"], line["subject"], line["level"]) for line in told] == [
        ("incident", "crm:hubspot", "warning"),
        ("recovered", "crm:hubspot", "info"),
    ]
    assert "403" in told[0]["what"]


def test_a_crm_that_never_answers_does_not_hold_it_back(workplace: Workplace) -> None:
    workplace.portal.set_faults({"match": {"path": "^/crm/objects"}, "fault": {"stall": True}})
    workplace.start()
    until(lambda: workplace.portal.faults.fired > 0)
    assert [line["event"] for line in workplace.stop()] == ["cycle left unfinished"]
    # Its record stays as it was: a cycle that nobody has finished.
    assert [run.state for run in workplace.rows("run")] == ["running"]


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_defect_is_logged_without_the_values_at_hand(
    style: Literal["json", "console"], capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(payload: str) -> None:
        raise ValueError(len(payload))

    logs.configure(style)
    try:
        fail(CANARY)
    except ValueError:
        structlog.get_logger().exception("cycle failed")
    finally:
        structlog.reset_defaults()
    said = capsys.readouterr().err
    assert "cycle failed" in said
    assert f"ValueError: {len(CANARY)}" in said
    assert CANARY not in said
