"""Workspaces to fill: the shipped playbook is in force, and a connection is there to pull over."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from connectors.base import Identity
from rules.rulebook import compile_rulebook
from service.app import read_playbook
from service.settings import SHIPPED_PLAYBOOK
from service.store import connections, rulebooks, schema
from service.store.engine import Store, open_store
from tests import postgres

IDENTITY = Identity(
    vendor="hubspot", account_id="1", name="bench", time_zone="America/Toronto", currency="CAD"
)


@contextmanager
def served(module: str, *arguments: str) -> Iterator[str]:
    """The address of a server that runs in a process of its own."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def migrated(url: str) -> Store:
    """A workspace with its tables, and nothing in them."""
    store = open_store(url)
    schema.upgrade(store)
    return store


def in_file(folder: Path, name: str = "bench") -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{folder / name}.sqlite3"


@contextmanager
def server() -> Iterator[str]:
    """The URL of a PostgreSQL database that is empty and our own."""
    with postgres.server() as address:
        with postgres.connect(address) as connection:
            connection.execute("CREATE DATABASE arpent_bench TEMPLATE template0")
        try:
            yield postgres.with_database(address, "arpent_bench")
        finally:
            with postgres.connect(address) as connection:
                connection.execute("DROP DATABASE arpent_bench WITH (FORCE)")


def in_schema(database: str, name: str) -> str:
    """The URL of a new schema of a database."""
    with postgres.connect(database) as connection:
        connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(name)))
    return postgres.with_schema(database, name)


def driver(database: str) -> psycopg.Connection:
    """A connection to a PostgreSQL database without anything of ours around it."""
    connection = postgres.connect(database)
    connection.autocommit = False
    return connection


def prepared(url: str, identity: Identity = IDENTITY) -> tuple[Store, int]:
    """A store with the shipped playbook in force, and the connection to pull over."""
    store = migrated(url)
    with store.write() as connection:
        book = compile_rulebook(read_playbook(SHIPPED_PLAYBOOK))
        rulebooks.publish(connection, book, author="-", reason="-", now=1)
        return store, connections.save(connection, identity).id
