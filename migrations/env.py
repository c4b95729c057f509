"""How Alembic reaches the store.

By the connection of `service.store.schema.upgrade`, or by `ARPENT_DATABASE_URL` when the `alembic`
command is run by hand.
"""

import os

from alembic import context
from sqlalchemy import Connection

from service.store import schema
from service.store.engine import open_store
from service.store.tables import metadata


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


def _run() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    store = open_store(os.environ["ARPENT_DATABASE_URL"])
    try:
        with schema.exclusive(store) as connection:
            _migrate(connection)
    finally:
        store.close()


_run()
