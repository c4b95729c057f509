"""The door to a workspace: a SQLite file or a PostgreSQL schema, and its transactions.

`read()` and `write()` are one transaction each, committed when the block ends and rolled back
when it raises. Fetch first, then open one: no transaction is open while a CRM is called.
"""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)

from rules.language import Text, cause
from service.store.failures import explain, is_defect

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

try:
    from pysqlite3 import dbapi2 as _bundled
except ImportError:  # only published for Linux
    _bundled = sqlite3

# What `read()` and `write()` hand out, for stages that pass it on without knowing SQL.
Transaction: TypeAlias = Connection

# Before 3.51.3, WAL can corrupt a file that several processes write (sqlite.org/wal.html).
_SAFE_WAL = (3, 51, 3)
_WRITES = "arpent_writes"
_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_BUSY_MILLISECONDS = 10_000
_POSTGRES_SETTINGS = {
    "lock_timeout": "10s",
    "statement_timeout": "120s",
    "idle_in_transaction_session_timeout": "60s",
}


class StoreError(Exception):
    """The store can't do what was asked. The message says what, where, and the next step."""

    def __init__(self, message: Text) -> None:
        super().__init__(message.en)
        self.message = message


class MistakenError(StoreError):
    """What was asked for can't be, whatever the store does: the command or a setting is wrong."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open workspace. `place` names it for people, without a password."""

    engine: Engine
    place: str
    schema: str | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether the workspace is a file."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that sees one state of the store from its first statement on."""
        engine = self.engine
        if not self.is_sqlite:
            engine = engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with self._named_failures(), engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that writes; on SQLite it holds the write lock from its start.

        Raises `StoreError` when the store stays busy, is full, or can't be reached; then nothing
        of the block is kept.
        """
        engine = self.engine.execution_options(**{_WRITES: True})
        with self._named_failures(), engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection. Idempotent."""
        self.engine.dispose()

    @contextmanager
    def _named_failures(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError, ProgrammingError) as error:
            if is_defect(error):
                raise
            raise StoreError(explain(error, self.place)) from error


def open_store(url: str) -> Store:
    """The workspace at a URL: `sqlite:///path/file` or `postgresql://host/base?schema=name`.

    A missing SQLite file is created, empty, for its owner's eyes only. The tables are the
    business of `service.store.schema`. Raises `StoreError` when the place can't be opened.
    """
    parsed: URL | None = None
    # The parser's own error quotes the URL, and with it the password: ours does not carry it.
    with suppress(ArgumentError, ValueError):
        parsed = make_url(url)
    if parsed is None:
        raise MistakenError(_UNREADABLE_URL)
    match parsed.get_backend_name():
        case "sqlite":
            store = _open_sqlite(parsed)
        case "postgresql" | "postgres":
            store = _open_postgresql(parsed)
        case _:
            raise MistakenError(_UNREADABLE_URL)
    _verify(store)
    return store


def sqlite_driver() -> tuple[ModuleType, bool]:
    """The SQLite driver to use, and whether several processes may share a file in WAL mode."""
    if _bundled.sqlite_version_info >= _SAFE_WAL:
        return _bundled, True
    return sqlite3, sqlite3.sqlite_version_info >= _SAFE_WAL


def _open_sqlite(url: URL) -> Store:
    if not url.database or url.database == ":memory:":
        raise MistakenError(
            Text(
                "L'espace de travail doit être un fichier, et l'adresse « sqlite:// » n'en nomme "
                "pas. Écrivez par exemple sqlite:///arpent.sqlite3.",
                'The workspace must be a file, and the address "sqlite://" names none. '
                "Write for example sqlite:///arpent.sqlite3.",
            )
        )
    path = Path(url.database).expanduser().absolute()
    _create_private(path)
    driver, is_wal_safe = sqlite_driver()
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=driver,
        hide_parameters=True,
        connect_args={"timeout": _BUSY_MILLISECONDS / 1000, "check_same_thread": False},
    )
    _configure_sqlite(engine, "WAL" if is_wal_safe else "TRUNCATE")
    return Store(engine, str(path))


def _create_private(path: Path) -> None:
    """Create what is missing of a file's folders (0700) and the empty file itself (0600)."""
    try:
        missing = [folder for folder in path.parents if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            Text(
                f"Le fichier {path} ne peut être ni créé ni écrit ({cause(error).fr}). "
                f"Vérifiez les droits du dossier {path.parent}, ou choisissez un autre "
                "emplacement dans ARPENT_DATABASE_URL.",
                f"The file {path} can be neither created nor written ({cause(error).en}). "
                f"Check the permissions of the folder {path.parent}, or choose another place "
                "in ARPENT_DATABASE_URL.",
            )
        ) from error


def _configure_sqlite(engine: Engine, journal_mode: str) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: "DBAPIConnection", _entry: "ConnectionPoolEntry") -> None:
        # The driver must not open transactions by itself: `begin` below does.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={_BUSY_MILLISECONDS}",
            f"journal_mode={journal_mode}",
            "foreign_keys=ON",
            "synchronous=FULL",
            "cache_size=-16384",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred transaction that starts to write late fails at once when another writes.
        is_writer = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


def _open_postgresql(url: URL) -> Store:
    query = dict(url.query)
    schema = query.pop("schema", None)
    options = [str(query.pop("options"))] if "options" in query else []
    if schema is not None and not (isinstance(schema, str) and _SCHEMA_NAME.fullmatch(schema)):
        raise MistakenError(
            Text(
                "Le schéma nommé après « ?schema= » doit être fait de minuscules, de chiffres et "
                "de « _ ». Corrigez ARPENT_DATABASE_URL.",
                'The schema named after "?schema=" must be made of lower-case letters, digits '
                'and "_". Correct ARPENT_DATABASE_URL.',
            )
        )
    settings = _POSTGRES_SETTINGS | ({"search_path": schema} if schema else {})
    options += [f"-c {name}={value}" for name, value in settings.items()]
    engine = create_engine(
        url.set(drivername="postgresql+psycopg", query=query),
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"options": " ".join(options), "connect_timeout": 10},
    )
    place = f"{url.host or 'localhost'}:{url.port or 5432}/{url.database or ''}"
    return Store(engine, f"{place} ({schema})" if schema else place, schema)


def _verify(store: Store) -> None:
    """Reach the database once, so that a wrong place is told here and not in the middle of work."""
    failure: Text | None = None
    try:
        with store.engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT count(*) FROM sqlite_master" if store.is_sqlite else "SELECT 1"
            )
    except DBAPIError as error:
        failure = explain(error, store.place)
    # Raised out here: the driver's own error keeps the password that it tried.
    if failure is not None:
        store.close()
        raise StoreError(failure)


_UNREADABLE_URL = Text(
    "L'adresse de la base ne se lit pas. Écrivez sqlite:///chemin/arpent.sqlite3 ou "
    "postgresql://utilisateur:motdepasse@serveur/base dans ARPENT_DATABASE_URL.",
    "The address of the database can't be read. Write sqlite:///path/arpent.sqlite3 or "
    "postgresql://user:password@server/database in ARPENT_DATABASE_URL.",
)
