"""Many rows at once: write only what differs, read or delete by a list of keys.

SQLite gets one compiled statement and plain tuples; PostgreSQL gets a COPY into a temporary
stage and one merge. Everything happens in the caller's transaction.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2s
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    Dialect,
    Row,
    Select,
    Table,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.exc import DBAPIError

from rules.records import Value
from service.store.engine import sqlite_driver

# SQLite's driver first looks for an adapter of a value that is None or a boolean; where there is
# none, the search costs several times as much as the whole insertion of a text.
for _type, _adapted in ((type(None), {}.get), (bool, int)):
    sqlite_driver()[0].register_adapter(_type, _adapted)

# Under this many rows, the round trips of a COPY cost more than they save.
_COPY_FROM = 50


@dataclass(frozen=True, slots=True)
class _Upsert:
    """What to write where, and what a stored row with the same key means."""

    table: Table
    columns: tuple[str, ...]
    unless_equal: bool = False
    keeps_stored: bool = False


def bulk_upsert(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Value, ...]],
    *,
    unless_equal: bool = True,
) -> int:
    """Insert rows, or update those whose primary key is there; returns how many were written.

    `columns` holds the primary key and what to write, in the order of each tuple. With
    `unless_equal`, a row that is there with the same values is left alone. Of rows with the same
    key, the last counts.
    """
    return _run(connection, _Upsert(table, tuple(columns), unless_equal), rows)


def insert_missing(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Value, ...]],
) -> int:
    """Insert the rows whose primary key is not there yet; returns how many were."""
    return _run(connection, _Upsert(table, tuple(columns), keeps_stored=True), rows)


def bulk_delete(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    keys: Sequence[tuple[Value, ...]],
) -> int:
    """Delete the rows that match one of the keys; returns how many did."""
    if not keys:
        return 0
    matches = " AND ".join(f"{_quoted([name])} = {_mark(connection)}" for name in columns)
    statement = f'DELETE FROM "{table.name}" WHERE {matches}'  # noqa: S608 - our own names
    return connection.exec_driver_sql(statement, list(keys)).rowcount


def bulk_update(
    connection: Connection, table: Table, column: str, value: Value, ids: Collection[int]
) -> None:
    """Set one column of the rows with these ids."""
    if not ids:
        return
    mark = _mark(connection)
    statement = f'UPDATE "{table.name}" SET "{column}" = {mark} WHERE "id" = {mark}'  # noqa: S608 - our own names
    connection.exec_driver_sql(statement, [(value, each) for each in sorted(ids)])


def select_among(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    key: str,
    values: Collection[int] | Collection[str],
    *,
    equals: Mapping[str, Value] | None = None,
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The rows whose `key` is among the values, and whose other columns equal what is given.

    One statement whatever the number of values.
    """
    if not values:
        return []
    fixed = dict(equals or {})
    among = _Among(table, tuple(columns), key, tuple(fixed))
    statement = _select_among(among, is_sqlite=connection.dialect.name == "sqlite")
    return connection.execute(statement, _parameters(connection, values, fixed)).all()


def tuples_among(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    key: str,
    values: Collection[int] | Collection[str],
    *,
    equals: Mapping[str, Value] | None = None,
    is_locked: bool = False,
) -> list[tuple[Any, ...]]:
    """The same rows as the driver gives them, in half the time; SQLite's booleans are 0 and 1.

    `is_locked` keeps other writers of PostgreSQL away from the rows until the transaction ends; a
    transaction of SQLite has them all anyway.
    """
    if not values:
        return []
    fixed = dict(equals or {})
    among = _Among(table, tuple(columns), key, tuple(fixed), is_locked)
    statement, order = _text_among(among, connection.dialect)
    given = _parameters(connection, values, fixed)
    driver: Any = connection.connection.driver_connection
    with _driver_failures(connection):
        found = driver.execute(statement, [given[name] for name in order] if order else given)
        rows: list[tuple[Any, ...]] = found.fetchall()
    return rows


@dataclass(frozen=True, slots=True)
class _Among:
    """Which columns to read where, by a list of values of `key` and one value of each `equals`."""

    table: Table
    columns: tuple[str, ...]
    key: str
    equals: tuple[str, ...]
    is_locked: bool = False


def _parameters(
    connection: Connection, values: Collection[int] | Collection[str], fixed: Mapping[str, Value]
) -> dict[str, object]:
    unique = sorted({*values})
    among = json.dumps(unique) if connection.dialect.name == "sqlite" else unique
    return {"among": among, **{f"equal_{name}": value for name, value in fixed.items()}}


@lru_cache(maxsize=256)
def _text_among(among: _Among, dialect: Dialect) -> tuple[str, Sequence[str] | None]:
    """The statement as the driver takes it, and the order of its parameters where that counts."""
    statement = _select_among(among, is_sqlite=dialect.name == "sqlite")
    compiled = statement.compile(dialect=dialect)
    return str(compiled), compiled.positiontup


