"""Pulling many accounts of a CRM that gives them as CSV, beside a bare loop; what both do alike.

The bare loop reads the CSV of the same columns from the same server through `csv.reader` into
`executemany`, five thousand rows a transaction, all as text. The memory is that of a process of its
own, `python -m MODULE URL FILE`, which pulls once and prints its peak in megabytes.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any

from connectors.base import Connector, Identity
from rules.records import Kind
from service import pull
from service.store.engine import Store, sqlite_driver
from tests.bench.bare import TOGETHER
from tests.bench.measuring import Report, at_least, at_most, peak, race, table
from tests.bench.workspaces import in_file, prepared, served

# Beyond this, what is kept grows with the records.
FLAT = 1.25
_BARE, _FIRST, _AGAIN = "bare loop", "arpent, first pull", "arpent, same records again"

# The rows of each page of a job, as they arrive from an address.
Pages = Iterator[Iterator[list[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """A CRM that gives its accounts in bulk.

    `title` is what people call it, `server` the module that is its canned self, `module` the one
    whose process is measured, `columns` and `pages` what the bare loop reads.
    """

    title: str
    identity: Identity
    server: str
    module: str
    connected: Callable[[str], Connector]
    columns: Sequence[str]
    pages: Callable[[str], Pages]

    def workspace(self, file: str) -> tuple[Store, int]:
        """A store that is ready for the accounts."""
        return prepared(file, self.identity)

    def into_sqlite(self, url: str, file: Path) -> None:
        """Keep what a job has in a new file; with the driver and the settings of a store."""
        database: Any = sqlite_driver()[0].connect(file, isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        names = ", ".join(self.columns)
        database.execute(f"CREATE TABLE record ({names}, PRIMARY KEY ({self.columns[0]}))")
        places = ", ".join("?" * len(self.columns))
        insert = f"INSERT INTO record VALUES ({places})"  # noqa: S608 - constants
        for rows in self.pages(url):
            while some := list(islice(rows, TOGETHER)):
                database.execute("BEGIN IMMEDIATE")
                database.executemany(insert, some)
                database.execute("COMMIT")
        database.close()

    def peak(self, url: str, file: str) -> float:
        """The most megabytes of this process, once it has pulled."""
        connector, (store, connection_id) = self.connected(url), self.workspace(file)
        ours(connector, store, connection_id)
        store.close()
        connector.close()
        return peak()

    def run(self, size: int, *, small: int = 10_000, rounds: int = 2) -> Report:
        """The race, then the memory at a small size and at this one."""
        numbers = count()
        with tempfile.TemporaryDirectory() as name, served(self.server, str(size)) as url:
            folder, connector = Path(name), self.connected(url)
            kept = self.workspace(in_file(folder, "kept"))
            ours(connector, *kept)
            fresh = [self.workspace(in_file(folder, f"ours{each}")) for each in range(rounds)]
            contestants: dict[str, Callable[[], object]] = {
                _BARE: lambda: self.into_sqlite(url, folder / f"bare{next(numbers)}.sqlite3"),
                _FIRST: lambda: ours(connector, *fresh.pop()),
                _AGAIN: partial(ours, connector, *kept),
            }
            lines = race(contestants, rounds=rounds)
            connector.close()
        what = f"of {size:,} accounts in bulk, speed ÷ that of the bare loop"
        aims = [
            at_least(f"{self.title}, {which} {what}", 0.5, 1 / line.ratio)
            for which, line in zip(("first pull", "same again"), lines[1:], strict=True)
        ]
        peaks = {each: self._peak_of(each) for each in (small, size)}
        what = f"{self.title}, memory of a pull: peak at {size:,} ÷ peak at {small:,} accounts"
        aims.append(at_most(what, FLAT, peaks[size] / peaks[small]))
        title = f"Pulling {size:,} accounts of {self.title} in bulk into SQLite"
        told = ", ".join(f"{found:.0f} MB at {each:,}" for each, found in peaks.items())
        return Report(f"{table(title, lines, records=size)}\nPeak of a pull: {told}.\n", aims)

    def _peak_of(self, size: int) -> float:
        """The megabytes of a first pull of so many accounts, by a process of its own."""
        with tempfile.TemporaryDirectory() as name, served(self.server, str(size)) as url:
            command = [sys.executable, "-m", self.module, url, in_file(Path(name))]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(done.stdout)


def ours(connector: Connector, store: Store, connection_id: int) -> None:
    """The pull of the accounts, as a cycle does it."""
    pull.run(
        store, connector, connection_id=connection_id, run_id=None, now=lambda: 1_800_000_000_000,
        kinds=[Kind.ACCOUNT], full=True,
    )  # fmt: skip
