"""Pulling into SQLite, beside a bare loop and beside the SDK's typed models.

All read the same pages from a server of pre-serialised answers. The bare loop decodes with orjson
and `executemany`s tuples into a table of the same columns, and nothing else: no links, no
history, no dirty set, no cursor, no typing of values. The SDK's loop only makes its typed models.
A first pull goes into a workspace that is ready and has nothing of the stream; the other one
re-reads what is stored already.
"""

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import orjson
from hubspot import HubSpot as Sdk
from pydantic import SecretStr

from connectors.base import Connector, Identity
from connectors.registry import open_connector
from rules.records import Kind
from rules.rulebook import compile_rulebook
from service import pull
from service.settings import SHIPPED_PLAYBOOK
from service.store import connections, rulebooks, schema
from service.store.engine import Store, open_store
from tests.bench.measuring import race, table


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What is pulled: our kind, HubSpot's object, its properties and the size of its pages."""

    kind: Kind
    name: str
    columns: Sequence[str]
    page_size: int = 100

    @property
    def path(self) -> str:
        """Where HubSpot lists it."""
        return f"/crm/objects/2026-09/{self.name}"


COMPANIES = Stream(
    kind=Kind.ACCOUNT, name="companies",
    columns=(
        "name", "domain", "hubspot_owner_id", "createdate", "hs_lastmodifieddate",
        "lifecyclestage", "potentiel_annuel", "industry", "numberofemployees", "cycle_de_vente",
        "arpent_tier", "arpent_priority", "arpent_next_contact", "arpent_why",
        "arpent_challenge", "arpent_segment", "arpent_quadrant", "arpent_contact_status",
    ),
)  # fmt: skip
DEALS = Stream(
    kind=Kind.OPPORTUNITY, name="deals", page_size=50,
    columns=(
        "dealname", "dealstage", "amount", "deal_currency_code", "hubspot_owner_id",
        "amount_in_home_currency", "createdate", "closedate", "hs_lastmodifieddate",
    ),
)  # fmt: skip
CALLS = Stream(
    kind=Kind.ACTIVITY, name="calls",
    columns=(
        "hs_timestamp", "hubspot_owner_id", "hs_lastmodifieddate", "hs_call_status",
        "hs_call_disposition", "hs_call_duration",
    ),
)  # fmt: skip
ROUNDS = 3


@contextmanager
def canned(records: int) -> Iterator[str]:
    """The address of a server of that many records of each, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.canned", str(records)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def bare(url: str, file: Path, stream: Stream) -> None:
    """Decode and `executemany`, 5,000 rows a transaction."""
    columns, size = stream.columns, str(stream.page_size)
    database = sqlite3.connect(file)
    database.execute(f"CREATE TABLE record (id TEXT PRIMARY KEY, {', '.join(columns)})")
    insert = f"INSERT INTO record VALUES ({', '.join('?' * (len(columns) + 1))})"  # noqa: S608 - constants
    rows: list[tuple[str | None, ...]] = []
    with httpx.Client(base_url=url) as client:
        after: str | None = ""
        while after is not None:
            query = {"limit": size, "properties": ",".join(columns)} | (
                {"after": after} if after else {}
            )
            answer = orjson.loads(client.get(stream.path, params=query).content)
            for each in answer["results"]:
                values = each["properties"]
                rows.append((each["id"], *(values[name] for name in columns)))
            after = answer.get("paging", {}).get("next", {}).get("after")
            if len(rows) >= 5_000 or after is None:
                with database:
                    database.executemany(insert, rows)
                rows.clear()
    database.close()


def typed(url: str) -> None:
    """The SDK's own models of companies, page after page, kept nowhere."""
    sdk = Sdk(access_token="-", host=url)  # noqa: S106 - opens nothing
    api = sdk.crm.companies.basic_api
    after: str | None = None
    while True:
        page = api.get_page(limit=100, after=after, properties=list(COMPANIES.columns))
        if page.paging is None or page.paging.next is None:
            return
        after = page.paging.next.after


def prepared(folder: Path) -> tuple[Store, int]:
    """A store with the shipped playbook in force and a connection to pull over."""
    store = open_store(f"sqlite:///{folder / 'bench.sqlite3'}")
    schema.upgrade(store)
    files = {
        path.relative_to(SHIPPED_PLAYBOOK).as_posix(): path.read_text(encoding="utf-8")
        for path in SHIPPED_PLAYBOOK.rglob("*.yaml")
    }
    identity = Identity(
        vendor="hubspot", account_id="1", name="bench", time_zone="America/Toronto", currency="CAD"
    )
    with store.write() as connection:
        rulebooks.publish(connection, compile_rulebook(files), author="-", reason="-", now=1)
        return store, connections.save(connection, identity).id


def ours(connector: Connector, store: Store, connection_id: int, kind: Kind) -> None:
    """The pull of a stream, as a cycle does it."""
    pull.run(
        store, connector, connection_id=connection_id, run_id=None, now=lambda: 1_800_000_000_000,
        kinds=[kind], full=True,
    )  # fmt: skip


def run(records: int = 50_000) -> str:
    """The races, as Markdown tables."""
    with tempfile.TemporaryDirectory() as name, canned(records) as url:
        connector = open_connector("hubspot", token=SecretStr("-"), base_url=url)
        kept, *fresh = [prepared(_folder(name, str(number))) for number in range(1 + ROUNDS)]
        tables = []
        for stream in (COMPANIES, DEALS, CALLS):
            ours(connector, *kept, stream.kind)
            unread, files = iter(fresh), iter(_files(name, stream))
            contestants: dict[str, Callable[[], object]] = {
                "bare decode + executemany": partial(_bare, url, files, stream),
                "arpent, first pull": partial(_first, connector, unread, stream.kind),
                "arpent, same records again": partial(ours, connector, *kept, stream.kind),
            }
            if stream is COMPANIES:
                contestants["the SDK's typed models, kept nowhere"] = partial(typed, url)
            lines = race(contestants, rounds=ROUNDS)
            title = f"Pulling {records:,} {stream.name} into SQLite"
            tables.append(table(title, lines, records=records))
        connector.close()
    return "\n".join(tables)


def _bare(url: str, files: Iterator[Path], stream: Stream) -> None:
    bare(url, next(files), stream)


def _first(connector: Connector, unread: Iterator[tuple[Store, int]], kind: Kind) -> None:
    ours(connector, *next(unread), kind)


def _files(name: str, stream: Stream) -> list[Path]:
    return [Path(name) / f"{stream.name}-{number}.sqlite3" for number in range(ROUNDS)]


def _folder(name: str, part: str) -> Path:
    folder = Path(name) / part
    folder.mkdir()
    return folder


if __name__ == "__main__":
    print(run(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000))  # noqa: T201
