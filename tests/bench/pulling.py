"""Pulling into SQLite and PostgreSQL, beside a bare loop and beside the SDK's typed models.

All read the same pages from a server of pre-serialised answers. `tests.bench.bare` is the
reference. The SDK's loop only makes its typed models, and the connector's only its records:
neither keeps anything. A first pull goes into a workspace that is ready and has nothing of the
stream; the other one reads again what is stored already.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

from hubspot import HubSpot as Sdk
from pydantic import SecretStr

from connectors.base import Connector
from connectors.hubspot.connector import HubSpot
from rules.owned import Owned
from service import pull
from service.store import bindings
from service.store.engine import Store
from tests.bench.bare import CALLS, COMPANIES, DEALS, Stream, into_postgres, into_sqlite
from tests.bench.measuring import Aim, Line, Report, at_least, race, table
from tests.bench.workspaces import driver, in_file, in_schema, prepared, served, server

STREAMS = (COMPANIES, DEALS, CALLS)
BARE, FIRST, AGAIN = "bare loop", "arpent, first pull", "arpent, same records again"
SDK, RECORDS = "the SDK's typed models, kept nowhere", "arpent's records, kept nowhere"

Workspace = tuple[Store, int]


def ours(connector: Connector, store: Store, connection_id: int, stream: Stream) -> None:
    """The pull of a stream, as a cycle does it."""
    pull.run(
        store, connector, connection_id=connection_id, run_id=None, now=lambda: 1_800_000_000_000,
        kinds=[stream.kind], full=True,
    )  # fmt: skip


def records(connector: Connector, workspace: Workspace, stream: Stream) -> None:
    """The connector alone: its records, page after page, kept nowhere."""
    with workspace[0].read() as connection:
        bound = bindings.load_bindings(connection, "hubspot")
    for _ in connector.pull(stream.kind, None, bound, tuple(Owned)):
        pass


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


def _into_new(connector: Connector, made: Callable[[], Workspace], stream: Stream) -> None:
    store, connection_id = made()
    ours(connector, store, connection_id, stream)
    store.close()


def _prepared_before(make: Callable[[], Workspace], rounds: int) -> Callable[[], Workspace]:
    """Workspaces that are made now, one for each call."""
    ready = [make() for _ in range(rounds)]
    return ready.pop


@contextmanager
def connected(size: int) -> Iterator[tuple[str, Connector]]:
    """A server of so many records of each kind, and a connector to it."""
    with served("tests.bench.canned", str(size)) as url:
        connector = HubSpot(SecretStr("-"), base_url=url)
        yield url, connector
        connector.close()


def _race(
    stream: Stream, connector: Connector, make: Callable[[], Workspace], rounds: int,
    *, bare: Callable[[], object], others: Mapping[str, Callable[[Workspace], object]],
) -> list[Line]:  # fmt: skip
    kept = make()
    ours(connector, *kept, stream)
    contestants: dict[str, Callable[[], object]] = {
        BARE: bare,
        FIRST: partial(_into_new, connector, _prepared_before(make, rounds), stream),
        AGAIN: partial(ours, connector, *kept, stream),
    }
    contestants |= {name: partial(work, kept) for name, work in others.items()}
    lines = race(contestants, rounds=rounds)
    kept[0].close()
    return lines


def _aims(stream: Stream, lines: list[Line], database: str) -> list[Aim]:
    by_name = {line.name: line for line in lines}
    aims = [
        at_least(
            f"{database}: {which} of {stream.name}, speed ÷ that of the bare loop",
            0.5,
            1 / by_name[name].ratio,
        )
        for which, name in (("first pull", FIRST), ("same again", AGAIN))
    ]
    if SDK in by_name:
        aims += [
            at_least(
                f"{name.removeprefix('arpent, ')} of {stream.name}, speed ÷ that of the SDK's "
                "models alone",
                4,
                by_name[SDK].seconds / by_name[name].seconds,
                " ×",
            )
            for name in (FIRST, AGAIN, RECORDS)
        ]
    return aims


def run(size: int = 50_000, rounds: int = 3) -> Report:
    """The races on SQLite."""
    tables, aims, numbers = [], [], count()
    with tempfile.TemporaryDirectory() as name, connected(size) as (url, connector):
        folder = Path(name)

        def make() -> Workspace:
            return prepared(in_file(folder, f"ours{next(numbers)}"))

        def bare(stream: Stream) -> None:
            into_sqlite(url, folder / f"bare{next(numbers)}.sqlite3", stream)

        for stream in STREAMS:
            others: dict[str, Callable[[Workspace], object]] = {}
            if stream is COMPANIES:
                others[SDK] = lambda _: typed(url)
                others[RECORDS] = lambda kept: records(connector, kept, COMPANIES)
            lines = _race(
                stream, connector, make, rounds, bare=partial(bare, stream), others=others
            )
            tables.append(table(f"Pulling {size:,} {stream.name} into SQLite", lines, records=size))
            aims += _aims(stream, lines, "SQLite")
    return Report("\n".join(tables), aims)


def run_on_postgres(size: int = 20_000, rounds: int = 3) -> Report:
    """The races on PostgreSQL."""
    tables, aims, numbers = [], [], count()
    with server() as database, connected(size) as (url, connector), driver(database) as plain:

        def make() -> Workspace:
            return prepared(in_schema(database, f"ours{next(numbers)}"))

        for stream in STREAMS:
            bare = partial(into_postgres, url, plain, stream)
            lines = _race(stream, connector, make, rounds, bare=bare, others={})
            title = f"Pulling {size:,} {stream.name} into PostgreSQL"
            tables.append(table(title, lines, records=size))
            aims += _aims(stream, lines, "PostgreSQL")
    return Report("\n".join(tables), aims)
