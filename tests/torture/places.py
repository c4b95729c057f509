"""Where a store and the files beside it are, and copies of them: SQLite files, or databases."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from psycopg.sql import SQL, Identifier
from sqlalchemy import Engine

from service.store import schema
from service.store.engine import open_store
from tests import postgres

_MEMORY = Path("/dev/shm")  # noqa: S108 - only whether it is there
_STORE = "arpent.sqlite3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder with a store and the refresh token; on PostgreSQL, the store is a database.

    `server` is the URL of the PostgreSQL server, None on SQLite; `warm` an engine that has done
    all the work before, whose compiled statements are used again.
    """

    folder: Path
    server: str | None = None
    warm: Engine | None = None

    @property
    def refresh_file(self) -> Path:
        """Where the refresh token is kept."""
        return self.folder / "refresh"

    @property
    def url(self) -> str:
        """The URL of the store."""
        if self.server is None:
            return f"sqlite:///{self.folder / _STORE}"
        return postgres.with_database(self.server, self._database)

    @property
    def _database(self) -> str:
        return f"{self.folder.parent.name}_{self.folder.name}".replace("-", "_")

    def copied(self, name: str) -> "Place":
        """A copy beside this one, in place of an earlier one of that name."""
        copy = replace(self, folder=self.folder.parent / name)
        copy.remove()
        shutil.copytree(self.folder, copy.folder)
        if self.server is not None:
            with postgres.connect(self.server) as connection:
                connection.execute(
                    SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                        Identifier(copy._database), Identifier(self._database)
                    )
                )
        return copy

    def remove(self) -> None:
        """Nothing of it stays."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.server is not None:
            with postgres.connect(self.server) as connection:
                connection.execute(
                    SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
                        Identifier(self._database)
                    )
                )


@contextmanager
def new(server: str | None = None) -> Iterator[Place]:
    """A place with a store that has its tables; its folder is in memory where there is one."""
    parent = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="arpent-torture-", dir=parent) as folder:
        place = Place(folder=Path(folder) / "story", server=server)
        place.folder.mkdir()
        if server is not None:
            with postgres.connect(server) as connection:
                connection.execute(
                    SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(place._database))
                )
        store = open_store(place.url)
        schema.upgrade(store)
        store.close()
        yield place
