"""Copies of a whole workspace, whatever its database: every table into a SQLite file, and back.

A copy is one state of the store, taken while others work; putting one back is one transaction.
What belongs to processes at work (leases) is neither copied nor replaced.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, delete, func, insert, select

from rules.time import Instant
from service.store import schema
from service.store.engine import Store, StoreError, open_store, sqlite_driver
from service.store.tables import cursor, lease, metadata, run

# In a copy only: when it was made.
_stamp = Table("arpent_copy", MetaData(), Column("taken_at", BigInteger, nullable=False))
_AT_ONCE = 10_000


def copy_to(store: Store, path: Path, now: Instant) -> int:
    """Copy the workspace into a new SQLite file; returns how many rows. The file is private."""
    target = open_store(f"sqlite:///{path}")
    try:
        schema.upgrade(target)
        with store.read() as source, target.write() as connection:
            count = sum(_copy(source, connection, table) for table in _copied())
            _stamp.create(connection)
            connection.execute(insert(_stamp).values(taken_at=now))
    finally:
        target.close()
    # A file alone, without a journal beside it.
    driver, _ = sqlite_driver()
    with closing(driver.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return count


def taken_at(path: Path) -> Instant | None:
    """When a copy was made; None when a file is no copy of a workspace, or is damaged."""
    driver, _ = sqlite_driver()
    try:
        with closing(driver.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                return None
            row = connection.execute("SELECT taken_at FROM arpent_copy").fetchone()
            return None if row is None else int(row[0])
    except driver.Error:
        return None


def put_back(store: Store, path: Path, now: Instant) -> int:
    """Make a workspace what a copy holds, in one transaction; returns how many rows.

    It is a run, whose number is higher than any that was given before or in the copy.
    The copy is brought to this program's revision first. Each stream will be read from its
    beginning: what the CRM has become since is news.
    """
    with _opened(path) as source, source.read() as found, store.write() as connection:
        last_run = _last_run(connection)
        for table in reversed(_copied()):
            connection.execute(delete(table))
        count = sum(_copy(found, connection, table) for table in _copied())
        _record(connection, max(last_run, _last_run(connection)) + 1, now)
        connection.execute(delete(cursor))
        if not store.is_sqlite:
            _set_sequences(connection)
    return count


@contextmanager
def _opened(path: Path) -> Iterator[Store]:
    """A copy at this program's revision; the file itself stays as it is."""
    with TemporaryDirectory(prefix="arpent-") as folder:
        working = Path(folder) / "copy.sqlite3"
        shutil.copyfile(path, working)
        source = open_store(f"sqlite:///{working}")
        try:
            schema.upgrade(source)
            yield source
        finally:
            source.close()


def _last_run(connection: Connection) -> int:
    last: int = connection.execute(select(func.coalesce(func.max(run.c.id), 0))).scalar_one()
    return last


def _record(connection: Connection, run_id: int, now: Instant) -> None:
    connection.execute(
        insert(run).values(
            id=run_id, command="restore", started_at=now, finished_at=now, state="done", counts="{}"
        )
    )


def require_idle(connection: Connection, message: StoreError) -> None:
    """Raise `message` while somebody holds a lease."""
    busy = select(lease.c.name).where(lease.c.holder.is_not(None)).limit(1)
    if connection.execute(busy).first() is not None:
        raise message


def _copied() -> list[Table]:
    """The tables, those that others refer to first."""
    return [table for table in metadata.sorted_tables if table is not lease]


def _copy(source: Connection, target: Connection, table: Table) -> int:
    count = 0
    for rows in _read(source, table):
        target.execute(insert(table), rows)
        count += len(rows)
    return count


def _read(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """The rows of a table, some thousands at a time."""
    streamed = source.execution_options(stream_results=True, yield_per=_AT_ONCE)
    for rows in streamed.execute(select(table)).mappings().partitions():
        yield [dict(row) for row in rows]


def _set_sequences(connection: Connection) -> None:
    """PostgreSQL goes on counting after the highest id that was put back."""
    for table in _copied():
        key = table.autoincrement_column
        if key is None:
            continue
        sequence = func.pg_get_serial_sequence(f'"{table.name}"', key.name)
        highest = select(func.coalesce(func.max(key), 0) + 1).scalar_subquery()
        connection.execute(
            select(func.setval(sequence, highest, False)).where(sequence.is_not(None))
        )
