"""The database is locked, full, or goes away in the middle of a cycle: nothing is lost or doubled.

Whatever the fault, the worker goes on; once it is over, one tick brings the CRM where an
untroubled cycle would have brought it.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

from service import worker
from service.store import engine as engines
from service.store.engine import Store, open_store, sqlite_driver
from tests.integration.office import FIELDS, VENDOR
from tests.integration.test_worker_ticks import Workers

ACCOUNTS = ("a", "b", "c", "d")


@pytest.fixture
def workers(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    """Workers that wait for a busy store for a moment only."""
    monkeypatch.setattr(engines, "_BUSY_MILLISECONDS", 50)
    monkeypatch.setitem(engines._POSTGRES_SETTINGS, "lock_timeout", "50ms")
    opened = open_store(store_url)
    found = Workers(opened)
    found.office.put_accounts(*ACCOUNTS)
    yield found
    opened.close()


def tick(workers: Workers) -> None:
    """One tick of a worker that survives it."""
    workers.office.now += 15_000
    worker._tick_safely(workers.one, [VENDOR])


def shown(workers: Workers) -> dict[str, dict[str, str | None]]:
    """What the CRM shows of our fields."""
    crm = workers.office.crm
    return {
        each: {name: crm.own_field(each, name) for name in ("tier", "priority", "why")}
        for each in ACCOUNTS
    }


def check(workers: Workers) -> None:
    """Everything is where an untroubled cycle brings it."""
    office = workers.office
    assert all(values["tier"] == "silver" for values in shown(workers).values())
    assert len(office.crm.tasks) == 1
    assert {row.state for row in office.rows("outbox")} == {"settled"}
    assert len(office.rows("outbox")) == len(ACCOUNTS) * FIELDS
    assert office.rows("dirty") == []
    assert office.rows("incident") == []
    assert office.cycle().pushed[VENDOR].written == 0
    if office.app.store.is_sqlite:
        with office.app.store.read() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"


@contextmanager
def locked(store: Store, store_url: str) -> Iterator[None]:
    """Another program holds the store, and does not let go."""
    other = open_store(store_url)
    with other.write() as connection:
        if not store.is_sqlite:
            connection.execute(text("LOCK TABLE run, tag, outbox, account"))
        yield
        connection.rollback()
    other.close()


@contextmanager
def full(store: Store) -> Iterator[None]:
    """No page more: SQLite by its own limit, PostgreSQL by the error that a full disk gives."""
    if store.is_sqlite:

        def limit(connection: Any, *_: object) -> None:
            connection.execute("PRAGMA max_page_count=1")  # which means: as many as there are

        event.listen(store.engine, "checkout", limit)
        yield
        event.remove(store.engine, "checkout", limit)

        def widen(connection: Any, *_: object) -> None:
            connection.execute("PRAGMA max_page_count=1000000")

        event.listen(store.engine, "checkout", widen)
        return
    with store.write() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
            "EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
        )
        for table in ("tag", "account", "push_journal"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER is_full BEFORE INSERT OR UPDATE ON {table} "
                "EXECUTE FUNCTION is_full()"
            )
    yield
    with store.write() as connection:
        connection.exec_driver_sql("DROP FUNCTION is_full CASCADE")


def test_a_store_that_another_program_holds(workers: Workers, store_url: str) -> None:
    store = workers.office.app.store
    with locked(store, store_url):
        for _ in range(2):
            tick(workers)
    assert workers.office.crm.written == []
    tick(workers)
    check(workers)


def test_a_full_disk(workers: Workers) -> None:
    with full(workers.office.app.store):
        for _ in range(2):
            tick(workers)
    tick(workers)
    check(workers)


@pytest.mark.parametrize("number", range(5, 125, 12))
def test_a_database_that_goes_away_and_comes_back(workers: Workers, number: int) -> None:
    """At some statement of the cycle, the connection is cut, or the file can't be read."""
    store = workers.office.app.store
    count = 0

    def cut(cursor: Any, *_: object) -> None:
        nonlocal count
        count += 1
        if count == number:
            if store.is_sqlite:
                raise sqlite_driver()[0].OperationalError("disk I/O error")
            cursor.connection.pgconn.finish()

    for name in ("do_execute", "do_executemany"):
        event.listen(store.engine, name, cut)
    tick(workers)
    for name in ("do_execute", "do_executemany"):
        event.remove(store.engine, name, cut)
    assert count >= number
    for _ in range(2):
        tick(workers)
    check(workers)


def test_the_worker_says_what_is_the_matter(
    workers: Workers, store_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.disable(logging.NOTSET)
    with locked(workers.office.app.store, store_url):
        tick(workers)
    assert "busy with another program" in capsys.readouterr().out
