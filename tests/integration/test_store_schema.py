"""The migrations give exactly the tables that the code knows, on both databases."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import migrations
from rules.language import Language
from service.store import schema
from service.store.engine import Store, StoreError, open_store
from service.store.tables import metadata
from tests.postgres import with_schema

ROOT = Path(__file__).parents[2]


def checks(store: Store) -> dict[str, set[tuple[str | None, str]]]:
    """The CHECK constraints of each table, which Alembic's comparison leaves out."""
    inspector = inspect(store.engine)
    return {
        name: {(each["name"], each["sqltext"]) for each in inspector.get_check_constraints(name)}
        for name in metadata.tables
    }


def test_migrating_gives_the_tables_of_the_code(store: Store) -> None:
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_gives_the_checks_of_the_code(store: Store, empty_url: str) -> None:
    created = open_store(empty_url)
    with created.write() as connection:
        metadata.create_all(connection)
    assert checks(store) == checks(created)
    assert any(checks(store).values())
    created.close()


def test_the_newest_revision_is_the_one_that_the_program_asks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == migrations.HEAD


def test_an_empty_database_has_no_revision_until_it_is_upgraded(empty_url: str) -> None:
    store = open_store(empty_url)
    assert schema.revision(store) is None
    assert not schema.is_current(store)
    schema.upgrade(store)
    assert schema.is_current(store)
    schema.check(store)
    store.close()


def test_upgrading_again_changes_nothing(store: Store) -> None:
    with store.write() as connection:
        connection.execute(text("INSERT INTO sequence VALUES ('account', 7)"))
    schema.upgrade(store)
    with store.read() as connection:
        assert connection.execute(text("SELECT next_id FROM sequence")).scalar_one() == 7


def test_a_workspace_at_another_revision_says_what_to_run(store: Store) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(StoreError) as caught:
        schema.check(store)
    for language in Language:
        message = caught.value.message.to(language)
        assert "0000" in message
        assert "arpent db upgrade" in message


def test_an_upgrade_that_fails_half_way_leaves_nothing(empty_url: str) -> None:
    store = open_store(empty_url)
    with store.write() as connection:
        # The migration stumbles over this one after it has created others.
        connection.execute(text("CREATE TABLE team (id INTEGER)"))
    with pytest.raises(Exception, match="team"):
        schema.upgrade(store)
    assert inspect(store.engine).get_table_names() == ["team"]
    store.close()


def test_two_processes_upgrade_at_once_from_any_folder(empty_url: str, tmp_path: Path) -> None:
    program = "import sys; from service.store import engine, schema; "
    program += "schema.upgrade(engine.open_store(sys.argv[1]))"
    processes = [
        subprocess.Popen([sys.executable, "-c", program, empty_url], cwd=tmp_path) for _ in range(2)
    ]
    assert [process.wait(300) for process in processes] == [0, 0]
    store = open_store(empty_url)
    assert schema.is_current(store)
    store.close()


def test_the_plain_alembic_command_upgrades(empty_url: str) -> None:
    environment = os.environ | {"ARPENT_DATABASE_URL": empty_url}
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    store = open_store(empty_url)
    assert schema.is_current(store)
    store.close()


def test_a_schema_of_postgresql_is_a_workspace_of_its_own(postgres_url: str) -> None:
    alpha, beta = (open_store(with_schema(postgres_url, name)) for name in ("alpha", "beta"))
    schema.upgrade(alpha)
    assert schema.is_current(alpha)
    assert schema.revision(beta) is None
    assert "sequence" in inspect(alpha.engine).get_table_names(schema="alpha")
    alpha.close()
    beta.close()
