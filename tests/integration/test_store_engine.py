"""Opening a workspace: settings, permissions, transactions, and errors that say what to do."""

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError

from rules.language import Language
from service.store import schema
from service.store.bulk import bulk_upsert
from service.store.engine import Store, StoreError, open_store, sqlite_driver
from service.store.tables import sequence

SECRET = "s3cr3t-of-the-base"  # noqa: S105 - made up
NOBODY = 65_534


def told(url: str) -> str:
    """What opening a URL complains of, in both languages."""
    with pytest.raises(StoreError) as caught:
        open_store(url)
    return " ".join(caught.value.message.to(language) for language in Language)


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may write everywhere: for a while, be nobody."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_and_its_folder_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "arpent.sqlite3"
    store = open_store(f"sqlite:///{path}")
    schema.upgrade(store)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parents[:2]} == {0o700}
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}
    store.close()


def test_a_file_is_written_durably(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'arpent.sqlite3'}")
    with store.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("foreign_keys", "synchronous", "journal_mode", "busy_timeout")
        }
    full, is_safe = 2, sqlite_driver()[1]
    assert settings == {
        "foreign_keys": 1,
        "synchronous": full,
        "journal_mode": "wal" if is_safe else "truncate",
        "busy_timeout": 10_000,
    }
    store.close()


def test_postgresql_does_not_wait_for_ever(postgres_workspace: str) -> None:
    store = open_store(postgres_workspace)
    with store.read() as connection:
        for name in (
            "lock_timeout",
            "statement_timeout",
            "idle_in_transaction_session_timeout",
        ):
            assert connection.exec_driver_sql(f"SHOW {name}").scalar_one() != "0"
    store.close()


def test_a_block_that_raises_keeps_nothing(store: Store) -> None:
    def fail() -> None:
        with store.write() as connection:
            connection.execute(text("INSERT INTO sequence VALUES ('account', 1)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.read() as connection:
        assert connection.execute(sequence.select()).all() == []


def test_a_reader_sees_one_state_from_its_first_statement_on(store: Store) -> None:
    with store.read() as reader:
        before = reader.execute(sequence.select()).all()
        with store.write() as writer:
            bulk_upsert(writer, sequence, ("kind", "next_id"), [("account", 1)])
        assert reader.execute(sequence.select()).all() == before


def test_a_second_writer_waits_for_the_first(store: Store) -> None:
    is_open, order = Event(), []

    def first() -> None:
        with store.write() as connection:
            bulk_upsert(connection, sequence, ("kind", "next_id"), [("account", 1)])
            is_open.set()
            is_waiting.wait(0.3)
            order.append("first")

    is_waiting = Event()
    thread = Thread(target=first)
    thread.start()
    is_open.wait()
    with store.write() as connection:
        bulk_upsert(connection, sequence, ("kind", "next_id"), [("account", 2)])
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_two_writers_that_read_before_they_write_both_succeed(store: Store) -> None:
    with store.write() as connection:
        bulk_upsert(connection, sequence, ("kind", "next_id"), [("account", 0)])
    together = Barrier(2)

    def count_up() -> None:
        together.wait()
        for _ in range(20):
            with store.write() as connection:
                # Started as a reader, SQLite would refuse the write as soon as another wrote.
                statement = sequence.select().with_for_update()
                next_id = connection.execute(statement).one().next_id
                bulk_upsert(connection, sequence, ("kind", "next_id"), [("account", next_id + 1)])

    with ThreadPoolExecutor(2) as threads:
        for each in [threads.submit(count_up) for _ in range(2)]:
            each.result()
    with store.read() as connection:
        assert connection.execute(sequence.select()).one().next_id == 40


def test_a_store_that_stays_busy_says_so(store: Store, store_url: str) -> None:
    impatient = open_store(store_url)
    wait = "PRAGMA busy_timeout=50" if store.is_sqlite else "SET lock_timeout = 50"
    with store.write() as connection:
        connection.execute(text("INSERT INTO sequence VALUES ('account', 1)"))
        with impatient.engine.connect() as other:
            other.exec_driver_sql(wait)
            other.commit()
        with pytest.raises(StoreError, match="busy"), impatient.write() as second:
            second.execute(text("INSERT INTO sequence VALUES ('account', 2)"))
    impatient.close()


def test_a_broken_rule_of_a_table_reaches_the_caller_as_it_is(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as connection:
        connection.execute(text("INSERT INTO sequence VALUES ('account', NULL)"))


def test_a_workspace_without_tables_says_what_to_run(empty_url: str) -> None:
    store = open_store(empty_url)
    with pytest.raises(StoreError, match="arpent db upgrade"), store.read() as connection:
        connection.execute(sequence.select())
    store.close()


def test_the_values_of_a_statement_stay_out_of_its_error(store: Store) -> None:
    insert = text("INSERT INTO rep (key, email, name) VALUES (:key, :email, NULL)")
    with pytest.raises(IntegrityError, match="parameters hidden"), store.write() as connection:
        connection.execute(insert, {"key": "maude", "email": "maude@example.test"})


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Rappeler M. Tremblay lundi. " * 100)
    assert f"{path} is not a SQLite database" in told(f"sqlite:///{path}")
    assert path.read_text().startswith("Rappeler")


def test_a_folder_that_is_read_only_is_named() -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with without_privileges():
            message = told(f"sqlite:///{folder}/arpent.sqlite3")
        assert f"{folder}/arpent.sqlite3" in message
        assert "Vérifiez les droits du dossier" in message


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "ARPENT_DATABASE_URL" in told(f"sqlite:///{tmp_path}/file/arpent.sqlite3")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        f"mysql://arpent:{SECRET}@localhost/base",
        f"not a url {SECRET}",
        "",
        f"postgresql://arpent:{SECRET}@localhost/base?schema=Robert'); DROP",
        f"postgresql://arpent:{SECRET}@localhost:port/base",
    ],
)
def test_an_address_that_cannot_be_used_is_explained_without_its_password(url: str) -> None:
    message = told(url)
    assert "Écrivez" in message or "Corrigez" in message
    assert SECRET not in message


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    message = told(f"postgresql://arpent:{SECRET}@127.0.0.1:1/base")
    assert "127.0.0.1:1/base" in message
    assert SECRET not in message


def test_a_base_that_is_not_there_is_named(postgres_url: str) -> None:
    url = make_url(postgres_url).set(database="elsewhere", password=SECRET)
    message = told(url.render_as_string(hide_password=False))
    assert '"elsewhere" does not exist' in message
    assert SECRET not in message
