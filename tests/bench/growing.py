"""What becomes of memory and time as a workspace grows.

Memory: the peak of a process that pulls so many companies for the first time. Time: pulling,
tagging and computing the outbox at three sizes each; the exponent says how the time grows, 1 being
in proportion. Each pull is a process of its own, `python -m tests.bench.growing URL FILE`, which
prints its seconds and its peak in megabytes.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from connectors.hubspot.connector import HubSpot
from rules.owned import Owned
from rules.rulebook import Rulebook
from service.store import outbox
from service.store.engine import Store
from tests.bench import tagging
from tests.bench.bare import COMPANIES
from tests.bench.measuring import Aim, Report, at_most, growth, peak, seconds_of
from tests.bench.pulling import ours
from tests.bench.workspaces import in_file, migrated, prepared, served

SIZES = (10_000, 50_000, 200_000)
# What never leaves the database grows further.
STAGE_SIZES = (10_000, 100_000, 1_000_000)
# Beyond this, what is kept grows with the records.
FLAT = 1.25
LINEAR = 1.15


def run() -> Report:
    """The pulls, then the stages that only look at the store."""
    pulls = {size: _pulled(size) for size in SIZES}
    peaks = {size: each["megabytes"] for size, each in pulls.items()}
    flat = at_most(
        f"memory of a pull: peak at {SIZES[-1]:,} ÷ peak at {SIZES[0]:,} companies",
        FLAT,
        peaks[SIZES[-1]] / peaks[SIZES[0]],
    )
    pulling = _Grown("pull", {size: each["seconds"] for size, each in pulls.items()})
    stages = [_Grown(name, seconds) for name, seconds in _stages().items()]
    memory = "| peak of a pull, MB | " + _cells(peaks, "{:.0f}") + f" | {flat.found} |"
    text = "\n".join(
        [
            "### Memory and time by size, SQLite", "", *_head(SIZES), memory, pulling.row, "",
            *_head(STAGE_SIZES), *(each.row for each in stages), "",
        ]
    )  # fmt: skip
    return Report(text, [flat, pulling.aim, *(each.aim for each in stages)])


@dataclass(frozen=True, slots=True)
class _Grown:
    """The seconds of a stage by size."""

    stage: str
    seconds: Mapping[int, float]

    @property
    def aim(self) -> Aim:
        return at_most(f"{self.stage}: exponent of growth", LINEAR, growth(self.seconds))

    @property
    def row(self) -> str:
        return f"| {self.stage}, s | {_cells(self.seconds, '{:.2f}')} | {self.aim.found} |"


def _head(sizes: Sequence[int]) -> list[str]:
    head = " | ".join(f"{size:,}" for size in sizes)
    return [f"| accounts | {head} | ratio, exponent |", "|---|" + "--:|" * (len(sizes) + 1)]


def _cells(figures: Mapping[int, float], layout: str) -> str:
    return " | ".join(layout.format(each) for each in figures.values())


def _pulled(size: int) -> dict[str, float]:
    """A first pull of so many companies, by a process of its own."""
    with tempfile.TemporaryDirectory() as name, served("tests.bench.canned", str(size)) as url:
        command = [sys.executable, "-m", "tests.bench.growing", url, in_file(Path(name))]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _pull(url: str, database: str) -> dict[str, float]:
    """What the process does: read one page, so that the server is ready, then pull."""
    connector = HubSpot(SecretStr("-"), base_url=url)
    store, connection_id = prepared(database)
    next(iter(connector.pull(COMPANIES.kind, None, [], tuple(Owned))))
    started = time.perf_counter()
    ours(connector, store, connection_id, COMPANIES)
    seconds = time.perf_counter() - started
    store.close()
    connector.close()
    return {"seconds": seconds, "megabytes": peak()}


def _stages() -> dict[str, dict[int, float]]:
    """Tagging everything for the first time, then turning the tags into what is owed."""
    book = tagging.rulebook()
    seconds: dict[str, dict[int, float]] = {"tag": {}, "push (what is owed)": {}}
    for size in STAGE_SIZES:
        with tempfile.TemporaryDirectory() as name:
            store = migrated(in_file(Path(name)))
            tagging.fill(store, size)
            seconds["tag"][size] = min(_tagged(store, book) for _ in range(2))
            seconds["push (what is owed)"][size] = seconds_of(lambda: _owe(store, book))  # noqa: B023 - called at once
            store.close()
    return seconds


def _tagged(store: Store, book: Rulebook) -> float:
    with store.write() as connection:
        tagging.empty(connection)
    return seconds_of(lambda: tagging.tag(store, book, 1, is_full=True))


def _owe(store: Store, book: Rulebook) -> None:
    """As `service.owe` does."""
    done = 1
    while done:
        with store.write() as connection:
            done = outbox.owe(connection, 1, book.written)


if __name__ == "__main__":
    print(json.dumps(_pull(*sys.argv[1:3])))  # noqa: T201 - told to the parent
