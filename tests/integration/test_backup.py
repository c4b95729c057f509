"""A backup holds one state of the store; a restored store writes nothing until a person agrees."""

import sqlite3
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import select

from rules.records import Kind
from service import backup, lease
from service.app import App
from service.read_only import ReadOnly
from service.settings import Settings
from service.store import copying, schema
from service.store.engine import Store, StoreError, open_store
from service.store.tables import metadata
from tests.integration.office import DAY, VENDOR, Office

# What belongs to processes, and what a restore asks for.
_APART = ("lease", "request", "cursor")


@pytest.fixture
def office(store: Store) -> Office:
    found = Office(store)
    found.put_accounts("a", "b", "c")
    found.cycle()
    return found


def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Every row of a store that a backup holds."""
    with store.read() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in metadata.tables.items()
            if name not in _APART
        }


def settings_of(store: Store) -> Settings:
    url = store.engine.url.render_as_string(hide_password=False)
    return Settings(database_url=f"{url}?schema={store.schema}" if store.schema else url)


def test_a_backup_holds_every_row_and_any_database_takes_it(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "kept" / "copy.sqlite3"
    file.parent.mkdir()
    copied = backup.backup(office.app, file)
    before = contents(office.app.store)
    assert copied.rows == sum(len(rows) for rows in before.values()) + len(office.rows("cursor"))
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    other = open_store(f"sqlite:///{tmp_path / 'other' / 'arpent.sqlite3'}")
    schema.upgrade(other)
    copying.put_back(other, file, 5)
    put_back = contents(other)
    assert put_back.pop("run")[:-1] == before.pop("run")
    assert put_back == before
    other.close()


def test_a_backup_is_one_state_of_a_store_that_others_write(office: Office, tmp_path: Path) -> None:
    """Each transaction writes a row in two tables: no copy has one without the other."""
    store, stop, written = office.app.store, Event(), 0
    run, told = metadata.tables["run"], metadata.tables["incident"]

    def write_on() -> None:
        nonlocal written
        while not stop.is_set():
            written += 1
            with store.write() as connection:
                connection.execute(
                    run.insert().values(
                        command=f"pair {written}", started_at=1, state="done", counts="{}"
                    )
                )
                connection.execute(
                    told.insert().values(
                        subject=f"pair {written}", text_fr="", text_en="", since_at=1
                    )
                )

    writer = Thread(target=write_on)
    writer.start()
    try:
        files = [tmp_path / f"copy-{number}.sqlite3" for number in range(3)]
        for file in files:
            backup.backup(office.app, file)
    finally:
        stop.set()
        writer.join()
    assert written > 0
    for file in files:
        connection = sqlite3.connect(file)
        pairs = connection.execute("SELECT count(*) FROM run WHERE command LIKE 'pair%'").fetchone()
        others = connection.execute("SELECT count(*) FROM incident").fetchone()
        connection.close()
        assert pairs == others


def test_a_restored_store_goes_on_counting_its_ids(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "copy.sqlite3"
    backup.backup(office.app, file)
    highest = max(row.id for row in office.rows("push_journal"))
    # A run that the backup knows nothing of: its number is not given again.
    office.cycle()
    last_run = max(row.id for row in office.rows("run"))
    backup.restore(settings_of(office.app.store), file)
    backup_runs = len(office.rows("run"))
    office.cycle()
    backup.resume(office.app)
    office.put_accounts("d")
    office.cycle()
    assert len(office.rows("run")) == backup_runs + 2
    assert max(row.id for row in office.rows("run")) == last_run + 3
    assert max(row.id for row in office.rows("push_journal")) > highest


def test_after_a_restore_nothing_is_written_until_a_person_has_seen_the_difference(
    office: Office, tmp_path: Path
) -> None:
    file = tmp_path / "copy.sqlite3"
    backup.backup(office.app, file)
    # A week that the backup knows nothing of: changes, written, and another task.
    office.put_accounts("a", potential="1000")
    office.put_accounts("d")
    office.now += 7 * DAY
    office.cycle()
    tier, tasks = office.crm.own_field("a", "tier"), dict(office.crm.tasks)
    written = len(office.crm.written)
    values = {each: office.crm.own_field("b", each) for each in ("tier", "why", "priority")}

    backup.restore(settings_of(office.app.store), file)
    report = office.cycle()
    assert report.pulled[VENDOR].received > 0
    assert all(stream.is_full for stream in report.pulled[VENDOR].streams)
    assert report.pushed == {}
    assert len(office.crm.written) == written
    with pytest.raises(ReadOnly, match="restored"):
        office.app.require_writable()

    assert backup.resume(office.app)
    assert not backup.resume(office.app)
    for _ in range(3):
        office.cycle()
    # The CRM was right all along: its values stay, and no task is there twice.
    assert office.crm.own_field("a", "tier") == tier
    assert {each: office.crm.own_field("b", each) for each in values} == values
    assert office.crm.tasks.keys() == tasks.keys()
    assert {row.state for row in office.rows("outbox")} == {"settled"}
    assert office.rows("challenge") == []


def test_it_does_not_resume_before_the_crm_was_read_whole(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "copy.sqlite3"
    backup.backup(office.app, file)
    backup.restore(settings_of(office.app.store), file)
    with pytest.raises(StoreError, match="not read whole"):
        backup.resume(office.app)
    office.cycle()
    assert backup.resume(office.app)


def test_a_store_at_work_is_not_replaced(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "copy.sqlite3"
    backup.backup(office.app, file)
    office.crm.archive(Kind.ACCOUNT, "c")
    office.cycle()
    before = contents(office.app.store)
    with (
        lease.held(office.app, VENDOR),
        pytest.raises(StoreError, match="at work"),
    ):
        backup.restore(settings_of(office.app.store), file)
    assert contents(office.app.store) == before


@pytest.mark.parametrize("content", [b"", b"not a database", None])
def test_a_file_that_is_no_backup_changes_nothing(
    office: Office, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "given.sqlite3"
    if content is not None:
        file.write_bytes(content)
    before = contents(office.app.store)
    with pytest.raises(StoreError, match="not a backup"):
        backup.restore(settings_of(office.app.store), file)
    assert contents(office.app.store) == before


def test_a_backup_that_was_damaged_changes_nothing(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "copy.sqlite3"
    backup.backup(office.app, file)
    spoiled = bytearray(file.read_bytes())
    spoiled[8_000:60_000] = bytes(52_000)
    file.write_bytes(spoiled)
    before = contents(office.app.store)
    with pytest.raises(StoreError, match="not a backup"):
        backup.restore(settings_of(office.app.store), file)
    assert contents(office.app.store) == before


def test_a_backup_replaces_no_file_and_leaves_none_half_made(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "here" / "kept"
    kept.parent.mkdir()
    kept.write_text("precious")
    with pytest.raises(StoreError, match="replaces nothing"):
        backup.backup(office.app, kept)
    assert kept.read_text() == "precious"

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copying, "_copy", fail)
    with pytest.raises(OSError, match="No space"):
        backup.backup(office.app, kept.with_name("new"))
    assert [path.name for path in kept.parent.iterdir()] == ["kept"]


def test_a_damaged_store_is_set_aside_and_replaced(tmp_path: Path, office: Office) -> None:
    file = tmp_path / "copy.sqlite3"
    backup.backup(office.app, file)
    broken = tmp_path / "broken" / "arpent.sqlite3"
    broken.parent.mkdir()
    broken.write_bytes(b"this was a database" * 1000)
    settings = Settings(database_url=f"sqlite:///{broken}")
    copied = backup.restore(settings, file)
    assert copied.set_aside is not None
    assert Path(copied.set_aside).read_bytes().startswith(b"this was")
    store = open_store(settings.database_url)
    assert contents(store)["tag"] == contents(office.app.store)["tag"]
    app = App(settings, store, office.app.clock)
    held = app.unwritable()
    assert held is not None
    assert str(file) in held.fr
    store.close()
