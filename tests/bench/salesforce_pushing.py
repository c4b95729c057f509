"""Pushing changed values to Salesforce, beside a bare loop: the calls, and the CPU of a record.

Both write the same fields by ingest jobs of the same size on a server of prepared answers, to which
each row is a success. The bare loop makes the CSV, sends it by plain requests, and reads the three
tables of a job into the rows that they name. The third contestant is the whole push, with the
outbox read, and every answer settled and journaled.
"""

import csv
import io
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from connectors.base import Change
from rules.rulebook import compile_rulebook
from service.app import read_playbook
from service.settings import SHIPPED_PLAYBOOK
from service.store.engine import Store
from tests.bench.measuring import Report, at_most
from tests.bench.pushing import BATCH, owing, whole
from tests.bench.salesforce_canned import DATA, account_id
from tests.bench.salesforce_pulling import IDENTITY, connected
from tests.bench.workspaces import served

RECORDS = 20_000
_ROUNDS = 3
_TABLES = ("successfulResults", "failedResults", "unprocessedrecords")


@dataclass(frozen=True, slots=True)
class Line:
    """One contestant: its calls and its CPU, in microseconds a record."""

    name: str
    calls: int
    cpu: float


class _Bare:
    """The loop, which counts its calls."""

    def __init__(self, url: str) -> None:
        self._session = requests.Session()
        self._url = f"{url}{DATA}jobs/ingest"
        self.calls = 0

    def update(self, changes: Sequence[Change]) -> dict[str, bool]:
        """Write by a job; whether each record was written."""
        job = self._call("POST", "", json={"object": "Account"}).json()["id"]
        table = io.StringIO(newline="")
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(["Id", "arpent_tier__c"])
        rows.writerows((change.external_id, change.values["tier"]) for change in changes)
        self._call("PUT", f"/{job}/batches", data=table.getvalue().encode())
        self._call("PATCH", f"/{job}", json={"state": "UploadComplete"})
        while self._call("GET", f"/{job}").json()["state"] != "JobComplete":
            time.sleep(1)
        written, *_ = [self._named(f"/{job}/{each}/") for each in _TABLES]
        return {change.external_id: change.external_id in written for change in changes}

    def _named(self, path: str) -> dict[str, list[str]]:
        table = csv.reader(io.StringIO(self._call("GET", path).content.decode(), newline=""))
        place = next(table).index("sf__Id")
        return {row[place]: row for row in table}

    def _call(self, method: str, path: str, **how: Any) -> requests.Response:
        self.calls += 1
        answer = self._session.request(method, self._url + path, timeout=60, **how)
        answer.raise_for_status()
        return answer


def run(records: int = RECORDS) -> Report:
    """The contestants in turn; the best CPU of each counts."""
    rulebook = compile_rulebook(read_playbook(SHIPPED_PLAYBOOK))
    with tempfile.TemporaryDirectory() as name, served("tests.bench.salesforce_canned", "1") as url:
        bare, connector = _Bare(url), connected(url)
        connector.identify()
        jobs = _jobs(records, connector.batch_for(records))
        stores = [_owing(Path(name) / str(number), records) for number in range(_ROUNDS)]
        contestants: dict[str, tuple[Callable[[], int], Callable[[], object]]] = {
            "bare loop": (lambda: bare.calls, lambda: [bare.update(job) for job in jobs]),
            "connector": (
                lambda: connector.calls,
                lambda: [connector.update(job) for job in jobs],
            ),
            "push, with outbox and journal": (
                lambda: connector.calls,
                lambda: whole(connector, *stores.pop(), rulebook),
            ),
        }
        found = [
            _line(name, *each, records)
            for _ in range(_ROUNDS)
            for name, each in contestants.items()
        ]
        connector.close()
    lines = [
        min((line for line in found if line.name == name), key=lambda line: line.cpu)
        for name in contestants
    ]
    bare_line, ours, _ = lines
    what = f"Salesforce, {records:,} changes"
    aims = [
        at_most(f"{what}: calls ÷ those of the bare loop", 1, ours.calls / bare_line.calls),
        at_most(f"{what}: CPU of a record ÷ that of the bare loop", 2, ours.cpu / bare_line.cpu),
    ]
    return Report(_table(records, lines), aims)


def _jobs(records: int, size: int) -> list[list[Change]]:
    """The changes, by what one job takes."""
    changes = [
        Change(external_id=account_id(number), values={"tier": "gold"})
        for number in range(1, records + 1)
    ]
    return [changes[start : start + size] for start in range(0, records, size)]


def _owing(folder: Path, records: int) -> tuple[Store, int]:
    folder.mkdir()
    return owing(folder, records // BATCH, IDENTITY)


def _line(name: str, calls: Callable[[], int], work: Callable[[], object], records: int) -> Line:
    before, started = calls(), time.process_time()
    work()
    spent = time.process_time() - started
    return Line(name, calls() - before, 1_000_000 * spent / records)


def _table(records: int, lines: Sequence[Line]) -> str:
    rows = [
        f"| {line.name} | {line.calls} | {line.cpu:.1f} | {line.cpu / lines[0].cpu:.2f} |"
        for line in lines
    ]
    title = f"### Pushing {records:,} changes to Salesforce"
    head = ["| | calls | CPU of a record, µs | × reference |", "|---|--:|--:|--:|"]
    return "\n".join([title, "", *head, *rows, ""])
