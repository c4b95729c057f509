"""The log of a worker over a bad day: the run and the CRM on each line, and nobody in it.

The worked case has names, addresses and amounts of its own; the log is searched for all of them.
"""

import csv
import json
import re
import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
import structlog
import urllib3
from pydantic import SecretStr
from structlog.testing import capture_logs

from connectors.sandbox.hubspot import SANDBOX_TOKEN, HubSpotSandbox
from rules.language import Text
from rules.rulebook import compile_rulebook
from rules.time import instant_of
from service import incidents, logs, provision, rehearsal, worker
from service.app import App, read_playbook
from service.logs import impersonal
from service.settings import SHIPPED_PLAYBOOK, Settings
from service.store import backlog, rulebooks, runs
from service.store.engine import Store
from tests.acceptance.territory import A_WHILE

VENDOR = "hubspot"
# Only there so that nothing hangs, however loaded the machine is.
SECONDS = 300
SOMEBODY = "Toitures Laflèche-Arbour et fils"


def personal() -> set[str]:
    """Every name, address of mail and amount of the worked case."""
    found: set[str] = set()
    for name, columns in {
        "accounts": ("name", "domain", "potentiel_annuel"), "contacts": ("name",),
        "opportunities": ("name", "amount"), "owners": ("name", "email"),
    }.items():  # fmt: skip
        with (rehearsal.ELISE / f"{name}.csv").open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                found |= {row[each] for each in columns if len(row[each]) > 4}
    return found


class Day:
    """A worker on the portal's clock, and what happens to it."""

    def __init__(self, app: App, portal: HubSpotSandbox) -> None:
        self.app = app
        self.portal = portal

    def cycle(self) -> None:
        """Let a period go by, and wait for its cycle to end."""
        before = self._ended()
        self.portal.clock.advance(A_WHILE)
        deadline = time.monotonic() + SECONDS
        while self._ended() == before:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def _ended(self) -> int:
        with self.app.store.read() as connection:
            found = runs.list_runs(connection)
        return sum(run.command == "run" and run.finished_at is not None for run in found)

    def publish(self, old: str, new: str) -> None:
        """Rules of another day."""
        files = dict(read_playbook(SHIPPED_PLAYBOOK))
        files["segments.yaml"] = files["segments.yaml"].replace(old.encode(), new.encode())
        with self.app.store.write() as connection:
            rulebooks.publish(
                connection, compile_rulebook(files), author="ops", reason="", now=self.app.clock()
            )

    def live(self) -> None:
        """A cycle like another, a hold, refusals, a refused key, a defect; then all is well."""
        self.cycle()
        self.publish("- else: bronze", "- else: silver")
        self.cycle()
        self.publish("- else: silver", "- else: bronze")
        words = f"Property values were not valid for {SOMEBODY}: “1 040 000” of ana@arpent.example"
        refusal = {"status": "error", "category": "VALIDATION_ERROR", "message": words}
        self.portal.set_faults(
            {"match": {"path": "batch/update"}, "fault": {"status": 400, "body": refusal}}
        )
        changed = {"potentiel_annuel": "1"}
        self.portal.act("edit", objectType="companies", id="20009", properties=changed)
        self.cycle()
        self.portal.set_faults({"match": {"path": "^/crm"}, "fault": {"status": 403}})
        self.cycle()
        self.portal.set_faults()
        with patch.object(urllib3.PoolManager, "urlopen", defect):
            self.cycle()
        self.cycle()


def defect(*_args: object, **_options: object) -> None:
    """What a program that meets an unforeseen value says."""
    raise KeyError(SOMEBODY)


@pytest.fixture
def day(elise: HubSpotSandbox, store: Store) -> Iterator[Day]:
    settings = Settings(
        database_url="sqlite://", hubspot_token=SecretStr(SANDBOX_TOKEN), hubspot_url=elise.url,
        hold_percent=5, hold_count=5,
    )  # fmt: skip
    app = App(settings, store, lambda: instant_of(elise.clock.now()))
    made = Day(app, elise)
    made.publish("", "")
    with app.connector(VENDOR) as connector:
        provision.run(connector, app.published().rulebook, dry_run=False)
    yield made
    structlog.reset_defaults()


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_bad_day_is_told_without_anybody_in_it(
    day: Day, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("json", day.app.settings.secrets)
    assert worker.run(day.app, [VENDOR], wait=day.live, tick_seconds=0.05)
    written = capsys.readouterr().err
    lines: list[dict[str, Any]] = [json.loads(line) for line in written.splitlines()]

    told = {line["event"] for line in lines}
    assert {"cycle done", "incident", "recovered", "rejected", "cycle failed"} <= told
    about_runs = [line for line in lines if line["event"] in {"cycle done", "rejected"}]
    assert len({line["run"] for line in about_runs}) >= 4
    assert {line["crm"] for line in lines if line["event"] == "rejected"} == {VENDOR}
    subjects = {line["subject"] for line in lines if line["event"] == "incident"}
    assert {"crm:hubspot", "held:hubspot", "schedule:cycle"} <= subjects
    assert all("crm" in line for line in lines if line.get("subject", "").startswith("crm:"))
    (rejected, *_) = [line for line in lines if line["event"] == "rejected"]
    assert rejected["count"] >= 1
    assert "Property values were not valid" in rejected["first"]
    found = [each for each in personal() if re.search(rf"(?<!\w){re.escape(each)}(?!\w)", written)]
    assert found == []
    assert "ana@arpent.example" not in written
    assert SANDBOX_TOKEN not in written
    # What the log leaves out is where people with a right to it can look.
    with day.app.store.read() as connection:
        refused = backlog.rejections(connection, day.app.connection(VENDOR).id)
    assert any(SOMEBODY in each.reason for each in refused)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("invalid literal for int() with base 10: 'Jean Roy'",
         "invalid literal for int() with base 10: ***"),
        ('duplicate key value violates unique constraint "pk_account"\nDETAIL: (Jean)',
         'duplicate key value violates unique constraint "pk_account"'),
        ("Failing row contains (1, Jean Roy)", "Failing row contains ***"),
        ("Key (name)=(Jean Roy) exists", "Key (name)=*** exists"),
        ("« Jean Roy » et “Roy” <jean@roy.example>", "*** et *** <***>"),
        ("l'option n'existe pas (400)", "l'option n'existe pas (400)"),
        ("1 040 000 $ at most", "*** $ at most"),
    ],
)  # fmt: skip
def test_values_are_taken_out_of_what_errors_say(said: str, kept: str) -> None:
    assert impersonal(said) == kept


def test_an_incident_names_its_crm(store: Store) -> None:
    app = App(Settings(database_url="sqlite://"), store, lambda: 1)
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as told:
        incidents.follow(app, "crm", {VENDOR: Text("clé refusée", "key refused")})
        incidents.follow(app, incidents.SCHEDULE, {"cycle": Text("en panne", "broken")})
    assert [line.get("crm") for line in told] == [VENDOR, None]
