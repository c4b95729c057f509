"""Stores for every test that needs one: migrated once, empty at the start of each test.

`store` runs a test on SQLite and on PostgreSQL. SQLite's file is copied from a migrated one;
PostgreSQL's one migrated database is emptied, a hundred times faster than making another.
"""

import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from hypothesis import settings
from psycopg.sql import SQL, Composed, Identifier

import migrations
from service.store import schema
from service.store.engine import Store, open_store
from service.store.tables import metadata
from tests import postgres, statements

DATABASES = ("sqlite", "postgresql")
# What is printed is as wide as it likes, whichever test first loads what prints.
os.environ["COLUMNS"] = "200"
# The processes that tests start keep what Python compiles, as those of a person do: compiling the
# whole product each time would take as long as what they do.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
statements.share()
# The same examples in every run: a change is judged by what it changes. `make properties` draws
# others.
settings.register_profile("same", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("drawn", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("ARPENT_TEST_LAWS", "same"))
# What a run of the suite leaves out is done on another day; all its processes agree on the day.
os.environ.setdefault("ARPENT_TEST_DAY", str(datetime.now(UTC).toordinal()))
# What lives as long as the tests is not searched for garbage again and again: a twelfth of all.
gc.set_threshold(20_000, 50, 50)
# Tens of thousands of commits would wait for a disk to keep what nobody needs: they go to memory,
# where there is room for the files of several runs.
_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder there that is its user's alone
_ROOM = 4 * 1024**3
if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
_NAME = f"arpent_{os.getpid()}"
_numbers = count(1)


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end."""
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL database of this session's own, without any table."""
    with postgres.server() as server:
        with postgres.connect(server) as connection:
            connection.execute(_named("CREATE DATABASE {} TEMPLATE template0", _NAME))
        try:
            yield postgres.with_database(server, _NAME)
        finally:
            with postgres.connect(server) as connection:
                connection.execute(_named("DROP DATABASE {} WITH (FORCE)", _NAME))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "arpent.sqlite3"
    store = open_store(f"sqlite:///{path}")
    schema.upgrade(store)
    store.close()
    return path


@pytest.fixture(scope="session")
def postgres_workspace(postgres_url: str) -> str:
    """The URL of a migrated PostgreSQL schema, shared by all tests in turn."""
    url = postgres.with_schema(postgres_url, "workspace")
    store = open_store(url)
    schema.upgrade(store)
    store.close()
    return url


@pytest.fixture(scope="session")
def postgres_emptying(postgres_url: str) -> Iterator[psycopg.Connection]:
    """The one connection that empties tables: a new one takes longer to learn of them all."""
    with postgres.connect(postgres_url) as connection:
        yield connection


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on."""
    name: str = request.param
    return name


@pytest.fixture
def empty_url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database without any table."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    server: str = request.getfixturevalue("postgres_url")
    with _empty_schema(server) as name:
        yield postgres.with_schema(server, name)


@pytest.fixture
def store_url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a workspace with its tables, and nothing in them."""
    if database == "sqlite":
        path = tmp_path / "arpent.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("postgres_workspace")
    _empty_tables(request.getfixturevalue("postgres_emptying"), "workspace")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A workspace with its tables, and nothing in them."""
    opened = open_store(store_url)
    yield opened
    opened.close()


@contextmanager
def _empty_schema(server: str) -> Iterator[str]:
    name = f"empty_{next(_numbers)}"
    with postgres.connect(server) as connection:
        connection.execute(_named("CREATE SCHEMA {}", name))
        yield name
        connection.execute(_named("DROP SCHEMA {} CASCADE", name))


def _empty_tables(connection: psycopg.Connection, name: str) -> None:
    """Bring a schema back to where the migrations left it, whoever still holds on to it."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    connection.execute(_named("SET search_path TO {}", name))
    # In one message: what waits for the server dozens of times takes longer than the test.
    connection.execute(
        SQL("; ").join(
            _named("DELETE FROM {}", table.name) for table in reversed(metadata.sorted_tables)
        )
    )
    connection.execute("UPDATE alembic_version SET version_num = %s", [migrations.HEAD])
    connection.execute(
        "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, start_value, "
        "false) FROM pg_sequences WHERE schemaname = %s AND last_value IS NOT NULL",
        [name],
    )


def _named(statement: LiteralString, name: str) -> Composed:
    return SQL(statement).format(Identifier(name))
