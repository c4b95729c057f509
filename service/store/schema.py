"""Which revision a workspace is at, and how it comes to the one that this program needs.

Alembic is loaded only to upgrade: looking at the revision is one small query.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text

import migrations
from rules.language import Text
from service.store.engine import Store, StoreError

# Any number will do, as long as everybody who upgrades takes the same.
_UPGRADE_LOCK = 4_170_715_911_204_223_101


def upgrade(store: Store) -> None:
    """Bring the tables to the revision of this program, or leave everything as it was.

    Does nothing when they are there already; of two processes, the second waits for the first.
    """
    # Loading Alembic takes longer than everything else that a command does at its start.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with exclusive(store) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def exclusive(store: Store) -> Iterator[Connection]:
    """A transaction in which nobody else upgrades; the schema exists in it."""
    with store.write() as connection:
        if not store.is_sqlite:
            connection.execute(text("SET LOCAL lock_timeout = '60s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        if store.schema:
            connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{store.schema}"')
        yield connection


def revision(store: Store) -> str | None:
    """The revision of the tables; None before the first upgrade."""
    with store.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(
            text("SELECT version_num FROM alembic_version")
        ).scalar_one_or_none()
        return found


def is_current(store: Store) -> bool:
    """Whether the tables are at the revision that this program needs."""
    return revision(store) == migrations.HEAD


def check(store: Store) -> None:
    """Raise `StoreError` unless the tables are at the revision that this program needs."""
    found = revision(store)
    if found == migrations.HEAD:
        return
    if found is None:
        raise StoreError(
            Text(
                f"La base {store.place} n'a pas encore ses tables. Lancez « arpent db upgrade ».",
                f"The database {store.place} lacks its tables so far. Run `arpent db upgrade`.",
            )
        )
    raise StoreError(
        Text(
            f"La base {store.place} est à la révision {found}, et ce programme a besoin de "
            f"{migrations.HEAD}. Lancez « arpent db upgrade » ; si la base est plus récente que "
            "le programme, installez la version qui va avec elle.",
            f"The database {store.place} is at revision {found}, and this program needs "
            f'{migrations.HEAD}. Run "arpent db upgrade"; if the database is newer than the '
            "program, install the version that goes with it.",
        )
    )
