"""The loop that a pull is compared with: decode each page, keep what it holds, nothing else.

Texts are kept as they come, five thousand records a transaction: the values of each record, the
companies it belongs to, and the past values that the page tells. No typing of values, no ids of
our own, no comparison with what is there, no dirty set, no cursor.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from rules.records import Kind
from service.store.engine import sqlite_driver

TOGETHER = 5_000
# What is kept besides the values, and its key.
LINK = ("from_id", "to_id")
PAST = ("id", "field", "at", "value")
PAST_KEY = PAST[:3]

Row = tuple[str | None, ...]


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


@dataclass(slots=True)
class Kept:
    """The rows of some pages, by table."""

    record: list[Row] = field(default_factory=list)
    link: list[Row] = field(default_factory=list)
    past: list[Row] = field(default_factory=list)

    def add(self, stream: Stream, raw: Mapping[str, Any]) -> None:
        """Keep what a record says."""
        key, values = raw["id"], raw["properties"]
        self.record.append((key, *[values[name] for name in stream.columns]))
        if "associations" in raw:
            listed = raw["associations"]["companies"]["results"]
            self.link += [(key, company) for company in {entry["id"] for entry in listed}]
        if "propertiesWithHistory" in raw:
            for name, entries in raw["propertiesWithHistory"].items():
                self.past += [(key, name, entry["timestamp"], entry["value"]) for entry in entries]


def gathered(url: str, stream: Stream) -> Iterator[Kept]:
    """The decoded pages of a list, by those that are kept in one transaction."""
    query = {"limit": str(stream.page_size), "properties": ",".join(stream.columns)}
    kept = Kept()
    with httpx.Client(base_url=url) as client:
        after: str | None = ""
        while after is not None:
            place = {"after": after} if after else {}
            answer = orjson.loads(client.get(stream.path, params=query | place).content)
            for raw in answer["results"]:
                kept.add(stream, raw)
            after = answer.get("paging", {}).get("next", {}).get("after")
            if len(kept.record) >= TOGETHER or after is None:
                yield kept
                kept = Kept()


def into_sqlite(url: str, file: Path, stream: Stream) -> None:
    """Keep a list in a new file, by `executemany`; with the driver and the settings of a store."""
    database: Any = sqlite_driver()[0].connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    names = {"record": ("id", *stream.columns), "link": LINK, "past": PAST}
    database.execute(f"CREATE TABLE record (id TEXT PRIMARY KEY, {', '.join(stream.columns)})")
    database.execute(f"CREATE TABLE link ({_listed(LINK)}, PRIMARY KEY ({_listed(LINK)}))")
    database.execute(f"CREATE TABLE past ({_listed(PAST)}, PRIMARY KEY ({_listed(PAST_KEY)}))")
    inserts = {
        table: f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - constants
        for table, columns in names.items()
    }
    for kept in gathered(url, stream):
        database.execute("BEGIN IMMEDIATE")
        for table, insert in inserts.items():
            database.executemany(insert, getattr(kept, table))
        database.execute("COMMIT")
    database.close()


def into_postgres(url: str, connection: Connection, stream: Stream) -> None:
    """Keep a list in new tables, by COPY into a stage and a merge; the tables are dropped after."""
    tables: dict[str, tuple[Sequence[str], Sequence[str]]] = {
        "record": (("id", *stream.columns), ("id",)),
        "link": (LINK, LINK),
        "past": (PAST, PAST_KEY),
    }
    merges = {name: _created(connection, name, *each) for name, each in tables.items()}
    connection.commit()
    for kept in gathered(url, stream):
        for name, merge in merges.items():
            rows: list[Row] = getattr(kept, name)
            if rows:
                _copied(connection, name, rows)
                merge()
        connection.commit()
    for name in [*tables, *(f"stage_{each}" for each in tables)]:
        connection.execute(SQL("DROP TABLE {}").format(Identifier(name)))
    connection.commit()


def _created(
    connection: Connection, name: str, columns: Sequence[str], key: Sequence[str]
) -> Callable[[], object]:
    """Make a table of texts and the stage before it; returns what merges one into the other."""
    table, stage = Identifier(name), Identifier(f"stage_{name}")
    texts = SQL(", ").join(SQL("{} text").format(Identifier(each)) for each in columns)
    names = SQL(", ").join(map(Identifier, columns))
    keys = SQL(", ").join(map(Identifier, key))
    changes = [SQL("{0} = excluded.{0}").format(Identifier(each)) for each in columns]
    connection.execute(SQL("CREATE TABLE {} ({}, PRIMARY KEY ({}))").format(table, texts, keys))
    connection.execute(SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DELETE ROWS").format(stage, texts))
    merge = SQL(
        "INSERT INTO {0} ({1}) SELECT {1} FROM {2} ON CONFLICT ({3}) DO UPDATE SET {4}"
    ).format(table, names, stage, keys, SQL(", ").join(changes))
    return lambda: connection.execute(merge)


def _copied(connection: Connection, name: str, rows: Sequence[Row]) -> None:
    copy = SQL("COPY {} FROM STDIN").format(Identifier(f"stage_{name}"))
    with connection.cursor() as cursor, cursor.copy(copy) as stream:
        for row in rows:
            stream.write_row(row)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