@lru_cache(maxsize=256)
def _select_among(among: _Among, *, is_sqlite: bool) -> Select[Any]:
    table, column = among.table, among.table.c[among.key]
    statement = select(*[table.c[name] for name in among.columns])
    for name in among.equals:
        statement = statement.where(table.c[name] == bindparam(f"equal_{name}"))
    if is_sqlite:
        values = func.json_each(bindparam("among", type_=Text)).table_valued("value")
        return statement.where(column.in_(select(values.c.value)))
    # One look-up in the index for each value. Left to itself, PostgreSQL compares all with all
    # while a young table has no statistics; OFFSET keeps it from merging the two queries.
    item = Text() if isinstance(column.type, Text) else BigInteger()
    given = func.unnest(bindparam("among", type_=ARRAY(item))).table_valued("value")
    each = given.render_derived()
    statement = statement.where(column == each.c.value).offset(literal_column("0"))
    found = (statement.with_for_update() if among.is_locked else statement).lateral("found")
    return select(*found.c).select_from(each.join(found, true()))


@contextmanager
def _driver_failures(connection: Connection) -> Iterator[None]:
    """What the driver raises, as SQLAlchemy raises it, for who names failures."""
    failure = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except failure as error:
        raise DBAPIError.instance(
            None, None, error, failure, hide_parameters=True, dialect=connection.dialect
        ) from error


def _run(connection: Connection, upsert: _Upsert, rows: Sequence[tuple[Value, ...]]) -> int:
    if not rows:
        return 0
    unique = _last_of_each_key(upsert, rows)
    if connection.dialect.name == "sqlite" or len(unique) < _COPY_FROM:
        statement = _insert_values(upsert, _mark(connection))
        return connection.exec_driver_sql(statement, unique).rowcount
    return _copy_and_merge(connection, upsert, unique)


def _copy_and_merge(
    connection: Connection, upsert: _Upsert, rows: Sequence[tuple[Value, ...]]
) -> int:
    prepare, copy, merge = _merge_from_stage(upsert)
    driver: Any = connection.connection.driver_connection
    with _driver_failures(connection), driver.cursor() as cursor:
        cursor.execute(prepare)
        with cursor.copy(copy) as stream:
            for row in rows:
                stream.write_row(row)
    return connection.exec_driver_sql(merge).rowcount


def _last_of_each_key(
    upsert: _Upsert, rows: Sequence[tuple[Value, ...]]
) -> list[tuple[Value, ...]]:
    key = itemgetter(*[upsert.columns.index(column.name) for column in upsert.table.primary_key])
    return list(dict(zip(map(key, rows), rows, strict=True)).values())


@lru_cache(maxsize=256)
def _insert_values(upsert: _Upsert, mark: str) -> str:
    marks = ", ".join([mark] * len(upsert.columns))
    return f"{_insert(upsert)} VALUES ({marks}) {_on_conflict(upsert)}"


@lru_cache(maxsize=256)
def _merge_from_stage(upsert: _Upsert) -> tuple[str, str, str]:
    """The stage (PostgreSQL), the COPY that fills it, and the merge that empties it in the table.

    The stage lives as long as the session and is empty at each commit; it is emptied at each use
    too, since one transaction may write a table twice.
    """
    names = _quoted(upsert.columns)
    fingerprint = blake2s(names.encode(), digest_size=6).hexdigest()
    stage = f'"stage_{upsert.table.name}_{fingerprint}"'
    prepare = (
        f"CREATE TEMP TABLE IF NOT EXISTS {stage} ON COMMIT DELETE ROWS AS "  # noqa: S608 - our own names
        f'SELECT {names} FROM "{upsert.table.name}" WITH NO DATA; DELETE FROM pg_temp.{stage}'
    )
    copy = f"COPY pg_temp.{stage} ({names}) FROM STDIN"
    source = f"SELECT {names} FROM pg_temp.{stage}"  # noqa: S608 - our own names
    return prepare, copy, f"{_insert(upsert)} {source} {_on_conflict(upsert)}"


def _insert(upsert: _Upsert) -> str:
    return f'INSERT INTO "{upsert.table.name}" ({_quoted(upsert.columns)})'


def _on_conflict(upsert: _Upsert) -> str:
    table, key = upsert.table, [column.name for column in upsert.table.primary_key]
    values = [name for name in upsert.columns if name not in key]
    target = f"ON CONFLICT ({_quoted(key)})"
    if upsert.keeps_stored or not values:
        return f"{target} DO NOTHING"
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in values)
    where = ""
    if upsert.unless_equal:
        stored, given = _quoted(values, table.name), _quoted(values, "excluded")
        where = f" WHERE ({stored}) IS DISTINCT FROM ({given})"
    return f"{target} DO UPDATE SET {changes}{where}"


def _quoted(names: Sequence[str], owner: str = "") -> str:
    prefix = f'"{owner}".' if owner else ""
    return ", ".join(f'{prefix}"{name}"' for name in names)


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.name == "sqlite" else "%s"
