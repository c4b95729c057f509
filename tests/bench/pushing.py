"""Pushing changed values, beside what HubSpot's limit allows at best.

A server answers each batch of 100 accounts after 140 ms and refuses more than 190 requests in any
ten seconds. At best, the last of n calls starts after as many whole windows as the limit fits in
the calls before it, and is answered one latency later. The first contestant sends its batches one
after the other; the second is the connector with its governor; the third is the whole push, with
the outbox read, and every answer settled and journaled in a transaction of its own.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr

from connectors.base import Change, Connector, Identity
from connectors.hubspot.connector import HubSpot
from rules.diff import Debt
from rules.owned import Owned
from rules.rulebook import Rulebook, compile_rulebook
from service.app import read_playbook
from service.push import Push
from service.settings import SHIPPED_PLAYBOOK
from service.store import runs
from service.store.bulk import bulk_upsert
from service.store.engine import Store
from service.store.tables import account, outbox
from tests.bench.measuring import Report, at_least, at_most
from tests.bench.workspaces import IDENTITY, in_file, prepared, served

BATCH = 100
LATENCY = 0.14
LIMIT = 190
WINDOW = 10.0
NOW = 1_800_000_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One contestant: its seconds, its calls, and how many were refused with 429."""

    name: str
    seconds: float
    calls: int
    refused: int


def ideal(calls: int) -> float:
    """The seconds that nobody can beat."""
    return (calls - 1) // LIMIT * WINDOW + LATENCY


def one_after_the_other(connector: Connector, calls: int) -> None:
    """Batches, each sent once the one before is answered."""
    for place in range(calls):
        connector.update(changes(place))


def side_by_side(connector: Connector, calls: int) -> None:
    """Batches from as many threads as the connector asks for."""
    with ThreadPoolExecutor(connector.senders) as pool:
        for _ in pool.map(connector.update, map(changes, range(calls))):
            pass


def changes(place: int) -> list[Change]:
    """A batch of new tiers."""
    return [
        Change(external_id=str(number), values={"tier": "gold"})
        for number in range(place * BATCH + 1, (place + 1) * BATCH + 1)
    ]


def whole(connector: Connector, store: Store, connection_id: int, rulebook: Rulebook) -> None:
    """The push of a cycle."""
    with store.write() as connection:
        run_id = runs.begin_run(connection, "push", NOW)
    report = Push(store, connector, rulebook, connection_id, lambda: NOW).run(run_id)
    if report.stopped is not None:
        raise RuntimeError(report.stopped.en)


def owing(folder: Path, calls: int, identity: Identity = IDENTITY) -> tuple[Store, int]:
    """A store that owes a tier to each account of so many batches."""
    store, connection_id = prepared(in_file(folder), identity)
    numbers = range(1, calls * BATCH + 1)
    with store.write() as connection:
        bulk_upsert(
            connection, account,
            ("id", "connection_id", "external_id", "name", "modified_at", "pulled_at"),
            [(number, connection_id, str(number), f"C{number}", 0, 0) for number in numbers],
        )  # fmt: skip
        bulk_upsert(
            connection, outbox,
            ("account_id", "field", "desired", "version", "confirmed_version", "state", "attempts"),
            [(number, Owned.TIER.value, "gold", 1, 0, Debt.OWED.value, 0) for number in numbers],
        )  # fmt: skip
    return store, connection_id


def timed(name: str, url: str, work: Callable[[Connector], None]) -> Line:
    """Run a contestant against a window that nobody has used yet."""
    connector = HubSpot(SecretStr("-"), base_url=url)
    connector.identify()
    # The window is empty, on both sides, before the first call that counts.
    time.sleep(WINDOW + 0.1)
    httpx.post(f"{url}/reset")
    started = time.perf_counter()
    work(connector)
    seconds = time.perf_counter() - started
    connector.close()
    counts = httpx.get(f"{url}/stats").json()
    return Line(name, seconds, counts["calls"], counts["refused"])


def run(calls: int = 740) -> Report:
    """The race; the slow contestant sends a fifth of the calls."""
    limits = (str(LATENCY), str(LIMIT))
    with tempfile.TemporaryDirectory() as name, served("tests.bench.limited", *limits) as url:
        store, connection_id = owing(Path(name), calls)
        rulebook = compile_rulebook(read_playbook(SHIPPED_PLAYBOOK))
        lines = [
            timed("one after the other", url, lambda crm: one_after_the_other(crm, calls // 5)),
            timed("connector and governor", url, lambda crm: side_by_side(crm, calls)),
            timed(
                "push, with outbox and journal",
                url,
                lambda crm: whole(crm, store, connection_id, rulebook),
            ),
        ]
        store.close()
    what = f"push of {calls * BATCH:,} changed values"
    aims = [
        at_least(f"{what}: ideal ÷ time", 0.9, ideal(calls) / lines[-1].seconds),
        at_most(f"{what}: requests refused with 429", 0, lines[-1].refused),
    ]
    return Report(_table(calls, lines), aims)


def _table(calls: int, lines: Sequence[Line]) -> str:
    title = f"Pushing {calls * BATCH:,} changed values, {LATENCY * 1000:.0f} ms a call"
    head = ["| | calls | s | ideal s | ideal ÷ s | 429 |", "|---|--:|--:|--:|--:|--:|"]
    rows = [
        f"| {line.name} | {line.calls} | {line.seconds:.2f} | {ideal(line.calls):.2f} "
        f"| {ideal(line.calls) / line.seconds:.2f} | {line.refused} |"
        for line in lines
    ]
    return "\n".join([f"### {title}", "", *head, *rows, ""])
