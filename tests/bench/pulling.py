"""Pulling companies into SQLite, beside a bare loop and beside the SDK's typed models.

All three read the same pages from a server of pre-serialised answers. The bare loop decodes with
orjson and `executemany`s tuples into a table of the same columns, and nothing else: no links, no
history, no dirty set, no cursor, no typing of values. The SDK's loop only makes its typed models.
The second pull re-reads what is stored already.
"""

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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

COLUMNS = (
    "name", "domain", "hubspot_owner_id", "createdate", "hs_lastmodifieddate", "lifecyclestage",
    "potentiel_annuel", "industry", "numberofemployees", "cycle_de_vente", "arpent_tier",
    "arpent_priority", "arpent_next_contact", "arpent_why", "arpent_challenge", "arpent_segment",
    "arpent_quadrant", "arpent_contact_status",
)  # fmt: skip
PATH = "/crm/objects/2026-09/companies"


@contextmanager
def canned(records: int) -> Iterator[str]:
    """The address of a server of that many companies, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.canned", str(records)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def bare(url: str, file: Path) -> None:
    """Decode and `executemany`, 5,000 rows a transaction."""
    database = sqlite3.connect(file)
    database.execute(f"CREATE TABLE company (id TEXT PRIMARY KEY, {', '.join(COLUMNS)})")
    insert = f"INSERT INTO company VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"  # noqa: S608 - constants
    rows: list[tuple[str | None, ...]] = []
    with httpx.Client(base_url=url) as client:
        after: str | None = ""
        while after is not None:
            query = {"limit": "100", "properties": ",".join(COLUMNS)} | (
                {"after": after} if after else {}
            )
            answer = orjson.loads(client.get(PATH, params=query).content)
            for each in answer["results"]:
                values = each["properties"]
                rows.append((each["id"], *(values[name] for name in COLUMNS)))
            after = answer.get("paging", {}).get("next", {}).get("after")
            if len(rows) >= 5_000 or after is None:
                with database:
                    database.executemany(insert, rows)
                rows.clear()
    database.close()


def typed(url: str) -> None:
    """The SDK's own models, page after page, kept nowhere."""
    sdk = Sdk(access_token="-", host=url)  # noqa: S106 - opens nothing
    api = sdk.crm.companies.basic_api
    after: str | None = None
    while True:
        page = api.get_page(limit=100, after=after, properties=list(COLUMNS))
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


def ours(connector: Connector, store: Store, connection_id: int) -> None:
    """The pull of the accounts, as a cycle does it."""
    pull.run(
        store, connector, connection_id=connection_id, run_id=None, now=lambda: 1_800_000_000_000,
        kinds=[Kind.ACCOUNT], full=True,
    )  # fmt: skip


def run(records: int = 50_000) -> str:
    """The race, as a Markdown table."""
    with tempfile.TemporaryDirectory() as name, canned(records) as url:
        connector = open_connector("hubspot", token=SecretStr("-"), base_url=url)
        kept = prepared(_folder(name, "kept"))
        ours(connector, *kept)
        numbers = iter(range(1_000))
        lines = race(
            {
                "bare decode + executemany": lambda: bare(
                    url, Path(name) / f"{next(numbers)}.sqlite3"
                ),
                "arpent, first pull": lambda: ours(
                    connector, *prepared(_folder(name, str(next(numbers))))
                ),
                "arpent, same records again": lambda: ours(connector, *kept),
                "the SDK's typed models, kept nowhere": lambda: typed(url),
            }
        )
        connector.close()
    return table(f"Pulling {records:,} companies into SQLite", lines, records=records)


def _folder(name: str, part: str) -> Path:
    folder = Path(name) / part
    folder.mkdir()
    return folder


if __name__ == "__main__":
    print(run(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000))  # noqa: T201
